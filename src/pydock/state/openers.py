"""The steps that may have made anything at a place: a set that grows, of which each state of a build sees its part."""

from __future__ import annotations

from functools import cached_property


class Openers:
    """Numbers of steps in the order in which they came, which several states share.

    A build has a state for each step; were each to hold a set of its own, ten thousand steps would hold ten
    thousand sets of up to ten thousand numbers.
    """

    def __init__(self, shared: list[int] | None = None) -> None:
        self._shared = [] if shared is None else shared
        self._count = len(self._shared)

    def and_of(self, step: int) -> Openers:
        """These and one more."""
        if self._count and self._shared[self._count - 1] == step:
            return self
        if self._count < len(self._shared):
            # Another build goes on from here in another way.
            return Openers([*self._shared[: self._count], step])
        self._shared.append(step)
        return Openers(self._shared)

    @cached_property
    def steps(self) -> frozenset[int]:
        """As a set."""
        return frozenset(self._shared[: self._count])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Openers) and self.steps == other.steps

    def __hash__(self) -> int:
        return hash(self.steps)
