"""ClientText of findings and edits as a language client counts them.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#position, read 2026-11:
lines end with \\n, \\r\\n or \\r, columns are code units of UTF-16 unless both sides agree on another encoding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from difflib import SequenceMatcher

from lsprotocol.types import Position, PositionEncodingKind, Range, TextEdit

from pydock.report import Changed, Entry

_MARK = "\ufeff"
_WIDTHS = {PositionEncodingKind.Utf8: ("utf-8", 1), PositionEncodingKind.Utf16: ("utf-16-le", 2)}


class ClientText:
    """A text, in which a client counts in code units of an encoding."""

    def __init__(self, text: str, encoding: PositionEncodingKind | str) -> None:
        self._text = text.removeprefix(_MARK)
        self._encoding = PositionEncodingKind(encoding)
        self._own = (0, *(match.end() for match in re.finditer("\n", self._text)))
        self._client = (0, *(match.end() for match in re.finditer(r"\r\n?|\n", self._text)))

    def of(self, entry: Entry) -> Range:
        """Where a finding is."""
        return Range(self._at(entry.line, entry.column), self._at(entry.end_line, entry.end_column))

    def line(self, number: int) -> Range:
        """The whole of a line, from 1."""
        return Range(self._at(number, 1), self.position(self._offset(number + 1, 1) - 1))

    def _at(self, line: int, column: int) -> Position:
        return self.position(self._offset(line, column))

    def _offset(self, line: int, column: int) -> int:
        start = self._own[line - 1] if line <= len(self._own) else len(self._text) + 1
        return start + column - 1

    def position(self, offset: int) -> Position:
        """The place of a character, at most the end of the text."""
        offset = max(0, min(offset, len(self._text)))
        line = bisect_right(self._client, offset) - 1
        before = self._text[self._client[line] : offset]
        codec, size = _WIDTHS.get(self._encoding, ("", 1))
        return Position(line, len(before.encode(codec, "surrogatepass")) // size if codec else len(before))


def edits(change: Changed, encoding: PositionEncodingKind | str) -> Iterator[TextEdit]:
    """What makes the new text of the old one, line by line."""
    before, after = (change.before or "").removeprefix(_MARK), change.after.removeprefix(_MARK)
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    places = ClientText(before, encoding)
    for tag, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            span = Range(places.position(starts[first]), places.position(starts[last]))
            yield TextEdit(span, "".join(new[begin:end]))
