"""Find, choose, splice, read again: rounds of fixes until a round has nothing left to do."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from pydock.edits import Fix, Safety, Taken
from pydock.errors import PydockError, RuleBugError, SyntaxProblem
from pydock.lines import Span
from pydock.project import Project
from pydock.project.requirements import entries
from pydock.rule import Finding, Rule
from pydock.silence import heard
from pydock.tree import Tree
from pydock.values import Value, replace

ROUNDS = 20


class Round(Value):
    """One round: the tree before and after, and the findings whose fixes made the difference."""

    before: Tree
    after: Tree
    settled: tuple[Finding, ...]


class Report(Value):
    """What a run found and did. `findings` are of the first reading, `remaining` of the last.

    `held_back` are the remaining findings whose fix needs more than was allowed.
    """

    project: Project
    result: Project
    findings: tuple[Finding, ...]
    rounds: tuple[Round, ...]
    remaining: tuple[Finding, ...]

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
    """The findings of these rules in file order, those that a comment silences left out.

    Raises SyntaxProblem for files that BuildKit or pip would reject, RuleBugError when a rule raises.
    """
    if problems := project.dockerfile.problems:
        line, what = problems[0]
        raise SyntaxProblem(f"{project.path}:{line}: {what}", "pydock edits only files that a builder accepts")
    for requirements in project.requirement_sets:
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
    kept = heard(project, rules, found)
    if (unseen := project.tree.unseen) is not None:
        kept = tuple(_withheld(finding, unseen) for finding in kept)
    return tuple(sorted(kept, key=lambda finding: (finding.path or project.path, *_place(finding))))


def _withheld(finding: Finding, unseen: str) -> Finding:
    """A finding without its fix, which may have been another one if all files of the context were known."""
    if finding.fix is None:
        return finding
    why = f"Not fixed: the build context is too large, and {unseen} was not looked at. Build it in a smaller folder."
    return replace(finding, fix=None, advice=f"{why} {finding.advice}".rstrip())


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
    """Apply fixes up to a safety until none is left.

    Raises SyntaxProblem as `check` does, and RuleBugError when a rule loops, breaks the file
    or changes a part of the contract that its fix does not declare.
    """
    first = findings = check(project, rules)
    rounds: list[Round] = []
    current = project
    while chosen := choose(findings, allow):
        fixes = [fix for _, fix in chosen]
        if len(rounds) == ROUNDS:
            raise RuleBugError(f"{project.path}: no end in sight after: {', '.join(fix.title for fix in fixes)}")
        following = current.again(current.tree.edited(edit for fix in fixes for edit in fix.edits))
        _keep_promises(current, following, fixes)
        rounds.append(Round(current.tree, following.tree, tuple(finding for finding, _ in chosen)))
        current = following
        findings = check(current, rules)
    return Report(project, current, first, tuple(rounds), findings)


def _keep_promises(before: Project, after: Project, fixes: Iterable[Fix]) -> None:
    titles = ", ".join(fix.title for fix in fixes)
    if problems := after.dockerfile.problems:
        raise RuleBugError(f"{titles}: line {problems[0][0]} of the result: {problems[0][1]}")
    broken = before.contract.differs(after.contract)
    if undeclared := broken.difference(*(fix.changes for fix in fixes)):
        raise RuleBugError(f"{titles}: changed {', '.join(sorted(undeclared))} without saying so")
