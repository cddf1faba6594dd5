"""Who made what lies below each folder, and what is installed in each environment, kept while steps come and go.

To ask all things for their makers takes as long as there are things; were each step to ask, the walk of a file
would take the square of its length.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping

from rpds import HashTrieMap

from pydock.state.answers import ancestors
from pydock.state.needs import Distribution, File, Folder, Thing
from pydock.state.numbers import NOBODY, Numbers
from pydock.values import Value

# Folders deeper than this have no tally, for a thing is counted in each folder above it.
DEEPEST = 40
# So many commands are added up at once.
_STRIDE = 100
# What a new environment may have; the modules of no other package are among theirs.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})


class Tally(Value):
    """Steps, and how many things of a group each of them had a hand in."""

    makers: Numbers = NOBODY
    counts: HashTrieMap[int, int] = HashTrieMap()

    def counted(self, changes: Mapping[int, int]) -> Tally:
        """The tally with so many things more of each step, or fewer."""
        makers, counts = self.makers, self.counts
        for step in sorted(changes):
            count = (counts.get(step) or 0) + changes[step]
            if count:
                counts, makers = counts.insert(step, count), makers.and_of(step)
            else:
                counts, makers = counts.discard(step), makers.without(step)
        return Tally(makers, counts)


class _Tables(Value):
    """The tally of each folder, for all below it, and of each environment."""

    folders: HashTrieMap[str, Tally] = HashTrieMap()
    environments: HashTrieMap[str, Tally] = HashTrieMap()
    libraries: HashTrieMap[str, Tally] = HashTrieMap()


# A thing, makers that it has got or lost, and how many times.
Entry = tuple[Thing, Numbers, int]


class Tallies:
    """Tallies after so many commands: added up when somebody asks, for all commands since the last time at once."""

    __slots__ = ("_before", "_entries", "_tables")

    def __init__(self, before: Tallies | None = None, entries: tuple[Entry, ...] = ()) -> None:
        self._before = before
        self._entries = entries
        self._tables = None if before is not None else _Tables()

    def below(self, folder: str) -> Numbers:
        """The makers of the known files and folders below a folder, which is at most `DEEPEST` folders deep."""
        return _makers(self._added_up().folders.get(folder))

    def installed(self, environment: str) -> Numbers:
        """The makers of the known packages of an environment."""
        return _makers(self._added_up().environments.get(environment))

    def modules(self, environment: str) -> Numbers:
        """The makers of the known packages of an environment that are no installers."""
        return _makers(self._added_up().libraries.get(environment))

    def _added_up(self) -> _Tables:
        waiting = []
        at = self
        while at._before is not None:
            waiting.append(at)
            at = at._before
        tables = at._tables or _Tables()
        while waiting:
            # Some on the way keep theirs, too, so that whoever asks about them next has no long way.
            some, waiting = waiting[-_STRIDE:], waiting[:-_STRIDE]
            tables = _closed(tables, (entry for each in reversed(some) for entry in each._entries))
            some[0]._tables, some[0]._before, some[0]._entries = tables, None, ()
        return tables


def _makers(tally: Tally | None) -> Numbers:
    return tally.makers if tally is not None else NOBODY


def _closed(tables: _Tables, entries: Iterable[Entry]) -> _Tables:
    """The tables with all that was entered."""
    folders: dict[str, Counter[int]] = {}
    environments: dict[str, Counter[int]] = {}
    libraries: dict[str, Counter[int]] = {}
    for thing, makers, by in entries:
        match thing:
            case File(path) | Folder(path):
                groups = [folders.setdefault(posixpath.dirname(path), Counter())]
            case Distribution(environment, name):
                groups = [environments.setdefault(environment, Counter())]
                groups += [libraries.setdefault(environment, Counter())] if name not in _INSTALLERS else []
            case _:
                continue
        for maker in makers:
            for group in groups:
                group[maker] += by
    above: dict[str, Counter[int]] = {}
    for folder, changes in folders.items():
        for place in (each for each in ancestors(folder) if each.count("/") <= DEEPEST):
            above.setdefault(place, Counter()).update(changes)
    return _Tables(
        _entered(tables.folders, above),
        _entered(tables.environments, environments),
        _entered(tables.libraries, libraries),
    )


def _entered(known: HashTrieMap[str, Tally], groups: Mapping[str, Mapping[int, int]]) -> HashTrieMap[str, Tally]:
    for group, changes in groups.items():
        if real := {step: by for step, by in changes.items() if by}:
            known = known.insert(group, (known.get(group) or Tally()).counted(real))
    return known
