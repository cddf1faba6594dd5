"""Proves a rewrite on a real engine: the same service before and after, or which fix makes the difference."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pydock import engine as rounds
from pydock.bench.compare.behaviour import BY_CHANCE
from pydock.bench.compare.images import Comparison, Unbuilt, compare, not_built, settled
from pydock.bench.engine.compose_services import Beside
from pydock.bench.engine.engine import Engine
from pydock.bench.engine.recipe import BUILD_SECONDS, Recipe
from pydock.bench.engine.trace import Step
from pydock.bench.facts.image import Config, Image
from pydock.bench.facts.masks import is_for_installing
from pydock.bench.facts.questions import declared, questions
from pydock.bench.outcome import Verdict
from pydock.bench.prove.probe import Probe
from pydock.context import Tree
from pydock.engine import Report
from pydock.errors import BuildError, LateBuildError
from pydock.project import Project
from pydock.rule import Finding, Rule
from pydock.text import Safety
from pydock.values import Value, replace

MOST_CULPRITS = 6


class LeftOut(Value):
    """A rule whose fix makes a difference, and the comparison that shows it."""

    rule: Rule
    comparison: Comparison


class Verified(Value):
    """A rewrite with its proof.

    `report` is what is left to apply, `left_out` the rules that are not in it, `promoted` the
    doubtful fixes that were proven to change nothing.
    """

    report: Report
    comparison: Comparison
    left_out: tuple[LeftOut, ...] = ()
    promoted: tuple[Finding, ...] = ()


@dataclass
class Verifier:
    """Compares rewrites of one project with the original, which is built and looked at once."""

    engine: Engine
    project: Project
    network: str = "none"
    builder: str = ""
    beside: Beside | None = None
    limit: float = BUILD_SECONDS
    tell: Callable[[str], None] = lambda text: None
    on_step: Callable[[Step], None] = lambda step: None
    _original: Image | Unbuilt | None = None
    _original_image: str = ""
    _seen: dict[tuple[tuple[str, str], ...], Comparison] = field(default_factory=dict)

    def compare(self, report: Report) -> Comparison:
        """The original against the result of a rewrite; the same result is not built twice."""
        key = tuple(sorted(report.result.tree.changes.items()))
        if key not in self._seen:
            self._seen[key] = self._compared(report)
        return self._seen[key]

    def _compared(self, report: Report) -> Comparison:
        probe = Probe(self.engine, questions(self.project), self.network, self.beside, self.tell)
        if self._original is None:
            self._original = self._looked_at_original(probe)
        built = self._built(report.result.tree, "the new version")
        if isinstance(built, Unbuilt):
            return not_built(self._original if isinstance(self._original, Unbuilt) else None, built)
        self.tell("looking at the new version")
        if isinstance(self._original, Unbuilt):
            return not_built(self._original, None, probe.rewritten(built, Image(Config())))
        changed = probe.rewritten(built, self._original)
        found = compare(self._original, changed, declared(report))
        differing = {outcome.aspect for outcome in found.of(Verdict.DIFFERENT)}
        if not differing or differing - BY_CHANCE:
            return found
        self.tell("looking at both again")
        original = probe.again(self._original_image, self._original, self._original)
        return settled(found, compare(original, probe.again(built, changed, self._original), declared(report)))

    def _looked_at_original(self, probe: Probe) -> Image | Unbuilt:
        built = self._built(self.project.tree, "the original")
        if isinstance(built, Unbuilt):
            return built
        self.tell("looking at the original")
        self._original_image = built
        base = self.project.reference(self.project.final) or ""
        return probe.original(built, base)

    def _built(self, tree: Tree, name: str) -> str | Unbuilt:
        """The image, or why there is none."""
        options = self.project.options
        recipe = Recipe(
            tree,
            self.project.path,
            target=options.target,
            arguments=dict(options.arguments),
            builder=self.builder,
            limit=self.limit,
        )
        self.tell(f"building {name}")
        try:
            return self.engine.build(recipe, self.on_step).image
        except LateBuildError as error:
            return Unbuilt(error.message, is_late=True)
        except BuildError as error:
            said = _last_words(error.log)
            return Unbuilt(f"{error.message}: {said}" if said and said not in error.message else error.message)


def _last_words(log: Sequence[str]) -> str:
    """The last line that says why a build failed; pip ends with a word about a newer pip."""
    return next((line for line in reversed(log) if line.strip() and not line.lstrip().startswith("[notice]")), "")


def verify(verifier: Verifier, rules: Sequence[Rule], allow: Safety) -> Verified:
    """The rewrite as it is, and how it compares."""
    report = rounds.rewrite(verifier.project, rules, allow)
    return Verified(report, verifier.compare(report))


def verified_fix(verifier: Verifier, rules: Sequence[Rule], allow: Safety) -> Verified:
    """What can be applied: fixes that change nothing but what they declare, doubtful ones that prove the same.

    Where nothing could be compared the report is without any fix.
    """
    kept, left_out = _without_culprits(verifier, rules, allow)
    report = rounds.rewrite(verifier.project, kept, allow)
    comparison = verifier.compare(report)
    if not comparison.is_kept:
        return Verified(_nothing(verifier.project, rules, allow), comparison, left_out)
    doubtful = _doubtful(report)
    if not doubtful:
        return Verified(report, comparison, left_out)
    promoting = [_promoted(rule) if rule.code in doubtful else rule for rule in kept]
    verifier.tell(f"trying the doubtful fixes of {', '.join(sorted(doubtful))}")
    final, refused = _without_culprits(verifier, promoting, allow, may_leave=doubtful, fallback=kept, is_strict=True)
    report = rounds.rewrite(verifier.project, final, allow)
    promoted = tuple(
        finding for finding in report.settled if finding.rule.code in doubtful and finding.fix and finding.fix.doubts
    )
    return Verified(report, verifier.compare(report), (*left_out, *refused), promoted)


def _without_culprits(
    verifier: Verifier,
    rules: Sequence[Rule],
    allow: Safety,
    *,
    may_leave: Collection[str] | None = None,
    fallback: Sequence[Rule] = (),
    is_strict: bool = False,
) -> tuple[list[Rule], tuple[LeftOut, ...]]:
    """The rules without those that make a difference.

    A rule of `may_leave` that is left out is replaced by its namesake of `fallback`, where it has one.
    """
    namesakes = {rule.code: rule for rule in fallback}
    kept = list(rules)
    left_out: list[LeftOut] = []
    while len(left_out) < MOST_CULPRITS:
        report = rounds.rewrite(verifier.project, kept, allow)
        comparison = verifier.compare(report)
        if _is_fine(comparison, is_strict) or not report.settled or comparison.outcomes[0].why:
            break
        codes = dict.fromkeys(finding.rule.code for finding in report.settled)
        suspects = [code for code in codes if may_leave is None or code in may_leave]
        if not suspects:
            break
        verifier.tell(f"different: looking for the fix that does it among {len(suspects)}")
        culprit, shown = _culprit(verifier, kept, allow, suspects, namesakes, comparison, is_strict)
        left_out.append(LeftOut(next(rule for rule in kept if rule.code == culprit), shown))
        kept = _replaced(kept, {culprit}, namesakes)
    return kept, tuple(left_out)


def _culprit(
    verifier: Verifier,
    rules: Sequence[Rule],
    allow: Safety,
    suspects: Sequence[str],
    namesakes: dict[str, Rule],
    comparison: Comparison,
    is_strict: bool,
) -> tuple[str, Comparison]:
    """The suspect with which the rewrite turns different, by halving how many of them take part."""
    low, high = 0, len(suspects)
    while high - low > 1:
        middle = (low + high) // 2
        tried = _replaced(rules, set(suspects[middle:]), namesakes)
        found = verifier.compare(rounds.rewrite(verifier.project, tried, allow))
        if _is_fine(found, is_strict):
            low = middle
        else:
            high, comparison = middle, found
    return suspects[high - 1], comparison


def _is_fine(comparison: Comparison, is_strict: bool) -> bool:
    return comparison.is_proven if is_strict else comparison.is_kept


def _replaced(rules: Sequence[Rule], codes: Collection[str], namesakes: dict[str, Rule]) -> list[Rule]:
    """The rules, those of some codes replaced by their namesakes or gone."""
    chosen = [namesakes.get(rule.code) if rule.code in codes else rule for rule in rules]
    return [rule for rule in chosen if rule is not None]


def _doubtful(report: Report) -> frozenset[str]:
    """The rules with a fix that is held back for nothing but doubts that a comparison settles."""
    return frozenset(finding.rule.code for finding in report.held_back if _is_doubtful(report.project, finding))


def _is_doubtful(project: Project, finding: Finding) -> bool:
    """Whether a fix may be promoted.

    What changes how the service is started, or its own files, is not: that it answers a few
    requests in the same way says nothing about threads, load, or who else reads its logs.
    """
    fix = finding.fix
    if fix is None or fix.safety is not Safety.UNSAFE or not fix.doubts or fix.changes & {"cmd", "entrypoint"}:
        return False
    paths = {edit.path for edit in fix.edits} - {project.path}
    return all(path.endswith(".dockerignore") or is_for_installing(path) for path in paths)


def _promoted(rule: Rule) -> Rule:
    """The rule with its doubtful fixes made such that they are chosen."""

    def check(project: Project) -> Iterator[Finding]:
        for finding in rule.check(project):
            if finding.fix and _is_doubtful(project, finding):
                yield replace(finding, fix=replace(finding.fix, safety=Safety.SAFE))
            else:
                yield finding

    return replace(rule, check=check)


def _nothing(project: Project, rules: Sequence[Rule], allow: Safety) -> Report:
    """A report of the same findings without any fix applied."""
    findings = rounds.check(project, rules)
    return Report(project, project, findings, (), findings)
