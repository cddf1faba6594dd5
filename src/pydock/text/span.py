"""A place in a text."""

from __future__ import annotations

from pydock.values import Value

# What Go's unicode.IsSpace trims; Python's str.strip() would trim more.
SPACE = " \t\n\v\f\r\x85\xa0"


class Span(Value, order=True):
    """A half-open range of character offsets in one text."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)

    def touches(self, other: Span) -> bool:
        """Whether the two overlap or meet; two insertions at one place touch."""
        return self.start <= other.end and other.start <= self.end

    def holds(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end
