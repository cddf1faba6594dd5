"""Findings, or what a fix would do, as a comment for a pull request.

GitHub takes comments of at most 65,536 characters, GitLab of a million: what does not fit is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pydock.patterns import regex
from pydock.report.answer import Answer, Changed, Entry
from pydock.report.formats.diff import seen, unified
from pydock.report.formats.text import counted, remarks, summary
from pydock.report.places import located
from pydock.rule import Level
from pydock.terminal import Style, printable
from pydock.values import Value, replace

# By this line a job finds the comment that it made before.
HEAD = "<!-- pydock -->"
LONGEST = 60_000
_MARKS = {Level.ERROR: "🔴", Level.WARNING: "🟠", Level.NOTE: "🔵"}
_SPECIAL = regex(r"([\\*_\[\]~|#])")
_CODE = regex(r"(`[^`\n]+`)")


class _Block(Value):
    """One Dockerfile: what opens it, its items, what closes it."""

    opening: str
    items: tuple[str, ...]
    closing: str = ""

    def within(self, room: int) -> tuple[str, int]:
        """The block with the items that fit, and how many do not."""
        kept: list[str] = []
        room -= len(self.opening) + len(self.closing) + 2
        for item in self.items:
            if (room := room - len(item) - 1) < 0:
                break
            kept.append(item)
        return "\n".join(filter(None, [self.opening, *kept, self.closing])), len(self.items) - len(kept)


def written(answers: Sequence[Answer], style: Style) -> str:
    """A headline, then each Dockerfile with its findings; after a fix what it does and what is left, with the diff."""
    del style
    is_fix = any(answer.text for answer in answers)
    blocks = [_block(answer, is_fix=is_fix, is_folded=len(answers) > 1) for answer in answers if _has_news(answer)]
    parts = [HEAD, f"### pydock: {_text(_fix_headline(answers) if is_fix else _headline(answers))}"]
    room, missing = LONGEST, 0
    for block in blocks:
        text, left_out = block.within(room - 200)
        missing += left_out
        if left_out < len(block.items):
            room -= len(text) + 2
            parts.append(text)
    if missing:
        parts.append(f"… and {missing} more, too long to be shown here.")
    return "\n\n".join(parts) + "\n"


def _headline(answers: Sequence[Answer]) -> str:
    return summary(replace(answer, path=located(answer.path)) for answer in answers)


def _fix_headline(answers: Sequence[Answer]) -> str:
    settled = sum(len(answer.settled) for answer in answers)
    left = sum(len(answer.remaining) for answer in answers)
    return f"{counted(settled, 'finding')} settled by `pydock fix`, {left} left to you"


def _has_news(answer: Answer) -> bool:
    return bool(answer.failure or answer.settled or answer.remaining or answer.findings)


def _block(answer: Answer, *, is_fix: bool, is_folded: bool) -> _Block:
    entries = answer.remaining if is_fix else answer.findings
    path = located(answer.path)
    if answer.failure:
        why = filter(None, (answer.failure.message, answer.failure.hint))
        return _Block(f"#### {_code(path)}\n", (f"❌ {' '.join(map(_text, why))}",))
    items: list[str] = []
    if is_fix:
        items += [f"- {_code(entry.code)} {_text(entry.fix.title)}" for entry in _fixes(answer.settled) if entry.fix]
        items += map(_diff, answer.shown)
        items += [f"\nLeft to you{' (lines of the new file)' if answer.changes else ''}:\n"] if entries else []
    items += map(_finding, entries)
    if not is_folded:
        return _Block(f"#### {_code(path)}\n", tuple(items))
    number = counted(len(answer.settled if is_fix else entries), "finding") + (" settled" if is_fix else "")
    return _Block(f"<details><summary>{_html(path)}: {number}</summary>\n", tuple(items), "\n</details>")


def _fixes(settled: Iterable[Entry]) -> tuple[Entry, ...]:
    """One finding for each fix."""
    return tuple({(entry.code, entry.fix): entry for entry in settled}.values())


def _finding(entry: Entry) -> str:
    place = _code(f"{located(entry.path)}:{entry.line}")
    lines = [f"- {_MARKS[entry.level]} {place} **{entry.code} {entry.name}**: {_text(entry.message)}"]
    lines += [f"  - *{label}*: {_text(text)}" for label, text in remarks(entry)]
    return "\n".join(lines)


def _diff(change: Changed) -> str:
    body = "".join(seen(line).replace("\r", "") for line in unified(change)).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`{3,}", body)), default=2)
    fence = "`" * (longest + 1)
    head = f"<details><summary>{'new file ' if change.before is None else ''}{_html(change.path)}</summary>"
    return f"\n{head}\n\n{fence}diff\n{body}\n{fence}\n\n</details>"


def _text(text: str) -> str:
    """Words as they are: what Markdown, HTML or a mention would make of them is escaped, code stays code."""
    parts = _CODE.split(printable(text))
    return "".join(part if at % 2 else _SPECIAL.sub(r"\\\1", _html(part)) for at, part in enumerate(parts))


def _html(text: str) -> str:
    text = printable(text)
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&#64;"), ("`", "&#96;")):
        text = text.replace(char, entity)
    return text


def _code(text: str) -> str:
    """Code whatever it holds: fenced by more backticks than it has in a row."""
    shown = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{fence}{space}{shown}{space}{fence}"
