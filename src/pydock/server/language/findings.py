"""Findings as a language client shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from lsprotocol.types import Diagnostic, DiagnosticSeverity, Position, Range

from pydock.report import Entry, Failure
from pydock.report.pages import markdown_page
from pydock.rule import Level
from pydock.rules import RULES
from pydock.server.language.client_text import ClientText
from pydock.server.language.documents import Reading
from pydock.terminal import printable

_SEVERITIES = {
    Level.ERROR: DiagnosticSeverity.Error,
    Level.WARNING: DiagnosticSeverity.Warning,
    Level.NOTE: DiagnosticSeverity.Information,
}
SOURCE = "pydock"


def diagnostics(reading: Reading, encoding: str) -> dict[str, list[Diagnostic]]:
    """What is found, by the path of the file it is found in."""
    answer = reading.answer
    if answer.failure is not None:
        return {answer.path: [_failed(answer.failure, ClientText(reading.text(answer.path), encoding), answer.path)]}
    found: dict[str, list[Diagnostic]] = {answer.path: []}
    for path in {entry.path: None for entry in answer.findings}:
        places = ClientText(reading.text(path), encoding)
        found[path] = [diagnostic(entry, places) for entry in answer.findings if entry.path == path]
    return found


def diagnostic(entry: Entry, places: ClientText) -> Diagnostic:
    return Diagnostic(places.of(entry), _message(entry), _SEVERITIES[entry.level], entry.code, source=SOURCE)


def _failed(failure: Failure, places: ClientText, path: str) -> Diagnostic:
    """Why there is no answer, at the line that the message begins with."""
    place = re.match(rf"{re.escape(path)}:(\d+): ", failure.message)
    said = failure.message[place.end() :] if place else failure.message.removeprefix(f"{path}: ")
    message = printable(" ".join(filter(None, (f"{said}.", failure.hint))))
    return Diagnostic(places.line(int(place[1]) if place else 1), message, DiagnosticSeverity.Error, source=SOURCE)


def _message(entry: Entry) -> str:
    """What is wrong, what it costs and what to do; the first line is what lists show."""
    return "\n".join(printable(text) for text in (entry.message, entry.cost, entry.advice) if text)


def hover_text(readings: Sequence[Reading], path: str, position: Position, encoding: str) -> str:
    """What the findings at a place mean, in Markdown; "" where there are none."""
    pages = {}
    for reading in readings:
        places = ClientText(reading.text(path), encoding)
        for entry in reading.answer.findings:
            if entry.path == path and is_within(position, places.of(entry)):
                pages[entry.code] = _page(entry.code)
    return "\n\n---\n\n".join(pages.values())


@lru_cache(maxsize=256)
def _page(code: str) -> str:
    return "".join(markdown_page(rule) for rule in RULES if rule.code == code)


def is_within(position: Position, span: Range) -> bool:
    return span.start <= position <= span.end
