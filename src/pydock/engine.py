"""Find, choose, splice, read again: rounds of fixes until a round has nothing left to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydock.dockerfile import Instruction
from pydock.edits import Fix, Safety
from pydock.errors import RuleBugError, SyntaxProblem
from pydock.project import Project
from pydock.rule import Finding, Rule
from pydock.tree import Tree

ROUNDS = 20
_IGNORE = re.compile(r"#\s*pydock:\s*(ignore|ignore-file)\s*(?:\[([^\]]*)\])?", re.I)
_HADOLINT = re.compile(r"#\s*hadolint\s+(global\s+)?ignore\s*=\s*([\w,\s]+)", re.I)


@dataclass(frozen=True, slots=True)
class Round:
    """One round: the tree before and after, and the fixes that made the difference."""

    before: Tree
    after: Tree
    fixes: tuple[Fix, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found and did. `findings` are of the first reading, `remaining` of the last.

    `held_back` are the remaining findings whose fix needs more than was allowed.
    """

    project: Project
    result: Project
    findings: tuple[Finding, ...]
    rounds: tuple[Round, ...]
    remaining: tuple[Finding, ...]

    @property
    def fixes(self) -> tuple[Fix, ...]:
        return tuple(fix for entry in self.rounds for fix in entry.fixes)

    @property
    def held_back(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.remaining if finding.fix is not None)

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths whose text is not what it was, sorted."""
        before, after = self.project.tree, self.result.tree
        return tuple(sorted(path for path in after.changes if after.changes[path] != before.text(path)))


def check(project: Project, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """The findings of these rules in file order, suppressed ones left out.

    Raises SyntaxProblem for a file that BuildKit would reject, RuleBugError when a rule raises.
    """
    if problems := project.dockerfile.problems:
        line, what = problems[0]
        raise SyntaxProblem(f"{project.path}:{line}: {what}", "pydock edits only files that a builder accepts")
    found: list[Finding] = []
    for rule in rules:
        try:
            found += rule.check(project)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise RuleBugError(f"{rule.code} {rule.name} failed on {project.path}: {error!r}") from error
    kept = [finding for finding in found if not _is_suppressed(project, finding)]
    return tuple(sorted(kept, key=lambda finding: (finding.path or project.path, finding.span, finding.rule.code)))


def choose(findings: Iterable[Finding], allow: Safety) -> tuple[Fix, ...]:
    """The fixes that can share a round: allowed, and not touching one another.

    The widest goes first, so a rewrite of the whole file has a round to itself; place and
    code settle the rest, so the order in which rules are listed never shows in the result.
    """
    chosen: list[Fix] = []
    offers = [(fix, finding) for finding in findings if (fix := finding.fix) and fix.safety <= allow]
    for fix, _ in sorted(offers, key=lambda offer: (-offer[0].width, offer[1].span, offer[1].rule.code)):
        if not any(fix.clashes(other) for other in chosen):
            chosen.append(fix)
    return tuple(chosen)


def rewrite(project: Project, rules: Sequence[Rule], allow: Safety) -> Report:
    """Apply fixes up to a safety until none is left.

    Raises SyntaxProblem as `check` does, and RuleBugError when a rule loops, breaks the file
    or changes a part of the contract that its fix does not declare.
    """
    first = findings = check(project, rules)
    rounds: list[Round] = []
    current = project
    while fixes := choose(findings, allow):
        if len(rounds) == ROUNDS:
            raise RuleBugError(f"{project.path}: no end in sight after: {', '.join(fix.title for fix in fixes)}")
        following = current.again(current.tree.edited(edit for fix in fixes for edit in fix.edits))
        _keep_promises(current, following, fixes)
        rounds.append(Round(current.tree, following.tree, fixes))
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


def _is_suppressed(project: Project, finding: Finding) -> bool:
    if finding.path and finding.path != project.path:
        return False
    dockerfile = project.dockerfile
    first = dockerfile.instructions[0]
    if _names(dockerfile.text[: first.span.start], finding.rule, in_head=True):
        return True
    place = next((entry for entry in dockerfile.instructions if entry.whole.end > finding.span.start), first)
    return _names(_comments_of(dockerfile.text, place), finding.rule, in_head=False)


def _comments_of(text: str, instruction: Instruction) -> str:
    return text[instruction.lead.start : instruction.lead.end]


def _names(comments: str, rule: Rule, *, in_head: bool) -> bool:
    """Whether suppression comments name this rule, by code, by name or by a rule that means the same."""
    for match in _IGNORE.finditer(comments):
        if (match[1].lower() == "ignore-file") == in_head or not in_head:
            codes = {code.strip() for code in (match[2] or "").split(",") if code.strip()}
            if not codes or codes & {rule.code, rule.name}:
                return True
    for match in _HADOLINT.finditer(comments):
        if bool(match[1]) == in_head and {code.strip() for code in match[2].split(",")} & set(rule.same_as):
            return True
    return False
