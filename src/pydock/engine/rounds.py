"""Find, choose, splice, read again: rounds of fixes until a round has nothing left to do."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from pydock.build import walk
from pydock.build.contract import contract
from pydock.build.installs import requirement_sets
from pydock.build.laws import Declared, Violation, broken
from pydock.context import Tree
from pydock.engine.silence import heard
from pydock.errors import PydockError, RuleBugError, SyntaxProblem
from pydock.packages.requirements import entries
from pydock.project import Project
from pydock.rule import Finding, Rule
from pydock.service.files.secret_files import SECRETS, secret_files
from pydock.text import Fix, Safety, Span, Taken
from pydock.values import Value, replace

ROUNDS = 20


class Round(Value):
    """One round: the tree before and after, and the findings whose fixes made the difference."""

    before: Tree
    after: Tree
    settled: tuple[Finding, ...]


class Refused(Value):
    """A finding whose fix was not applied, since it would break the service: in which tree, and what would break."""

    before: Tree
    finding: Finding
    violations: tuple[Violation, ...]


class Report(Value):
    """What a run found and did. `findings` are of the first reading, `remaining` of the last.

    `held_back` are the remaining findings whose fix needs more than was allowed, `refused` those whose fix
    would break the service; these are among the remaining ones, without their fix.
    """

    project: Project
    result: Project
    findings: tuple[Finding, ...]
    rounds: tuple[Round, ...]
    remaining: tuple[Finding, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def settled(self) -> tuple[Finding, ...]:
        """The findings whose fixes were applied, in the order of the rounds."""
        return tuple(finding for entry in self.rounds for finding in entry.settled)

    @property
    def held_back(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.remaining if finding.fix is not None)

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths whose text is not what it was, sorted."""
        before, after = self.project.tree, self.result.tree
        return tuple(sorted(path for path in after.changes if after.changes[path] != before.text(path)))


