"""Sets of step numbers that a build can hold by the ten thousand: what grows from step to step is kept once.

Where each step may have made anything, each step is a possible maker of all that follows. Were each state to hold
a set of its own, ten thousand steps would hold ten thousand sets of up to ten thousand numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# The maker of what the base image has.
BASE = -1
# A set of more beginnings than this is written out.
_MOST_PARTS = 8


class _Track:
    """Numbers from `first` on, a bit for each, that only grow at the end: several sets are beginnings of one."""

    __slots__ = ("bits", "first")

    def __init__(self, first: int, bits: int) -> None:
        self.first = first
        self.bits = bits

    def until(self, last: int) -> int:
        """The bits of the numbers up to one."""
        return self.bits & ((2 << (last - self.first)) - 1)


_Part = tuple[_Track, int]


class Numbers:
    """Numbers of steps, BASE for the base image: a set that never changes, ordered, and listed only when asked."""

    __slots__ = ("_parts",)

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        bits = 0
        for number in numbers:
            bits |= 1 << (number - BASE)
        self._parts: tuple[_Part, ...] = _parts_of(bits)

    @classmethod
    def of(cls, number: int) -> Numbers:
        """The set of one number."""
        return cls._made(((_Track(number, 1), number),))

    @classmethod
    def of_bits(cls, bits: int) -> Numbers:
        """The set with these bits."""
        return cls._made(_parts_of(bits))

    @classmethod
    def _made(cls, parts: tuple[_Part, ...]) -> Numbers:
        made = cls.__new__(cls)
        made._parts = parts
        return made

    @classmethod
    def joined(cls, sets: Iterable[Numbers]) -> Numbers:
        """The numbers of all sets."""
        bits = 0
        for each in sets:
            bits |= each.bits
        return cls.of_bits(bits)

    @property
    def bits(self) -> int:
        """A bit for each number, the lowest for BASE."""
        bits = 0
        for track, last in self._parts:
            bits |= track.until(last) << (track.first - BASE)
        return bits

    def and_of(self, number: int) -> Numbers:
        """These and one more: the next beginning of the same track, where nothing else goes on from here."""
        if number in self:
            return self
        if not self._parts:
            return Numbers.of(number)
        *others, (track, last) = self._parts
        if number < last or track.bits.bit_length() != last - track.first + 1:
            return self | Numbers.of(number)
        track.bits |= 1 << (number - track.first)
        return Numbers._made((*others, (track, number)))

    def without(self, number: int) -> Numbers:
        """These without one; the very same where it is none of them, since many steps share them."""
        if number not in self:
            return self
        if len(self._parts) == 1 and number == self._parts[0][1]:
            track, last = self._parts[0]
            before = track.until(last - 1).bit_length() if last > track.first else 0
            return Numbers._made(((track, track.first + before - 1),) if before else ())
        return self - Numbers.of(number)

    def up_to(self, number: int) -> Numbers:
        """Those that are smaller than a number."""
        return Numbers.of_bits(self.bits & ((1 << (number - BASE)) - 1))

    def __contains__(self, number: int) -> bool:
        return any(
            track.first <= number <= last and track.bits >> (number - track.first) & 1 for track, last in self._parts
        )

    def __iter__(self) -> Iterator[int]:
        bits = self.bits
        if not bits:
            return
        lowest = (bits & -bits).bit_length() - 1
        text = bin(bits >> lowest)[:1:-1]
        at = 0
        while at >= 0:
            yield at + lowest + BASE
            at = text.find("1", at + 1)

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __bool__(self) -> bool:
        return bool(self._parts)

    def __or__(self, other: Numbers) -> Numbers:
        if not self._parts or not other._parts:
            return self if self._parts else other
        lasts = dict(self._parts)
        for track, last in other._parts:
            lasts[track] = max(last, lasts.get(track, last))
        if len(lasts) > _MOST_PARTS:
            return Numbers._made(_parts_of(self.bits | other.bits))
        return Numbers._made(tuple(lasts.items()))

    def __and__(self, other: Numbers) -> Numbers:
        return Numbers._made(_parts_of(self.bits & other.bits))

    def __sub__(self, other: Numbers) -> Numbers:
        return Numbers._made(_parts_of(self.bits & ~other.bits))

    def __le__(self, other: Numbers) -> bool:
        return not self.bits & ~other.bits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and (self._parts == other._parts or self.bits == other.bits)

    def __hash__(self) -> int:
        return hash(self.bits)

    def __repr__(self) -> str:
        return f"Numbers({list(self)})"


def _parts_of(bits: int) -> tuple[_Part, ...]:
    if not bits:
        return ()
    lowest = (bits & -bits).bit_length() - 1
    track = _Track(lowest + BASE, bits >> lowest)
    return ((track, bits.bit_length() - 1 + BASE),)


NOBODY = Numbers()
