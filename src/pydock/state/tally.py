"""Who made what lies below each folder, and what is installed in each environment, kept while steps come and go.

To ask all things for their makers takes as long as there are things; were each step to ask, the walk of a file
would take the square of its length.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping

from rpds import HashTrieMap

from pydock.state.answers import ancestors
from pydock.state.needs import Distribution, File, Folder, Thing
from pydock.state.numbers import NOBODY, Numbers
from pydock.values import Value

# Folders deeper than this have no tally, for a thing is counted in each folder above it.
DEEPEST = 40
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


class Tallies(Value):
    """The tally of each folder, for all below it, and of each environment."""

    folders: HashTrieMap[str, Tally] = HashTrieMap()
    environments: HashTrieMap[str, Tally] = HashTrieMap()
    libraries: HashTrieMap[str, Tally] = HashTrieMap()

    def below(self, folder: str) -> Numbers:
        """The makers of the known files and folders below a folder, which is at most `DEEPEST` folders deep."""
        tally = self.folders.get(folder)
        return tally.makers if tally is not None else NOBODY

    def installed(self, environment: str) -> Numbers:
        """The makers of the known packages of an environment."""
        tally = self.environments.get(environment)
        return tally.makers if tally is not None else NOBODY

    def modules(self, environment: str) -> Numbers:
        """The makers of the known packages of an environment that are no installers."""
        tally = self.libraries.get(environment)
        return tally.makers if tally is not None else NOBODY


class Ledger:
    """What one command changes in the tallies, added up before it is entered."""

    def __init__(self) -> None:
        self._folders: dict[str, Counter[int]] = {}
        self._environments: dict[str, Counter[int]] = {}
        self._libraries: dict[str, Counter[int]] = {}

    def enter(self, thing: Thing, makers: Numbers, by: int) -> None:
        """Makers that a thing has got, or has lost."""
        groups: list[Counter[int]] = []
        match thing:
            case File(path) | Folder(path):
                groups = [self._folders.setdefault(posixpath.dirname(path), Counter())]
            case Distribution(environment, name):
                groups = [self._environments.setdefault(environment, Counter())]
                groups += [self._libraries.setdefault(environment, Counter())] if name not in _INSTALLERS else []
            case _:
                pass
        for maker in makers:
            for group in groups:
                group[maker] += by

    def closed(self, tallies: Tallies) -> Tallies:
        """The tallies with all that was entered."""
        if not self._folders and not self._environments:
            return tallies
        folders: dict[str, Counter[int]] = {}
        for folder, changes in self._folders.items():
            for place in (above for above in ancestors(folder) if above.count("/") <= DEEPEST):
                folders.setdefault(place, Counter()).update(changes)
        return Tallies(
            _entered(tallies.folders, folders),
            _entered(tallies.environments, self._environments),
            _entered(tallies.libraries, self._libraries),
        )


def _entered(known: HashTrieMap[str, Tally], groups: Mapping[str, Mapping[int, int]]) -> HashTrieMap[str, Tally]:
    for group, changes in groups.items():
        if real := {step: by for step, by in changes.items() if by}:
            known = known.insert(group, (known.get(group) or Tally()).counted(real))
    return known
