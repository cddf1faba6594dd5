"""Which fixes `fix --verify` applies, leaves out and promotes, with an engine that is played."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from pydock.bench import Difference, Verdict
from pydock.bench.compare.images import Comparison, Unbuilt, not_built
from pydock.bench.engine import Recipe
from pydock.bench.engine.container import Ran
from pydock.bench.engine.engine import Engine
from pydock.bench.engine.recipe import Built
from pydock.bench.facts.questions import Asked
from pydock.bench.outcome import judged, unknown
from pydock.bench.prove.probe import START_SECONDS, Probe
from pydock.bench.prove.verify import Verified, Verifier, verified_fix, verify
from pydock.context import Tree
from pydock.engine import Report
from pydock.errors import BuildError, EngineError, LateBuildError
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.text import Edit, Fix, Safety, Span

DOCKERFILE = "FROM python:3.11-slim\n" + "".join(f"# {name}\n" for name in "abcdefgh") + 'CMD ["python"]\n'


def _rule(
    letter: str, safety: Safety = Safety.SAFE, doubts: tuple[str, ...] = (), changes: frozenset[str] = frozenset()
) -> Rule:
    """A rule that turns the comment `# a` into `# A`."""

    def check(project: Project) -> Iterator[Finding]:
        at = project.dockerfile.text.find(f"# {letter}\n")
        if at >= 0:
            span = Span(at, at + 3)
            fix = Fix(f"shout {letter}", safety, (Edit("Dockerfile", span, f"# {letter.upper()}"),), changes, doubts)
            yield Finding(rule, span, f"{letter} is quiet", fix)

    rule = Rule(f"T{letter}", letter, check, "", (Example(DOCKERFILE),))
    return rule


class _Played(Verifier):
    """A verifier for which texts with one of some letters in capitals are another service."""

    breaks = ""
    doubtful_breaks = ""
    original = ""
    asked = 0

    def _compared(self, report: Report) -> Comparison:
        self.asked += 1
        text = report.result.dockerfile.text
        if self.original:
            return not_built(Unbuilt(self.original), None)
        if broken := [letter for letter in self.breaks if f"# {letter}\n" in text]:
            return Comparison((judged("state", [Difference(letter, "quiet", "loud") for letter in broken]),))
        if any(f"# {letter}\n" in text for letter in self.doubtful_breaks):
            return Comparison((judged("build", ()), unknown("answers", "it never answers")))
        return Comparison((judged("build", ()), judged("state", ())))


def _fixed(rules: list[Rule], breaks: str = "", unknowns: str = "", original: str = "") -> tuple[Verified, _Played]:
    played = _Played(cast("Engine", None), Project(Tree.of({"Dockerfile": DOCKERFILE})))
    played.breaks, played.doubtful_breaks, played.original = breaks, unknowns, original
    return verified_fix(played, rules, Safety.SAFE), played


def _loud(found: Verified) -> str:
    text = found.report.result.dockerfile.text
    return "".join(letter for letter in "ABCDEFGH" if f"# {letter}\n" in text)


def test_everything_that_is_the_same_is_applied() -> None:
    found, played = _fixed([_rule(letter) for letter in "abc"])
    assert (_loud(found), found.left_out, played.asked) == ("ABC", (), 1)


def test_the_one_fix_that_makes_a_difference_is_left_out_and_named() -> None:
    found, played = _fixed([_rule(letter) for letter in "abcdefgh"], breaks="F")
    assert _loud(found) == "ABCDEGH"
    assert [each.rule.code for each in found.left_out] == ["Tf"]
    assert found.left_out[0].comparison.of(Verdict.DIFFERENT)[0].differences[0].what == "F"
    assert found.comparison.verdict is Verdict.SAME
    assert played.asked <= 6


def test_two_fixes_that_make_a_difference_are_both_left_out() -> None:
    found, _ = _fixed([_rule(letter) for letter in "abcdefgh"], breaks="BG")
    assert _loud(found) == "ACDEFH"
    assert {each.rule.code for each in found.left_out} == {"Tb", "Tg"}


def test_where_every_fix_makes_a_difference_none_is_applied() -> None:
    found, _ = _fixed([_rule(letter) for letter in "ab"], breaks="AB")
    assert _loud(found) == ""


def test_nothing_is_applied_where_the_original_cannot_be_built() -> None:
    found, played = _fixed([_rule("a")], original="no such base")
    assert _loud(found) == ""
    assert found.comparison.verdict is Verdict.UNKNOWN
    assert played.asked == 1


def test_a_doubtful_fix_that_proves_the_same_is_promoted() -> None:
    found, _ = _fixed([_rule("a"), _rule("b", Safety.UNSAFE, ("does it need b?",))])
    assert _loud(found) == "AB"
    assert [finding.rule.code for finding in found.promoted] == ["Tb"]


def test_an_unsafe_fix_without_doubts_is_not_promoted() -> None:
    found, _ = _fixed([_rule("a"), _rule("b", Safety.UNSAFE)])
    assert (_loud(found), found.promoted) == ("A", ())


def test_a_doubt_about_how_it_is_started_is_not_settled_by_a_few_requests() -> None:
    found, _ = _fixed([_rule("a"), _rule("b", Safety.UNSAFE, ("threads?",), frozenset({"cmd"}))])
    assert (_loud(found), found.promoted) == ("A", ())


def test_a_doubtful_fix_needs_a_proof_without_gaps() -> None:
    doubt = ("is it?",)
    rules = [
        _rule("a"),
        _rule("b", Safety.UNSAFE, doubt),
        _rule("c", Safety.UNSAFE, doubt),
        _rule("d", Safety.UNSAFE, doubt),
    ]
    found, _ = _fixed(rules, breaks="C", unknowns="D")
    assert _loud(found) == "AB"
    assert {each.rule.code for each in found.left_out} == {"Tc", "Td"}


def test_verify_compares_and_leaves_nothing_out() -> None:
    played = _Played(cast("Engine", None), Project(Tree.of({"Dockerfile": DOCKERFILE})))
    played.breaks = "A"
    found = verify(played, [_rule("a"), _rule("b")], Safety.SAFE)
    assert (_loud(found), found.comparison.verdict, found.left_out) == ("AB", Verdict.DIFFERENT, ())


class _Containers:
    """An engine with images that hold no Python of their own, and containers that say nothing."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.is_absent = False

    def inspect_image(self, image: str) -> dict[str, Any]:
        return {"Config": {}}

    def container(self, image: str, entrypoint: Sequence[str] = (), **_: object) -> _Containers:
        self.is_absent = bool(entrypoint)
        return self

    def run(self, words: Sequence[str], **_: object) -> Ran:
        self.asked.append(json.loads(words[-1]))
        return Ran(0, b"{}")

    def wait(self, seconds: float) -> None:
        return None

    def logs(self, most: int) -> str:
        return ""

    def changes(self) -> list[str]:
        return []

    def start(self) -> None:
        if self.is_absent:
            raise EngineError("no such program")

    def remove(self) -> None: ...


