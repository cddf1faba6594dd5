"""The things of an image while one command makes, changes and removes them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rpds import HashTrieMap, HashTrieSet

from pydock.images.base import FOLDERS
from pydock.state.needs import Distribution, File, Folder, Thing
from pydock.state.numbers import Numbers
from pydock.state.tally import Entry, Tallies
from pydock.values import Value

if TYPE_CHECKING:
    Things = HashTrieMap[Thing, Numbers]
    Names = HashTrieMap[str, HashTrieSet[str]]


class Known(Value):
    """Things with their makers, and where to find them.

    `children` are the paths in a folder, `distributions` the names of the packages that an environment has had.
    """

    things: Things = HashTrieMap()
    children: Names = HashTrieMap()
    distributions: Names = HashTrieMap()
    tallies: Tallies = Tallies()


class Change:
    """One step at work: `changed` are the files whose text is not what it was."""

    def __init__(self, known: Known, step: int) -> None:
        self.things = known.things
        self.changed: set[str] = set()
        self._children = known.children
        self._distributions = known.distributions
        self._tallies = known.tallies
        self._entries: list[Entry] = []
        self._step = step
        self._own = Numbers.of(step)
        # Many things that one step made are one set with the same maker more.
        self._grown: dict[int, Numbers] = {}

    def known(self) -> Known:
        """What is there when the step is done."""
        tallies = Tallies(self._tallies, tuple(self._entries)) if self._entries else self._tallies
        return Known(self.things, self._children, self._distributions, tallies)

    def make(self, thing: Thing, *, is_new: bool) -> None:
        """A thing of this step alone, or of this one, too; with the folders above it."""
        if is_new or thing not in self.things:
            self._put(thing)
        else:
            self._join(thing)
        if isinstance(thing, File):
            self.changed.add(thing.path)
        if isinstance(thing, File | Folder):
            self._link(thing.path)
        if isinstance(thing, Distribution):
            names = self._distributions.get(thing.environment) or HashTrieSet()
            self._distributions = self._distributions.insert(thing.environment, names.insert(thing.name))

    def change(self, thing: Thing) -> None:
        """A thing that was there and has this step's hand in it now."""
        if thing in self.things:
            self._join(thing)
            self.changed.update([thing.path] if isinstance(thing, File) else ())

    def remove(self, lost: Iterable[Thing], *, is_sure: bool) -> None:
        for thing in lost:
            makers = self.things.get(thing)
            if makers is None:
                continue
            if is_sure:
                self.things = self.things.remove(thing)
                self._entries.append((thing, makers, -1))
            else:
                self._join(thing)
            if isinstance(thing, File):
                self.changed.add(thing.path)

    def _put(self, thing: Thing) -> None:
        before = self.things.get(thing)
        if before is not None:
            self._entries.append((thing, before, -1))
        self.things = self.things.insert(thing, self._own)
        self._entries.append((thing, self._own, 1))

    def _join(self, thing: Thing) -> None:
        makers = self.things[thing]
        if self._step in makers:
            return
        grown = self._grown.get(id(makers)) or makers.and_of(self._step)
        self._grown[id(makers)] = grown
        self.things = self.things.insert(thing, grown)
        self._entries.append((thing, self._own, 1))

    def _link(self, path: str) -> None:
        """A path in its folder, and the folders above it, which come to be with it."""
        while path != "/":
            parent = posixpath.dirname(path)
            known = self._children.get(parent) or HashTrieSet()
            is_there = parent in FOLDERS or Folder(parent) in self.things
            if path in known and is_there:
                return
            self._children = self._children.insert(parent, known.insert(path))
            if not is_there:
                self._put(Folder(parent))
            path = parent
