"""Findings for a person: the place, the line, what it costs, what `fix` would do, one line at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydock.report.answer import Answer, Entry
from pydock.rule import Level
from pydock.terminal import Style, printable, width
from pydock.text import Safety

WIDEST = 140
_TAB = "    "
COLOURS: Mapping[Level, str] = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def written(answers: Sequence[Answer], style: Style) -> str:
    """The findings of all answers and a summary in one line."""
    blocks = list(_grouped([entry for answer in answers for entry in answer.findings], style))
    last = [style.wrapped(summary(answers), 2) + "\n"] if any(not answer.failure for answer in answers) else []
    return "\n".join([*blocks, *last])


def _grouped(entries: Sequence[Entry], style: Style) -> Iterator[str]:
    """A block for each finding, the worst level first, under a headline where there are several levels."""
    found = {level: [entry for entry in entries if entry.level is level] for level in Level}
    groups = [(level, of_level) for level, of_level in found.items() if of_level]
    for level, of_level in groups:
        if len(groups) > 1:
            yield style(counted(len(of_level), str(level)), COLOURS[level], "bold") + "\n"
        yield from (finding(entry, style) for entry in of_level)


def finding(entry: Entry, style: Style) -> str:
    """One finding as a few lines."""
    head = f"{style(printable(entry.place), 'bold')}: {grade(entry, style)}: {entry.code} {style(entry.name, 'cyan')}"
    gutter = len(str(entry.line + len(entry.source)))
    lines = [style.wrapped(f"{head}: {printable(entry.message)}", gutter + 3), *_source(entry, style, gutter)]
    for label, text in remarks(entry):
        line = f"{' ' * gutter} {style('=', 'dim')} {style(label, 'bold')}: {text}"
        lines.append(style.wrapped(line, gutter + 5 + len(label)))
    return "\n".join(lines) + "\n"


def grade(entry: Entry, style: Style) -> str:
    """The level of a finding, in its colour."""
    return style(str(entry.level), COLOURS[entry.level], "bold")


def remarks(entry: Entry) -> Iterator[tuple[str, str]]:
    """(label, text) of what a finding costs and what can be done about it."""
    if entry.cost:
        yield "costs", printable(entry.cost)
    if entry.fix:
        label = {Safety.SAFE: "fix", Safety.UNSAFE: "fix (--unsafe-fixes)", Safety.DISPLAY_ONLY: "by hand"}
        yield label[entry.fix.safety], printable(entry.fix.title)
        yield from (("doubt", printable(doubt)) for doubt in entry.fix.doubts)
        yield from (("note", printable(note)) for note in entry.fix.notes)
    if entry.advice:
        yield "you", printable(entry.advice)


def summary(answers: Iterable[Answer]) -> str:
    """Such as: 7 findings in Dockerfile (1 error, 6 warnings): 5 fixed by `pydock fix`, 2 are yours."""
    answered = [answer for answer in answers if not answer.failure]
    where = printable(answered[0].path) if len(answered) == 1 else f"{len(answered)} Dockerfiles"
    entries = [entry for answer in answered for entry in answer.findings]
    known = sum(answer.known for answer in answered)
    if not entries:
        return f"No findings in {where}." if not known else f"No new findings in {where}, {known} known."
    kinds = Counter(_kind(entry) for entry in entries)
    parts = [f"{kinds['safe']} fixed by `pydock fix`"] if kinds["safe"] else []
    if unsafe := kinds["unsafe"]:
        parts.append(f"{unsafe} {'needs' if unsafe == 1 else 'need'} --unsafe-fixes")
    if own := kinds["yours"]:
        parts.append(f"{own} {'is' if own == 1 else 'are'} yours")
    levels = Counter(entry.level for entry in entries)
    grades = ", ".join(counted(levels[level], str(level)) for level in Level if levels[level])
    new = f"{counted(len(entries), 'new finding' if known else 'finding')} in {where} ({grades})"
    return f"{new}: {', '.join(parts)}." + (f" {known} known." if known else "")


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _kind(entry: Entry) -> str:
    if entry.fix is None or entry.fix.safety is Safety.DISPLAY_ONLY:
        return "yours"
    return entry.fix.safety.label


def _source(entry: Entry, style: Style, gutter: int) -> Iterator[str]:
    """The lines a finding stands on, each with its marker; nothing for a place behind the text."""
    bar = style(" " * gutter + " |", "dim")
    for at, raw in enumerate(entry.source):
        number = entry.line + at
        start = entry.column - 1 if at == 0 else len(raw) - len(raw.lstrip())
        end = entry.end_column - 1 if number == entry.end_line else len(raw)
        widest = min(style.columns - gutter - 4, WIDEST) if style.columns else WIDEST
        before, marked, after = _window(*map(_shown, (raw[:start], raw[start:end], raw[end:])), widest=widest)
        yield f"{style(f'{number:>{gutter}} |', 'dim')} {before}{marked}{after}".rstrip()
        if raw.strip():
            yield f"{bar} {' ' * width(before)}{style('^' * max(1, width(marked.rstrip())), 'yellow')}"
    if (rest := entry.end_line - entry.line - len(entry.source) + 1) > 0:
        yield f"{bar} {style('... ' + counted(rest, 'more line'), 'dim')}"


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))


def _window(before: str, marked: str, after: str, *, widest: int) -> tuple[str, str, str]:
    """The three parts cut so that the line stays readable and the marked part in sight."""
    if len(before) + len(marked) + len(after) <= widest:
        return before, marked, after
    if len(marked) > widest // 2:
        marked = marked[: widest // 2] + "…"
    if len(before) > widest // 4:
        before = "…" + before[-widest // 4 :]
    room = widest - len(before) - len(marked)
    return before, marked, after if len(after) <= room else after[:room] + "…"
