"""How text changes: an Edit replaces a span, a Fix is a set of edits that stand or fall together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from enum import IntEnum

from pydock.text.span import Span
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
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        pieces += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*pieces, text[at:]])


class Taken:
    """The places that chosen fixes change, for a quick answer to what clashes with any of them."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Span]] = {}

    def clashes(self, fix: Fix) -> bool:
        """Whether an edit touches a place that is taken, as `Fix.clashes` means it."""
        return any(self._touching(edit) for edit in fix.edits)

    def add(self, fix: Fix) -> None:
        for edit in fix.edits:
            spans, found = self._spans.setdefault(edit.path, []), self._touching(edit)
            whole = [edit.span, *spans[found]] if found else [edit.span]
            if found:
                del spans[found]
            insort(spans, Span(min(span.start for span in whole), max(span.end for span in whole)))

    def _touching(self, edit: Edit) -> slice | None:
        """Which of the spans an edit touches; they are sorted and apart."""
        spans = self._spans.get(edit.path, [])
        first = bisect_left(spans, edit.span.start, key=lambda span: span.end)
        last = bisect_right(spans, edit.span.end, key=lambda span: span.start)
        return slice(first, last) if first < last else None
