"""Patterns with wildcards that are matched in time linear in the path, whatever the pattern.

`re` goes back for each wildcard: for `*a*a*a*a*a*b` and a name of two hundred letters that never ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cached_property
from typing import Protocol

from pydock.values import Value

# So many wildcards are left to `re`, which is far quicker then.
_MOST_FOR_RE = 2


class Times(Enum):
    """How often a step of a pattern matches."""

    ONCE = "once"
    ANY = "any number of times"
    FOLDERS = "nothing, or whole folders"


class Step(Value):
    """One step: a regular expression of a single character, and how often; for folders it says nothing."""

    character: str
    times: Times = Times.ONCE

    @property
    def expression(self) -> str:
        match self.times:
            case Times.ONCE:
                return self.character
            case Times.ANY:
                return f"{self.character}*"
            case Times.FOLDERS:
                return "(?:.*/)?"


class Matcher(Protocol):
    """Whether a whole path fits a pattern."""

    def fullmatch(self, path: str, /) -> object: ...


def compiled(steps: Iterable[Step]) -> Matcher:
    """What matches these steps one after the other.

    Raises re.error for a step that is none.
    """
    steps = tuple(steps)
    if sum(step.times is not Times.ONCE for step in steps) <= _MOST_FOR_RE:
        return re.compile("".join(step.expression for step in steps), re.DOTALL)
    for step in steps:
        re.compile(step.character)
    return _Pass(steps)


class _Pass(Value, dict=True):
    """All places of a pattern that a path may have come to are followed at once, in one pass over the path."""

    steps: tuple[Step, ...]

    def fullmatch(self, path: str) -> bool | None:
        """True where the whole path fits, else None."""
        places = self._reached({0})
        for character in path:
            moved = set()
            for at in places:
                if at < len(self._tests):
                    test, is_many = self._tests[at]
                    if test(character):
                        moved.add(at if is_many else at + 1)
            places = self._reached(moved)
            if not places:
                return None
        return True if len(self._tests) in places else None

    @cached_property
    def _tests(self) -> list[tuple[Callable[[str], object], bool]]:
        """A test of one character for each place, and whether it may be passed again.

        Folders are three places: in front of them, inside, and the slash behind, for only who is in front may do
        without them.
        """
        found: list[tuple[Callable[[str], object], bool]] = []
        for step in self.steps:
            if step.times is Times.FOLDERS:
                found += [(lambda _: False, False), (lambda _: True, True), ("/".__eq__, False)]
            else:
                found.append((re.compile(step.character, re.DOTALL).fullmatch, step.times is Times.ANY))
        return found

    @cached_property
    def _free(self) -> dict[int, tuple[int, ...]]:
        """Where one comes to from a place without a character."""
        found: dict[int, tuple[int, ...]] = {}
        at = 0
        for step in self.steps:
            if step.times is Times.FOLDERS:
                found[at], found[at + 1] = (at + 1, at + 3), (at + 2,)
                at += 2
            elif step.times is Times.ANY:
                found[at] = (at + 1,)
            at += 1
        return found

    def _reached(self, places: set[int]) -> set[int]:
        found, waiting = set(places), list(places)
        while waiting:
            for place in self._free.get(waiting.pop(), ()):
                if place not in found:
                    found.add(place)
                    waiting.append(place)
        return found
