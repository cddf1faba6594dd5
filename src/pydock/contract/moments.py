"""Names whose values change from instruction to instruction, as one mapping for each moment.

All moments share one record of changes, for a file of ten thousand instructions would otherwise hold
ten thousand copies of its environment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import chain

Values = Mapping[str, str | None]
# A value may be None, so what is not there needs something else.
_ABSENT = object()


class Record:
    """The changes so far, on top of values that were there before; `now` is the number of the moment."""

    def __init__(self, before: Values) -> None:
        self.before = before
        self.now = 0
        self._moments: dict[str, list[int]] = {}
        self._values: dict[str, list[str | None]] = {}

    def change(self, new: Values) -> None:
        """Begin a new moment, at which these names have other values."""
        self.now += 1
        for name, value in new.items():
            self._moments.setdefault(name, []).append(self.now)
            self._values.setdefault(name, []).append(value)

    def at(self, name: str, moment: int) -> object:
        """The value of a name, `_ABSENT` where it has none."""
        last = bisect_right(self._moments.get(name, ()), moment)
        return self._values[name][last - 1] if last else self.before.get(name, _ABSENT)

    def names(self, moment: int) -> Iterator[str]:
        """The names in the order in which they came up."""
        yield from self.before
        for name, moments in self._moments.items():
            if moments[0] <= moment and name not in self.before:
                yield name


class Moment(Mapping[str, "str | None"]):
    """The values of a record at one moment."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._moment = record.now

    def __getitem__(self, name: str) -> str | None:
        value = self._record.at(name, self._moment)
        if value is _ABSENT:
            raise KeyError(name)
        assert value is None or isinstance(value, str)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._record.at(name, self._moment) is not _ABSENT

    def __iter__(self) -> Iterator[str]:
        return self._record.names(self._moment)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Moment) and other._record is self._record and other._moment == self._moment:
            return True
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]


class Both(Mapping[str, "str | None"]):
    """Two mappings as one; the first wins."""

    def __init__(self, first: Values, second: Values) -> None:
        self._first = first
        self._second = second

    def __getitem__(self, name: str) -> str | None:
        return self._first[name] if name in self._first else self._second[name]

    def __contains__(self, name: object) -> bool:
        return name in self._first or name in self._second

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(chain(self._second, self._first)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Both) and self._first == other._first and self._second == other._second:
            return True
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]
