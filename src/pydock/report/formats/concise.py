"""One line a finding, for editors, `grep` and people in a hurry."""

from __future__ import annotations

from collections.abc import Sequence

from pydock.report.answer import Answer, Entry
from pydock.report.formats.text import grade
from pydock.terminal import Style, printable
from pydock.text import Safety

_MARKS = {Safety.SAFE: " [fix]", Safety.UNSAFE: " [fix --unsafe-fixes]", Safety.DISPLAY_ONLY: ""}


def written(answers: Sequence[Answer], style: Style) -> str:
    """`path:line:column: level: CODE message [fix]` for each finding."""
    return "".join(_line(entry, style) for answer in answers for entry in answer.findings)


def _line(entry: Entry, style: Style) -> str:
    mark = style(_MARKS[entry.fix.safety], "dim") if entry.fix else ""
    place, message = printable(entry.place), printable(entry.message)
    return f"{style(place, 'bold')}: {grade(entry, style)}: {entry.code} {message}{mark}\n"
