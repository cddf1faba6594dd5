"""Rewrites that are broken on purpose, built and started for real: each of them is caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from pydock.bench import Verdict
from pydock.bench.compare.images import Comparison, compare
from pydock.bench.engine import Recipe, connect
from pydock.bench.engine.engine import Engine
from pydock.bench.facts.image import Declared, Image
from pydock.bench.facts.questions import questions
from pydock.bench.prove.probe import Probe
from pydock.context import Tree
from pydock.project import Project
from tests.mutant_service import DOCKERFILE, FILES, MUTANTS, REWRITTEN, Mutant

BASE = "python:3.11-slim-bookworm"
BASES = (BASE, "python:3.11-bookworm", "python:3.13-slim-bookworm")
# What the rewrite means to change; a mutant gets no more than that.
DECLARED = Declared(
    frozenset({"user", "environment", "healthcheck", "files"}), written=frozenset({"/app/state", "/app/uploads"})
)


@dataclass(frozen=True)
class Stand:
    """The original, looked at once, on an engine."""

    engine: Engine
    probe: Probe
    original: Image

    def compared(self, dockerfile: str, files: Mapping[str, str], declared: Declared = DECLARED) -> Comparison:
        tree = Tree.of({**files, "Dockerfile": dockerfile})
        image = self.engine.build(Recipe(tree)).image
        return compare(self.original, self.probe.rewritten(image, self.original), declared)


@pytest.fixture(scope="module")
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    request.getfixturevalue("engine")
    with connect() as engine:
        if missing := [image for image in BASES if not engine.has_image(image)]:
            pytest.skip(f"the engine has no {', '.join(missing)}")
        project = Project(Tree.of({**FILES, "Dockerfile": DOCKERFILE}))
        probe = Probe(engine, questions(project))
        yield Stand(engine, probe, probe.original(engine.build(Recipe(project.tree)).image, BASE))


@pytest.mark.engine
def test_a_version_is_the_same_as_itself(stand: Stand) -> None:
    comparison = stand.compared(DOCKERFILE, FILES, Declared())
    assert comparison.verdict is Verdict.SAME
    assert comparison.is_proven, comparison.of(Verdict.UNKNOWN)
    assert not [outcome.notes for outcome in comparison.outcomes if outcome.notes]


@pytest.mark.engine
def test_a_careful_rewrite_is_the_same(stand: Stand) -> None:
    comparison = stand.compared(REWRITTEN, FILES)
    assert not comparison.of(Verdict.DIFFERENT)
    assert comparison.is_proven, comparison.of(Verdict.UNKNOWN)


@pytest.mark.engine
def test_what_the_original_did_is_known(stand: Stand) -> None:
    service = stand.original.service
    assert service is not None
    assert service.listening == {("0.0.0.0", 8000)}
    assert "/app/state/started" in service.changed
    assert {"8000/", "8000/health", "8000/prices"} <= service.answers.keys()
    assert {"/app/key.txt", "/app/state", "/usr/local/lib/libgreet.so"} <= stand.original.files.keys()


@pytest.mark.engine
@pytest.mark.parametrize(("name", "mutant"), MUTANTS.items(), ids=MUTANTS)
def test_a_broken_rewrite_is_caught(stand: Stand, name: str, mutant: Mutant) -> None:
    aspect, (old, new), files = mutant
    assert old in REWRITTEN
    comparison = stand.compared(REWRITTEN.replace(old, new), {**FILES, **files})
    assert comparison.verdict is Verdict.DIFFERENT
    assert aspect in {outcome.aspect for outcome in comparison.of(Verdict.DIFFERENT)}


@pytest.mark.engine
def test_an_original_that_does_not_start_is_fixed_not_the_same(stand: Stand) -> None:
    broken = DOCKERFILE.replace(" page.html", " page.html").replace("COPY packages/", "COPY packages/extra.py")
    tree = Tree.of({**FILES, "Dockerfile": broken})
    original = stand.probe.original(stand.engine.build(Recipe(tree)).image, BASE)
    image = stand.engine.build(Recipe(Tree.of({**FILES, "Dockerfile": REWRITTEN}))).image
    comparison = compare(original, stand.probe.rewritten(image, original), DECLARED)
    assert comparison.verdict is Verdict.FIXED
    assert {outcome.aspect for outcome in comparison.of(Verdict.FIXED)} >= {"state", "imports"}
