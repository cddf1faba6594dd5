"""What came of comparing one aspect of two images."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydock.values import Value


class Verdict(StrEnum):
    """FIXED: the original is broken there and the rewrite is not; UNKNOWN: it could not be compared."""

    SAME = "same"
    FIXED = "fixed"
    UNKNOWN = "could not be compared"
    DIFFERENT = "different"


class Difference(Value):
    """One thing that is not the same, with both sides; "" for a side that has no such thing."""

    what: str
    before: str = ""
    after: str = ""


class Outcome(Value):
    """The verdict on one aspect.

    `differences` are what makes it different, or what is mended when it is fixed; `notes` are
    differences that the rewrite declares and other remarks; `why` says why nothing was compared.
    """

    aspect: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""


def judged(
    aspect: str, differences: Iterable[Difference], notes: Iterable[str] = (), mended: Iterable[Difference] = ()
) -> Outcome:
    """Different when there is a difference, else fixed when something is mended, else the same."""
    found, better = tuple(differences), tuple(mended)
    if found:
        return Outcome(aspect, Verdict.DIFFERENT, found, tuple(notes))
    if better:
        return Outcome(aspect, Verdict.FIXED, better, tuple(notes))
    return Outcome(aspect, Verdict.SAME, (), tuple(notes))


def unknown(aspect: str, why: str) -> Outcome:
    return Outcome(aspect, Verdict.UNKNOWN, why=why)


# Without these nothing that is the same means much.
_FIRST = frozenset({"build", "files", "distributions", "state"})


def overall(outcomes: Iterable[Outcome]) -> Verdict:
    """One difference makes the whole different; unknown when not even the first things could be compared."""
    found = tuple(outcomes)
    verdicts = {outcome.verdict for outcome in found}
    if Verdict.DIFFERENT in verdicts:
        return Verdict.DIFFERENT
    if any(outcome.verdict is Verdict.UNKNOWN and outcome.aspect in _FIRST for outcome in found):
        return Verdict.UNKNOWN
    return Verdict.FIXED if Verdict.FIXED in verdicts else Verdict.SAME


class Omission(Value):
    """A rule that was left out, with what it would have changed."""

    code: str
    name: str
    differences: tuple[Difference, ...]


class Promotion(Value):
    """A doubtful fix that was applied because nothing is different with it."""

    code: str
    name: str
    title: str


class Proof(Value):
    """What came of comparing both versions of one Dockerfile; secrets are masked in it."""

    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    left_out: tuple[Omission, ...] = ()
    promoted: tuple[Promotion, ...] = ()

    @property
    def is_unknown(self) -> bool:
        return self.verdict is Verdict.UNKNOWN
