"""A value that changes with every build stands above the installs.

`ARG GIT_SHA` or `ENV BUILD_NUMBER` is part of the environment of every RUN below it. With each
commit it changes, no layer below is found in the cache, and everything is installed again.

The cure is to move it below the last install. Safe where nothing in between uses it, by name,
and where what runs in between is only package managers and file tools, which read no such
variable; where the project's own code runs in between it may read the variable, so that is
unsafe. LABEL alone costs nothing with BuildKit; it moves only together with its ARG.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydock.build import walk
from pydock.build.commands import CommandLine
from pydock.build.installs import installs_of
from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.text import Edit, Fix, Safety, Span, variables

_VOLATILE = regex(
    r"(.*_)?(GIT_?(SHA1?|COMMIT|HASH|REV|REF|DESCRIBE)|COMMIT(_?(SHA|HASH|ID|REF|TAG))?|VCS_REF|REVISION|SOURCE_COMMIT"
    r"|BUILD_?(DATE|TIME|NUMBER|NUM|ID|TIMESTAMP|SHA|REF|TAG)|CI_(PIPELINE|JOB)_ID|TIMESTAMP|BUILT_AT|CREATED(_AT)?)(_.*)?\Z"
)
_QUIET = frozenset(
    [
        "apt-get",
        "apt",
        "apk",
        "dpkg",
        "yum",
        "dnf",
        "microdnf",
        "mkdir",
        "rm",
        "mv",
        "cp",
        "ln",
        "chmod",
        "chown",
        "groupadd",
        "useradd",
        "adduser",
        "addgroup",
        "echo",
        "printf",
        "touch",
        "true",
        "set",
        "cd",
        "export",
        "find",
        "sed",
        "tar",
        "unzip",
        "curl",
        "wget",
        "update-ca-certificates",
        "locale-gen",
    ]
)
_INSTALL = "RUN pip install -r requirements.txt\n"

EXAMPLES = (
    Example(
        before=f"FROM python:3.12-slim\nARG GIT_SHA\nLABEL revision=$GIT_SHA\n{_INSTALL}COPY . .\n",
        after=f"FROM python:3.12-slim\n{_INSTALL}ARG GIT_SHA\nLABEL revision=$GIT_SHA\nCOPY . .\n",
    ),
    Example(
        before=f"FROM python:3.12-slim\nENV BUILD_NUMBER=12\n{_INSTALL}",
        after=f"FROM python:3.12-slim\n{_INSTALL}ENV BUILD_NUMBER=12\n",
    ),
    Example(before=f"FROM python:3.12-slim\nARG GIT_SHA\nRUN echo $GIT_SHA >/revision\n{_INSTALL}", finds=True),
    Example(before=f"FROM python:3.12-slim\n{_INSTALL}ARG GIT_SHA\nENV GIT_SHA=$GIT_SHA\n"),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        installing = {call.instruction for call in walk(project).commands_of(stage.index) if _installs(call)}
        installing |= {install.instruction for install in installs_of(project, stage)}
        last = next((run for run in reversed(stage.of("RUN")) if run in installing), None)
        if last is None:
            continue
        early = [entry for entry in stage.of("ARG", "ENV") if entry.span.start < last.span.start and _names(entry)]
        whole = _group(stage, early, last)
        groups = [(early, whole)] if whole else [([entry], _group(stage, [entry], last)) for entry in early]
        for entries, group in groups if early else ():
            yield _finding(project, stage, entries, last, group)


def _names(instruction: Instruction) -> list[str]:
    return [entry.name for entry in instruction.assignments if _VOLATILE.match(entry.name.upper())]


def _installs(call: CommandLine) -> bool:
    if call.program in {"apt-get", "apt", "apk", "npm", "yarn", "yum", "dnf"}:
        return call.verb in {"install", "add", "ci"}
    return call.program in {"uv", "poetry", "pipenv", "pdm"} and call.verb in {"sync", "install"}


def _group(stage: Stage, early: Sequence[Instruction], last: Instruction) -> tuple[Instruction, ...] | None:
    """What has to move along: ENV and LABEL above the last install that use a value; None if anything else does."""
    if not early or any(len(entry.assignments) > 1 for entry in early):
        return None
    names = {entry.assignments[0].name for entry in early}
    group: list[Instruction] = []
    needed: set[str] = set()
    for instruction in stage.instructions[1:]:
        assigned = {entry.name for entry in instruction.assignments} if instruction.keyword in {"ENV", "ARG"} else set()
        if instruction in early:
            group.append(instruction)
        elif instruction.span.start > last.span.start:
            break
        elif group and _uses(instruction, names):
            if instruction.keyword != "LABEL" and (instruction.keyword not in {"ENV", "ARG"} or len(assigned) > 1):
                return None
            group.append(instruction)
            names |= assigned
        elif assigned & (names | needed):
            # Two values of one name: their order matters.
            return None
        if instruction in group:
            needed |= variables(instruction.logical.text)
    others = [entry for entry in stage.of("ENV", "ARG") if entry not in group]
    return None if any(entry.name in names for other in others for entry in other.assignments) else tuple(group)


def _uses(instruction: Instruction, names: set[str]) -> bool:
    texts = (instruction.logical.text, *instruction.documents)
    if any(variables(text) & names for text in texts):
        return True
    return instruction.keyword == "RUN" and any(
        re.search(rf"\b{re.escape(name)}\b", text) for text in texts for name in names
    )


def _finding(
    project: Project,
    stage: Stage,
    early: Sequence[Instruction],
    last: Instruction,
    group: tuple[Instruction, ...] | None,
) -> Finding:
    names = ", ".join(dict.fromkeys(name for entry in early for name in _names(entry)))
    fix = _fix(project, stage, group, last) if group else None
    return Finding(
        RULE,
        early[0].body,
        f"{names} {'stands' if len(early) == 1 else 'stand'} above an install",
        fix,
        cost="each new value invalidates the layer cache of the installs below",
        advice="" if fix else f"Set {names} below line {last.number}, or pass it to what uses it.",
    )


def _fix(project: Project, stage: Stage, group: Sequence[Instruction], last: Instruction) -> Fix:
    dockerfile = project.dockerfile
    moving = [_moving(project, stage, group, entry) for entry in group]
    text = "".join(dockerfile.slice(span) for span in moving)
    before = "" if dockerfile.text[: last.span.end].endswith("\n") else dockerfile.newline
    at = Span(last.span.end, last.span.end)
    between = [run for run in stage.of("RUN") if group[0].span.start < run.span.start <= last.span.start]
    doubts = tuple(dict.fromkeys(doubt for run in between if (doubt := _doubt(project, stage, run))))
    edits = [Edit(project.path, _with_blank(project, span), "") for span in _joined(moving)]
    edits.append(Edit(project.path, at, before + text))
    safety = Safety.UNSAFE if doubts else Safety.SAFE
    return Fix("move below the installs", safety, tuple(edits), frozenset(), doubts)


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans that meet become one, for edits of one fix may not touch."""
    joined: list[Span] = []
    for span in spans:
        is_next = joined and joined[-1].end == span.start
        joined.append(Span(joined.pop().start, span.end) if is_next else span)
    return tuple(joined)


