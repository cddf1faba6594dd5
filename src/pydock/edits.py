"""How text changes: an Edit replaces a span, a Fix is a set of edits that stand or fall together."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from pydock.lines import Span
from pydock.values import Value


class Safety(IntEnum):
    """How much a fix asks of the reader; `fix` applies everything up to the chosen level."""

    SAFE = 0
    UNSAFE = 1
    DISPLAY_ONLY = 2

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", "-")


class Edit(Value):
    """Put `text` where `span` is in the file `path`.

    An empty span inserts, an empty text deletes; a path that does not exist is created and
    its span is Span(0, 0). Paths are relative to the build context, with forward slashes.
    One that `is_held` puts back what is there: its fix was worked out from that.
    """

    path: str
    span: Span
    text: str
    is_held: bool = False


class Fix(Value):
    """Edits that are applied together or not at all.

    `changes` names the contract fields that are altered on purpose, `doubts` what facts could
    not settle, `notes` what a person should read about the result.
    """

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
    changes: frozenset[str] = frozenset()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many characters are replaced: what decides between clashing fixes."""
        return sum(edit.span.end - edit.span.start for edit in self.edits if not edit.is_held)

    def clashes(self, other: Fix) -> bool:
        """Edits that merely touch clash too: their order would decide the result."""
        return any(a.path == b.path and a.span.touches(b.span) for a in self.edits for b in other.edits)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not touch one another."""
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
