"""What always holds, as functions that say what is broken; tests and the corpus checker share them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from e2b_dockerfile_utils import DockerfileSyntaxError, parse_dockerfile_ast

from pydock.build import Build, Step, walk
from pydock.build import laws as build_laws
from pydock.build.laws.identity import by_identity, identity
from pydock.dockerfile import Dockerfile, Instruction
from pydock.dockerfile.lines import Role
from pydock.engine import Report, choose, rewrite
from pydock.engine.rounds import declared_by
from pydock.errors import PydockError, SyntaxProblem
from pydock.project import Project
from pydock.rule import Rule
from pydock.text import Safety

COMMENTS = frozenset({Role.COMMENT, Role.INNER_COMMENT})
Boundary = tuple[str, int, int]


def tiles(dockerfile: Dockerfile) -> bool:
    """Whether head, instructions and tail are the whole text, and so are the physical lines."""
    parts = [dockerfile.head, *(span for each in dockerfile.instructions for span in (each.lead, each.span))]
    by_instruction = "".join(map(dockerfile.slice, [*parts, dockerfile.tail]))
    return by_instruction == dockerfile.text == "".join(dockerfile.slice(line.span) for line in dockerfile.lines)


def own_boundaries(dockerfile: Dockerfile) -> list[Boundary]:
    """(keyword, first line, last line) of each instruction."""
    return [(each.keyword, each.number, _last_line(dockerfile, each.span.end)) for each in dockerfile.instructions]


def _last_line(dockerfile: Dockerfile, end: int) -> int:
    return dockerfile.position(max(end - 1, 0))[0]


def oracle_boundaries(text: str) -> list[Boundary] | None:
    """The same by the port of BuildKit's parser, None where that rejects the text."""
    try:
        parsed = parse_dockerfile_ast(text)
    except DockerfileSyntaxError:
        return None
    return [(each.name, each.start_line, each.end_line) for each in parsed.instructions]


def accepted(text: str) -> bool:
    return oracle_boundaries(text) is not None


def comments(text: str) -> Counter[str]:
    """Every comment line, without its indentation."""
    dockerfile = Dockerfile(text)
    return Counter(dockerfile.slice(line.span).strip() for line in dockerfile.lines if line.role in COMMENTS)


def gone_with_steps(before: Build, after: Build) -> Counter[str]:
    """The comment lines right above what no stage has any more: they speak of that alone, and go with it."""
    known, old = by_identity(after), by_identity(before)
    found: Counter[str] = Counter()
    for instruction, group in groupby(before.steps, lambda step: step.instruction):
        steps = tuple(group)
        gone = [step for step in steps if identity(step) not in known or _is_twice(step, old)]
        starts = {_start(instruction, steps, step) for step in gone}
        starts |= {instruction.span.start} if len(gone) == len(steps) else set()
        for start in starts:
            found.update(_right_above(before.dockerfile.text, start))
    return found


def _is_twice(step: Step, old: Mapping[tuple[str, ...], tuple[Step, ...]]) -> bool:
    return step.keyword in {"COPY", "ADD"} and len(old[identity(step)]) > 1


def _start(instruction: Instruction, steps: tuple[Step, ...], step: Step) -> int:
    """Where the text of a step begins: of a part of a RUN, of a package, of a variable."""
    if step.member is not None:
        return step.operand.span.start if step.operand is not None else step.member.span.start
    if step.keyword in {"ENV", "ARG"} and len(steps) == len(instruction.assignments):
        return instruction.assignments[steps.index(step)].span.start
    return instruction.span.start


def _right_above(text: str, start: int) -> Iterator[str]:
    """The comment lines that stand without a blank line above the line of a place."""
    for line in reversed(text[:start].splitlines()[: text.count("\n", 0, start)]):
        if not line.strip().startswith("#"):
            return
        yield line.strip()


def broken(project: Project, rules: Sequence[Rule], allow: Safety) -> Iterator[tuple[str, str]]:
    """(law, what happened) for each law that a rewrite of this project breaks."""
    text = project.dockerfile.text
    if not tiles(project.dockerfile):
        yield "lossless", "instructions and lines do not tile the text"
    theirs, ours = oracle_boundaries(text), own_boundaries(project.dockerfile)
    if theirs is not None and theirs != ours:
        yield "boundaries", str(next((pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]), "count"))
    try:
        report = rewrite(project, rules, allow)
    except SyntaxProblem as problem:
        if theirs:
            yield "readable", problem.message
        return
    except PydockError as error:
        yield "contract", error.message
        return
    if theirs is not None:
        yield from _broken_by(report, rules, allow)


def _broken_by(report: Report, rules: Sequence[Rule], allow: Safety) -> Iterator[tuple[str, str]]:
    before, after = report.project.dockerfile.text, report.result.dockerfile.text
    if not accepted(after):
        yield "accepted", "the output is rejected"
    if offers := choose(report.remaining, allow):
        yield "settled", f"{offers[0][0].rule.code} can still be fixed"
    yield from _lost_by(report)
    if lost := comments(before) - comments(after) - gone_with_steps(walk(report.project), walk(report.result)):
        yield "comments", f"lost {next(iter(lost))!r}"
    again = rewrite(report.result, rules, allow)
    if again.changed:
        yield "once", f"a second fix changes {', '.join(again.changed)}: {again.settled[0].rule.code}"
    shuffled = random.Random(len(before)).sample(list(rules), len(rules))
    if rewrite(report.project, shuffled, allow).result.tree.changes != report.result.tree.changes:
        yield "order", "the order of the rules shows in the result"


def _lost_by(report: Report) -> Iterator[tuple[str, str]]:
    """("steps" or "processes", what is lost): by the whole rewrite, and by each fix that was refused for it."""
    fixes = [finding.fix for finding in report.settled if finding.fix is not None]
    declared = declared_by(report.project, report.result, fixes)
    found = list(build_laws.broken(walk(report.project), walk(report.result), declared))
    for refused in report.refused:
        found += refused.violations
    for each in found:
        if not each.is_doubt:
            yield {11: "steps", 12: "processes"}[each.law], each.what