def _with_blank(project: Project, span: Span) -> Span:
    """What to delete: with the blank line after it, where one stands before it too."""
    text, newline = project.dockerfile.text, project.dockerfile.newline
    is_double = text[: span.start].endswith(newline * 2) and text[span.end :].startswith(newline)
    return Span(span.start, span.end + len(newline)) if is_double else span


def _moving(project: Project, stage: Stage, group: Sequence[Instruction], entry: Instruction) -> Span:
    """The instruction with its comments, unless these stand above more lines of the same kind."""
    following = stage.instructions[stage.instructions.index(entry) + 1]
    is_shared = (
        following.keyword == entry.keyword and following not in group and following.lead.start == following.lead.end
    )
    lead = project.dockerfile.slice(entry.lead)
    if "#" not in lead or is_shared:
        return entry.span
    # Blank lines stay where they separate what is left.
    blank = len(lead) - len(lead.lstrip("\r\n"))
    return Span(entry.lead.start + blank, entry.span.end)


def _doubt(project: Project, stage: Stage, run: Instruction) -> str:
    if walk(project).is_unread(run):
        return f"line {run.number} cannot be read, it may use the variable"
    plain = {install.call for install in installs_of(project, stage) if not install.places}
    for call in walk(project).commands_in(run):
        if call not in plain and call.program not in _QUIET:
            return f"line {run.number} runs {call.program or 'a program'}, which may read the variable"
    return ""


RULE = Rule("PYD308", "layer-order", check, __doc__, EXAMPLES)
