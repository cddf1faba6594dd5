"""The difference as a patch that `git apply` takes, and what a person should know beside it."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence

from pydock.patterns import regex
from pydock.report.answer import Answer, Changed, Entry, NotApplied, Offer
from pydock.report.formats.text import counted
from pydock.report.formats.verify import text as proof_text
from pydock.terminal import Style, printable
from pydock.text import Safety

_LINE = regex(r"[^\n]*\n|[^\n]+\Z")
_HASH = regex(r"[-+ ] +--hash=[a-z0-9]+:[0-9a-f]+")
_FEW_HASHES = 2
_COLOURS = {"+": ("green",), "-": ("red",), "@": ("cyan",)}


def patch(answers: Sequence[Answer], style: Style, *, is_seen: bool = False) -> tuple[str, bool]:
    """The unified diff of all changes, and whether secrets were masked in it.

    Lines are never wrapped, line ends and bytes that are not UTF-8 stay what they are, but where a person sees it:
    what would steer a terminal is spelled out there, and hashes are counted. A masked patch cannot be applied.
    """
    parts: list[str] = []
    is_masked = False
    for change, hidden in (
        (change, hidden) for each in answers for change, hidden in zip(each.changes, each.shown, strict=True)
    ):
        lines, shown = list(unified(change)), list(unified(hidden))
        is_masked = is_masked or shown != lines
        parts += [_painted(line, style) for line in (_on_screen(shown) if is_seen else shown)]
    return "".join(parts), is_masked


def _on_screen(lines: Sequence[str]) -> Iterator[str]:
    """The lines as a person reads them: the hashes of a package, often a hundred, are counted and not shown."""
    for (is_hash, sign), group in itertools.groupby(lines, key=lambda line: (bool(_HASH.match(line)), line[:1])):
        run = [seen(line) for line in group]
        if is_hash and len(run) > _FEW_HASHES:
            yield f"{sign}    … {len(run)} hashes; a pipe or --output has them\n"
        else:
            yield from run


def seen(line: str) -> str:
    """A line of a file as it can be shown: what would steer a terminal or turn the order of letters is spelled out."""
    body = line.rstrip("\r\n")
    return "\n".join(map(printable, body.split("\n"))) + line[len(body) :]


def unified(change: Changed) -> Iterator[str]:
    """The lines of one file's diff, each with its line end."""
    old = "/dev/null" if change.before is None else _name(f"a/{change.path}")
    before, after = _LINE.findall(change.before or ""), _LINE.findall(change.after)
    for line in difflib.unified_diff(before, after, old, _name(f"b/{change.path}")):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def headed(change: Changed) -> Iterator[str]:
    """The diff of one file under git's own header, which says that a file is new and with which mode."""
    lines = list(unified(change))
    if lines or change.before is None:
        names = " ".join(_name(f"{side}/{change.path}").rstrip("\t") for side in "ab")
        yield f"diff --git {names}\n"
        if change.before is None:
            yield "new file mode 100644\n"
    yield from lines


def _name(path: str) -> str:
    r"""A path as git writes it: quoted where it must be, with a tab behind it where it holds a blank."""
    if re.search(r'[\x00-\x1f"\\\x7f]', path):
        quoted = "".join(f"\\{ord(char):03o}" if char < " " or char == "\x7f" else char for char in _escaped(path))
        return f'"{quoted}"'
    return f"{path}\t" if " " in path else path


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace('"', '\\"')


def _painted(line: str, style: Style) -> str:
    if line.startswith(("--- ", "+++ ")):
        return style(line[:-1], "bold") + "\n"
    body = line.rstrip("\r\n")
    return style(body, *_COLOURS.get(line[:1], ())) + line[len(body) :] if line[:1] in _COLOURS else line


def story(answers: Sequence[Answer], style: Style, *, is_written: bool) -> str:
    """What was done, what is left to the person and why, and how to check it."""
    return "".join(told(answer, style, is_written=is_written) for answer in answers) + closing(
        answers, style, is_written=is_written
    )


