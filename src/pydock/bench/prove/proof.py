"""A rewrite with what a real engine says about it, as values for a report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydock.bench.engine.compose_services import beside
from pydock.bench.engine.engine import connect
from pydock.bench.engine.recipe import BUILD_SECONDS
from pydock.bench.engine.trace import Step
from pydock.bench.outcome import Difference, Omission, Outcome, Promotion, Proof, Verdict
from pydock.bench.prove.verify import LeftOut, Verified, Verifier, verified_fix, verify
from pydock.engine import Report
from pydock.project import Project
from pydock.project.secrets import Mask, mask
from pydock.rule import Rule
from pydock.service.files import secret_values
from pydock.terminal import console
from pydock.text import Safety
from pydock.values import Value


class Ways(Value):
    """How a person wants it proven.

    On which builder, whether containers may use a network and get their services, and the seconds a build may take.
    """

    has_network: bool = False
    builder: str = ""
    has_services: bool = False
    limit: float = BUILD_SECONDS


def proven(project: Project, rules: Sequence[Rule], allow: Safety, ways: Ways, *, is_fix: bool) -> tuple[Report, Proof]:
    """The rewrite, for a fix without what makes a difference, and its proof.

    Raises EngineError when there is no engine or it goes away.
    """
    with _verifier(project, ways) as verifier:
        found = (verified_fix if is_fix else verify)(verifier, rules, allow)
    return found.report, _proof(found)


def compared(report: Report, ways: Ways) -> Proof:
    """The proof of a rewrite that is decided.

    Raises EngineError when there is no engine or it goes away.
    """
    with _verifier(report.project, ways) as verifier:
        return _proof(Verified(report, verifier.compare(report)))


@contextmanager
def _verifier(project: Project, ways: Ways) -> Iterator[Verifier]:
    tell = _Progress(secret_values.mask(project))
    services = beside(project, tell, has_network=ways.has_network) if ways.has_services else None
    with connect() as engine:
        yield Verifier(
            engine,
            project,
            "bridge" if ways.has_network else "none",
            ways.builder,
            services,
            ways.limit,
            tell,
            tell.step,
        )


class _Progress:
    """One line on standard error for each step, with the seconds since the first."""

    def __init__(self, hidden: Mask) -> None:
        self.begun = time.monotonic()
        self.hidden = hidden

    def __call__(self, text: str) -> None:
        console.doing(f"{time.monotonic() - self.begun:6.1f} s  {self.hidden(text)}")

    def step(self, step: Step) -> None:
        """The instruction that a builder is at."""
        if step.seconds is None and not step.is_internal:
            shown = self.hidden(" ".join(step.name.split()))
            console.doing(f"{time.monotonic() - self.begun:6.1f} s    {shown}", is_passing=True)


def _proof(found: Verified) -> Proof:
    return Proof(
        found.comparison.verdict,
        _hidden(found.comparison.outcomes),
        tuple(_omission(each) for each in found.left_out),
        tuple(
            Promotion(finding.rule.code, finding.rule.name, mask(finding.fix.title))
            for finding in found.promoted
            if finding.fix
        ),
    )


def _omission(left_out: LeftOut) -> Omission:
    differences = [each for outcome in left_out.comparison.of(Verdict.DIFFERENT) for each in outcome.differences]
    return Omission(left_out.rule.code, left_out.rule.name, _masked(differences))


def _hidden(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes without the values of secrets."""
    return tuple(
        Outcome(each.aspect, each.verdict, _masked(each.differences), tuple(map(mask, each.notes)), mask(each.why))
        for each in outcomes
    )


def _masked(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    return tuple(Difference(mask(each.what), mask(each.before), mask(each.after)) for each in differences)
