"""What a container engine says about one rewrite: figures of both versions, and whether they behave the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import StringIO

from pydock.bench import Proof, Verdict
from pydock.bench.engine import Recipe, connect
from pydock.bench.measure import Progress, Version, Wishes, figures, measure
from pydock.engine import Report
from pydock.migrate.records.record import Measured
from pydock.project import Project
from pydock.project.secrets import mask
from pydock.terminal import console
from pydock.values import Value

_LONGEST = 300


class Bench(Value):
    """How a person wants it measured: how often, whether containers are started, on which builder."""

    runs: int = 1
    is_started: bool = True
    builder: str = ""


class _Doing(StringIO):
    """A stream whose lines are told to whoever waits for the service."""

    def write(self, text: str) -> int:
        console.doing(text.strip())
        return len(text)


def bench(report: Report, wanted: Bench) -> Measured:
    """The figures of both versions; where nothing changed, those of the only one.

    Raises EngineError when there is no engine or it goes away.
    """
    versions = [_version("before", report.project, wanted)]
    if report.changed:
        versions.append(_version("after", report.result, wanted))
    with connect() as engine:
        found = measure(engine, versions, Wishes(wanted.runs, wanted.is_started), Progress(_Doing()))
    before, after = found[0], found[-1]
    failure = next((f"{each.name}: {mask(each.failure.message)}" for each in found if each.failure), "")
    return Measured(_known(figures(before)), _known(figures(after)) if report.changed else {}, failure)


def proven(proofs: Mapping[str, Proof]) -> tuple[str, tuple[str, ...]]:
    """The worst verdict of the users' comparisons and what they rest on, a line each; the only user has no name."""
    worst = max((proof.verdict for proof in proofs.values()), key=list(Verdict).index)
    lines = (f"{user}: {line}" if user else line for user, proof in proofs.items() for line in _lines(proof))
    return str(worst), tuple(line[:_LONGEST] for line in lines)


def _lines(proof: Proof) -> Iterator[str]:
    for outcome in proof.outcomes:
        if outcome.verdict is Verdict.UNKNOWN:
            yield f"{outcome.aspect} could not be compared: {outcome.why}"
        for each in outcome.differences:
            yield f"{outcome.aspect}, {each.what}: {each.before or '-'} before, {each.after or '-'} after"
    for rule in proof.left_out:
        yield f"{rule.code} {rule.name} is left out: it makes a difference"
    for fix in proof.promoted:
        yield f"{fix.code} {fix.name} was doubtful and proved the same"


def _version(name: str, project: Project, wanted: Bench) -> Version:
    options = project.options
    recipe = Recipe(
        project.tree,
        project.path,
        target=options.target,
        arguments=dict(options.arguments),
        builder=wanted.builder,
    )
    return Version(name, project, recipe)


def _known(values: dict[str, float | None]) -> dict[str, float | None]:
    return {name: value for name, value in values.items() if value is not None}