def told(answer: Answer, style: Style, *, is_written: bool) -> str:
    """The story of one Dockerfile, nothing where there is no answer."""
    lines = () if answer.failure else _of_one(answer, style, is_written)
    return "".join(f"{style.wrapped(line, 9)}\n" for line in lines)


def closing(answers: Sequence[Answer], style: Style, *, is_written: bool) -> str:
    """What is said once about all of them: the totals of several, and how to check it."""
    answered = [answer for answer in answers if not answer.failure]
    settled = sum(len(answer.settled) for answer in answered)
    left = sum(len(answer.remaining) for answer in answered)
    lines = []
    if len(answers) > 1:
        done = f"{'fixed' if is_written else 'would fix'} {counted(settled, 'finding')}"
        lost = f", {len(answers) - len(answered)} without an answer" if len(answered) < len(answers) else ""
        lines.append(f"{len(answers)} Dockerfiles: {done}, {left} left to you{lost}.")
    if not is_written and any(answer.settled and not answer.proof for answer in answered):
        lines.append("To check it, before it is applied, on a real engine: pydock verify; to measure it: pydock bench.")
    return "".join(f"{style.wrapped(line, 2)}\n" for line in lines)


def _of_one(answer: Answer, style: Style, is_written: bool) -> Iterator[str]:
    path = printable(answer.path)
    if not answer.findings:
        yield f"{style(path, 'bold')}: nothing to do."
        return
    if answer.settled:
        done = "fixed" if is_written else "would fix"
        yield f"{style(path, 'bold')}: {done} {counted(len(answer.settled), 'finding')}"
        alike: dict[tuple[str, Offer | None], list[Entry]] = {}
        for entry in answer.settled:
            alike.setdefault((entry.code, entry.fix), []).append(entry)
        for (code, fix), entries in alike.items():
            yield from _done(code, fix, entries, style)
    if is_written and answer.changes:
        yield f"  wrote {', '.join(printable(change.path) for change in answer.changes)}"
    for refused in answer.refused:
        yield from _not_applied(refused, style)
    if answer.remaining:
        lines = " (lines of the new file)" if answer.changes else ""
        yield f"{style(path, 'bold')}: {counted(len(answer.remaining), 'finding')} left to you{lines}"
        for entry in answer.remaining:
            yield from _left(entry, style)
    if answer.proof:
        yield proof_text(answer.path, answer.proof, style).rstrip("\n")


def _done(code: str, fix: Offer | None, entries: Sequence[Entry], style: Style) -> Iterator[str]:
    """A fix, once for all the places where it was the same."""
    if fix is None:
        return
    places = f" (in {len(entries)} places)" if len(entries) > 1 else ""
    yield f"  {style(code, 'green')} {printable(fix.title)}{places}"
    if cost := entries[0].cost:
        yield f"         {style(printable(f'before: {cost}'), 'dim')}"
    yield from (f"         doubt: {printable(doubt)}" for doubt in fix.doubts)
    yield from (f"         {printable(note)}" for note in fix.notes)


def _not_applied(refused: NotApplied, style: Style) -> Iterator[str]:
    """A fix that was left out, and each thing that it would have broken."""
    title = refused.entry.fix.title if refused.entry.fix else refused.entry.name
    for broken in refused.broken:
        text = printable(f"not applied: {title}: {broken.what}")
        yield f"  {style(refused.entry.code, 'yellow')} {text}"


def _left(entry: Entry, style: Style) -> Iterator[str]:
    yield f"  {style(entry.code, 'yellow')} {printable(entry.place)}: {printable(entry.message)}"
    if entry.fix and entry.fix.safety is Safety.UNSAFE:
        yield f"         with --unsafe-fixes: {printable(entry.fix.title)}"
        for doubt in entry.fix.doubts:
            yield f"         doubt: {printable(doubt)}"
    if entry.fix and entry.fix.safety is Safety.DISPLAY_ONLY:
        yield f"         by hand: {printable(entry.fix.title)}"
    if entry.advice:
        yield f"         {printable(entry.advice)}"