def check(project: Project, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """The findings of these rules, what fails already first, then the worst; a comment may silence some.

    Raises SyntaxProblem for files that BuildKit or pip would reject, RuleBugError when a rule raises.
    """
    if problems := project.dockerfile.problems:
        line, what = problems[0]
        raise SyntaxProblem(f"{project.path}:{line}: {what}", "pydock edits only files that a builder accepts")
    for requirements in requirement_sets(project):
        if requirements.loop:
            _refuse_loop(project, requirements.loop)
    found: list[Finding] = []
    rules = tuple(rules)
    for rule in rules:
        try:
            found += rule.check(project)
        except (PydockError, MemoryError, RecursionError):
            raise
        except Exception as error:
            raise RuleBugError(f"{rule.code} {rule.name} failed on {project.path}: {error!r}") from error
    judges = {rule.code: rule.judge for rule in rules}
    judged = (judges[each.rule.code](project, each) for each in heard(project, rules, found))
    kept = tuple(finding for finding in judged if finding is not None)
    if (unseen := project.tree.unseen) is not None:
        kept = tuple(_withheld(finding, unseen) for finding in kept)
    return tuple(sorted(kept, key=lambda each: (*_gravity(each), each.path or project.path, *_place(each))))


def _gravity(finding: Finding) -> tuple[bool, int]:
    return not finding.rule.is_of_failures, finding.level.rank


def _withheld(finding: Finding, unseen: str) -> Finding:
    """A finding without its fix, which may have been another one if all files of the context were known."""
    if finding.fix is None:
        return finding
    return replace(finding, fix=None, advice=f"Not fixed: {unseen}. {finding.advice}".rstrip())


def _refuse_loop(project: Project, loop: tuple[str, ...]) -> None:
    *_, last, first = loop
    listed = entries(last, project.tree.text(last) or "")
    line = next((entry.line for entry in listed if entry.value and posixpath.basename(entry.value) in first), 1)
    raise SyntaxProblem(f"{last}:{line}: the files include each other: {' -> '.join(loop)}", "pip refuses them, too")


def choose(findings: Iterable[Finding], allow: Safety) -> tuple[tuple[Finding, Fix], ...]:
    """The findings whose fixes can share a round: allowed, and not touching one another.

    What changes the application's source has rounds of its own, before the rest. The widest goes
    first, so a rewrite of the whole file has a round to itself; place, code and name settle the
    rest, so the order in which rules are listed never shows in the result.
    """
    chosen: list[tuple[Finding, Fix]] = []
    offers = [(finding, fix) for finding in findings if (fix := finding.fix) and fix.safety <= allow]
    offers = [offer for offer in offers if offer[0].rule.is_source] or offers
    taken = Taken()
    for finding, fix in sorted(offers, key=_precedence):
        if not taken.clashes(fix):
            chosen.append((finding, fix))
            taken.add(fix)
    return tuple(chosen)


def _precedence(offer: tuple[Finding, Fix]) -> tuple[object, ...]:
    finding, fix = offer
    return -fix.width, *_place(finding), finding.path


def _place(finding: Finding) -> tuple[Span, str, str]:
    return finding.span, finding.rule.code, finding.rule.name


def rewrite(project: Project, rules: Sequence[Rule], allow: Safety) -> Report:
    """Apply fixes up to a safety until none is left; one that would break the service is refused, and told.

    Raises SyntaxProblem as `check` does, and RuleBugError when a rule loops, breaks the file
    or changes a part of the contract that its fix does not declare.
    """
    first = findings = check(project, rules)
    rounds: list[Round] = []
    refused: dict[tuple[str, ...], Refused] = {}
    current = project
    while (chosen := choose(findings, allow)) or _stale(refused, current):
        if not chosen:
            # What broke the service before the last fixes may be right now; a second run would find it.
            refused = {known: each for known, each in refused.items() if each.before is current.tree}
            findings = tuple(_without_fix(finding, refused) for finding in check(current, rules))
            continue
        if len(rounds) == ROUNDS:
            titles = ", ".join(fix.title for _, fix in chosen)
            raise RuleBugError(f"{project.path}: no end in sight after: {titles}")
        following, kept, rejected = _sound(current, chosen)
        refused |= {_identity(each.finding): each for each in rejected}
        if kept:
            rounds.append(Round(current.tree, following.tree, kept))
            current = following
            findings = check(current, rules)
        findings = tuple(_without_fix(finding, refused) for finding in findings)
    return Report(project, current, first, tuple(rounds), findings, tuple(refused.values()))


def rewrite_one(project: Project, rules: Sequence[Rule], number: int) -> Report:
    """Apply the fix of one finding, by its number among those of `check`, unless it would break the service.

    Raises what `rewrite` does.
    """
    findings = check(project, rules)
    chosen = choose(findings[number : number + 1], Safety.UNSAFE)
    following, kept, refused = _sound(project, chosen) if chosen else (project, (), [])
    rounds = (Round(project.tree, following.tree, kept),) if kept else ()
    remaining = check(following, rules) if kept else findings
    return Report(project, following, findings, rounds, remaining, tuple(refused))


Chosen = tuple[tuple[Finding, Fix], ...]


def _sound(current: Project, chosen: Chosen) -> tuple[Project, tuple[Finding, ...], list[Refused]]:
    """The project after those fixes of a round that break nothing, their findings, and the others.

    All are tried at once; only where that breaks a law one after the other, the widest first.
    """
    following, violations = _tried(current, chosen)
    if not any(not each.is_doubt for each in violations):
        return following, _with_doubts(chosen, violations), []
    kept: Chosen = ()
    refused: list[Refused] = []
    doubts: tuple[Violation, ...] = ()
    following = current
    for offer in chosen:
        result, violations = _tried(current, (*kept, offer)) if len(chosen) > 1 else (following, violations)
        certain = tuple(each for each in violations if not each.is_doubt)
        if certain:
            refused.append(Refused(current.tree, offer[0], certain))
        else:
            kept, following, doubts = (*kept, offer), result, violations
    return following, _with_doubts(kept, doubts), refused


def _tried(current: Project, chosen: Chosen) -> tuple[Project, tuple[Violation, ...]]:
    """The project after these fixes, and what they break of laws 11 and 12."""
    fixes = [fix for _, fix in chosen]
    following = current.again(current.tree.edited(edit for fix in fixes for edit in fix.edits))
    _keep_promises(current, following, fixes)
    return following, broken(walk(current), walk(following), declared_by(current, following, fixes))


def declared_by(before: Project, after: Project, fixes: Iterable[Fix]) -> Declared:
    """What fixes change on purpose between two versions of a project."""
    changes = frozenset[str]().union(*(fix.changes for fix in fixes))
    unsent = _unsent(before, after)
    secrets = unsent.intersection(secret_files(before.tree)) if SECRETS in changes and unsent else frozenset[str]()
    return Declared(changes, unsent, secrets)


def _unsent(before: Project, after: Project) -> frozenset[str]:
    """The files of the build context that a new .dockerignore leaves out."""
    if before.tree.ignore == after.tree.ignore:
        return frozenset()
    return frozenset(before.tree.sent()) - frozenset(after.tree.sent())


def _with_doubts(chosen: Chosen, violations: tuple[Violation, ...]) -> tuple[Finding, ...]:
    """The findings of a round; what may be lost is a doubt of the widest fix."""
    findings = [finding for finding, _ in chosen]
    if chosen and violations:
        finding, fix = chosen[0]
        doubts = dict.fromkeys((*fix.doubts, *(each.what for each in violations)))
        findings[0] = replace(finding, fix=replace(fix, doubts=tuple(doubts)))
    return tuple(findings)


def _stale(refused: Mapping[tuple[str, ...], Refused], current: Project) -> bool:
    """Whether a fix was refused in a text that has changed since."""
    return any(each.before is not current.tree for each in refused.values())


def _identity(finding: Finding) -> tuple[str, ...]:
    """What a finding is known again by when the text has moved."""
    return finding.rule.code, finding.path, finding.message, finding.fix.title if finding.fix else ""


def _without_fix(finding: Finding, refused: Mapping[tuple[str, ...], Refused]) -> Finding:
    return replace(finding, fix=None) if refused and _identity(finding) in refused else finding


def _keep_promises(before: Project, after: Project, fixes: Iterable[Fix]) -> None:
    titles = ", ".join(fix.title for fix in fixes)
    if problems := after.dockerfile.problems:
        raise RuleBugError(f"{titles}: line {problems[0][0]} of the result: {problems[0][1]}")
    broken = contract(before).differs(contract(after))
    if undeclared := broken.difference(*(fix.changes for fix in fixes)):
        raise RuleBugError(f"{titles}: changed {', '.join(sorted(undeclared))} without saying so")
