"""Steps of one version of a file found again in another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_, or_

from pydock.build.keys import list_stem
from pydock.build.model import Build, Step
from pydock.patterns import regex
from pydock.state import Answer, Found, Need, Numbers
from pydock.values import once

Identity = tuple[str, ...]
_KEPT = 8
_NOISE = regex(
    r"(?:-y|-qq?|--yes|--no-install-recommends|--no-cache-dir|--no-cache|--quiet|exec|sudo|--disable-pip-version-check"
    r"|--break-system-packages|--system|--root-user-action=\w+|--no-input)\Z"
)
_LIST = regex(r"(?:.*/)?[\w.-]+\Z")


@once
def identity(step: Step) -> Identity:
    """What a step is known again by: its key, without the options and paths that a rewrite may set."""
    if step.key[0] != "RUN" or len(step.key) < 2:
        return step.key
    words = [word for word in step.key[1].split() if not _NOISE.match(word)]
    if words and "/" in words[0] and posixpath.basename(posixpath.dirname(words[0])) == "bin":
        words[0] = posixpath.basename(words[0])
    return ("RUN", *map(_listed, words))


def _listed(word: str) -> str:
    """The name of a list of requirements for its path, any other word as it is."""
    stem = list_stem(word)
    return posixpath.basename(stem) if stem != word and _LIST.match(word) else word


@once
def by_identity(build: Build) -> Mapping[Identity, tuple[Step, ...]]:
    found: dict[Identity, list[Step]] = {}
    for step in build.steps:
        found.setdefault(identity(step), []).append(step)
    return {known: tuple(steps) for known, steps in found.items()}


class Makers:
    """Who is behind the answers of a build, as steps are known again in another one.

    What one step may have been made by is mostly what the step above it may have been, and a little more; so the
    last answers are kept, and only what is new in the next one is looked at.
    """

    def __init__(self, build: Build, index: dict[Identity, int]) -> None:
        self._build = build
        self._index = index
        self._stages: dict[int, int] = {}
        self._known: list[tuple[int, int]] = []

    def of(self, found: Found) -> int:
        """The steps behind an answer, a bit for each identity of the index; the base image is left out.

        Behind a COPY from a stage is all that this stage did.
        """
        asked = found.makers.bits
        near, bits = max((each for each in self._known if not each[0] & ~asked), default=(0, 0))
        for number in Numbers.of_bits(asked & ~near):
            if 0 <= number < len(self._build.steps):
                bits |= self._of_step(self._build.steps[number])
        self._known = [*self._known[-_KEPT:], (asked, bits)]
        return bits

    def _of_step(self, step: Step) -> int:
        origin = step.instruction.flag("from") if step.keyword in {"COPY", "ADD"} else None
        stage = self._build.dockerfile.stage_named(origin) if origin else None
        return self._bit(step) | (self._of_stage(stage.index) if stage is not None else 0)

    def _of_stage(self, index: int) -> int:
        if index not in self._stages:
            self._stages[index] = reduce(or_, map(self._bit, self._build.of_stage(index)), 0)
        return self._stages[index]

    def _bit(self, step: Step) -> int:
        return 1 << self._index.setdefault(identity(step), len(self._index))


class Comparison:
    """Two builds, and who was behind answers of the one and is behind none of the other."""

    def __init__(self, before: Build, after: Build) -> None:
        self.before, self.after = before, after
        self._index: dict[Identity, int] = {}
        self._old, self._new = Makers(before, self._index), Makers(after, self._index)

    def missing(self, was: Iterable[Found], now: Iterable[Found]) -> frozenset[Identity]:
        """The steps behind answers that are behind none of the others."""
        had = reduce(or_, map(self._old.of, was), 0)
        gone = had & ~reduce(or_, map(self._new.of, now), 0)
        return frozenset(known for known, at in self._index.items() if gone >> at & 1) if gone else frozenset()


def in_all(entries: Iterable[Iterable[tuple[Need, Found]]]) -> dict[Need, Found]:
    """The needs that each of several steps has, with the weakest answer and the makers that all of them have."""
    each = [dict(pairs) for pairs in entries]
    if not each:
        return {}
    shared = set(each[0]).intersection(*each[1:])
    found = {}
    for need in shared:
        answers = [one[need] for one in each]
        weakest = next((a.answer for a in answers if a.answer is not Answer.YES), Answer.YES)
        found[need] = Found(weakest, reduce(and_, (each.makers for each in answers)))
    return found