def test_a_second_look_gives_a_service_that_opens_no_port_more_time_to_end() -> None:
    engine = _Containers()
    probe = Probe(cast("Engine", engine), Asked())
    found = probe.original("image", "scratch")
    probe.again("image", found, found)
    first, second = (each["limit"] for each in engine.asked)
    assert first < second == START_SECONDS


class _Failing:
    """An engine on which every build ends with what pip says at its end."""

    def build(self, recipe: Recipe, on_step: object = None) -> Built:
        log = ("ERROR: No matching distribution found for shop==9", "", "[notice] A new release of pip is available")
        raise BuildError("the build failed at RUN pip install shop==9", log=log)


def test_a_failed_build_is_told_by_its_error_and_not_by_the_notice_of_a_newer_pip() -> None:
    verifier = Verifier(cast("Engine", _Failing()), Project(Tree.of({"Dockerfile": DOCKERFILE})))
    outcome = verify(verifier, [_rule("a")], Safety.SAFE).comparison.outcomes[0]
    assert outcome.why.endswith("at RUN pip install shop==9: ERROR: No matching distribution found for shop==9")


class _Slow:
    """An engine that can build some versions, counted from the first, only in more time than they have."""

    def __init__(self, *late: int) -> None:
        self.late, self.built, self.limits = late, 0, set[float]()

    def build(self, recipe: Recipe, on_step: object = None) -> Built:
        self.built += 1
        self.limits.add(recipe.limit)
        if self.built in self.late:
            raise LateBuildError(f"the build took longer than {recipe.limit:.0f} s, at RUN make")
        return Built("image", (), 1.0)

    def inspect_image(self, image: str) -> dict[str, Any]:
        return {"Config": {}}

    def container(self, image: str, **_: object) -> _Containers:
        containers = _Containers()
        containers.is_absent = True
        return containers

    def has_image(self, image: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("late", "side"),
    [((1,), "the original"), ((2,), "the new version"), ((1, 2), "the original")],
    ids=["of the original", "of the new version", "of both"],
)
def test_a_build_that_takes_too_long_is_no_difference(late: tuple[int, ...], side: str) -> None:
    engine = _Slow(*late)
    verifier = Verifier(cast("Engine", engine), Project(Tree.of({"Dockerfile": DOCKERFILE})), limit=7)
    comparison = verify(verifier, [_rule("a")], Safety.SAFE).comparison
    assert (comparison.verdict, engine.limits) == (Verdict.UNKNOWN, {7})
    assert comparison.outcomes[0].why == f"{side}: the build took longer than 7 s, at RUN make"
