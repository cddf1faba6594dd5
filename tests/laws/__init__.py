"""What always holds, as functions that say what is broken; tests and the corpus checker share them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from e2b_dockerfile_utils import DockerfileSyntaxError, parse_dockerfile_ast

from pydock.build import laws as build_laws
from pydock.build import walk
from pydock.dockerfile import Dockerfile
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
    if lost := comments(before) - comments(after):
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
