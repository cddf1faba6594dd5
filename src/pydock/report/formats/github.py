"""Findings as workflow commands, which GitHub shows beside the lines of a change.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, read 2026-11. Of one step it shows
ten errors, ten warnings and ten notices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydock.report.answer import Answer, Entry
from pydock.report.formats.text import remarks
from pydock.report.places import located
from pydock.rule import Level
from pydock.terminal import Style, printable

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def written(answers: Sequence[Answer], style: Style) -> str:
    """One command a finding, the gravest first; a Dockerfile without an answer is an error."""
    del style
    found = [entry for answer in answers for entry in answer.findings]
    ordered = sorted(found, key=lambda entry: entry.level.rank)
    return "".join([*_failures(answers), *map(_command, ordered)])


def _failures(answers: Sequence[Answer]) -> Iterator[str]:
    for answer in answers:
        if answer.failure:
            text = "\n".join(filter(None, (answer.failure.message, answer.failure.hint)))
            yield f"::error title=pydock,file={_property(located(answer.path))}::{_data(text)}\n"


def _command(entry: Entry) -> str:
    place = {"file": located(entry.path), "line": str(entry.line), "endLine": str(entry.end_line)}
    if entry.line == entry.end_line:
        # Columns of a region of several lines are refused.
        place |= {"col": str(entry.column), "endColumn": str(entry.end_column)}
    values = {"title": f"{entry.code} {entry.name}", **place}
    properties = ",".join(f"{name}={_property(value)}" for name, value in values.items())
    text = "\n".join([entry.message, *(f"{label}: {said}" for label, said in remarks(entry))])
    return f"::{_COMMANDS[entry.level]} {properties}::{_data(text)}\n"


def _data(text: str) -> str:
    shown = "\n".join(printable(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
