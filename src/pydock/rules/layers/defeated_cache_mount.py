"""A cache mount is there, and the cache is switched off.

`PIP_NO_CACHE_DIR=1` or `--no-cache-dir` tells pip to keep nothing, so the mount stays empty
and every build downloads everything again. `PIP_NO_CACHE_DIR=0` does the same: pip takes any
value as yes. `UV_NO_CACHE` is uv's way to say it.

The mount is the better of the two: it never reaches the image, which is what the switch was
for. So the switch goes; safe, the installed packages are the same. A layer without a mount
that the variable was guarding is then seen by pip-cache, which gives it one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.installs import Install, installs_of, without
from pydock.build.views import image, user_set
from pydock.dockerfile import Assignment, Instruction, Stage, mounts
from pydock.locks.installs.caches import cache_folder, is_mounted, switched_off
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.text import Edit, Fix, Safety, Span

MOUNT = "--mount=type=cache,target=/root/.cache/pip"
_COST = "the cache mount stays empty, and every build downloads every package again"
_RUN = f"RUN {MOUNT} pip install flask==3.1.2\n"

EXAMPLES = (
    Example(
        before=f"FROM python:3.12-slim\nENV PIP_NO_CACHE_DIR=1 \\\n    LANG=C.UTF-8\n{_RUN}",
        after=f"FROM python:3.12-slim\nENV LANG=C.UTF-8\n{_RUN}",
    ),
    Example(
        before=f"FROM python:3.12-slim\nRUN {MOUNT} \\\n    pip install --no-cache-dir flask==3.1.2\n",
        after=f"FROM python:3.12-slim\nRUN {MOUNT} \\\n    pip install flask==3.1.2\n",
    ),
    Example(before="FROM python:3.12-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask==3.1.2\n"),
)


def check(project: Project) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    for stage in project.dockerfile.stages:
        for install in installs_of(project, stage):
            environment = image(project, stage, install.instruction).variables
            folder = cache_folder(install.tool, environment, user_set(project, stage, install.instruction))
            if not mounts(install.instruction, "cache") or not is_mounted(
                install.instruction, install.tool, folder, environment
            ):
                continue
            if found := _of_flag(project, install):
                yield found
            variable = switched_off(install.tool, environment)
            setting = _setting(project, stage, install.instruction, variable) if variable else None
            if setting and (setting[0].span.start, variable) not in seen:
                seen.add((setting[0].span.start, variable))
                yield _of_variable(project, *setting)


def _of_flag(project: Project, install: Install) -> Finding | None:
    names = ("--no-cache-dir",) if install.tool == "pip" else ("--no-cache", "-n")
    word = next((word for word in install.command.words if word.value in names), None)
    if word is None:
        return None
    gap = without(project.dockerfile, install.command, word)
    fix = Fix(f"drop {word.value}", Safety.SAFE, (Edit(project.path, gap, ""),)) if gap else None
    return Finding(RULE, word.span, f"{word.value} beside a cache mount", fix, _COST)


def _setting(
    project: Project, stage: Stage, until: Instruction, variable: str
) -> tuple[Instruction, Assignment] | None:
    """The last ENV or ARG that sets a variable for an instruction, in its stage or one it is built on."""
    for entry in project.lineage(stage):
        for instruction in reversed(entry.of("ENV", "ARG")):
            if entry is stage and instruction.span.start > until.span.start:
                continue
            for assignment in instruction.assignments:
                if assignment.name == variable:
                    return instruction, assignment
    return None


def _of_variable(project: Project, instruction: Instruction, assignment: Assignment) -> Finding:
    message = f"{assignment.name} is set, and a RUN mounts a cache"
    edit = _removal(project, instruction, assignment)
    changes = frozenset({"environment"}) if instruction.keyword == "ENV" else frozenset[str]()
    fix = Fix(f"drop {assignment.name}", Safety.SAFE, (edit,), changes) if edit else None
    return Finding(RULE, assignment.span, message, fix, _COST)


def _removal(project: Project, instruction: Instruction, assignment: Assignment) -> Edit | None:
    """The edit that takes one assignment away; None where a comment stands beside it."""
    dockerfile = project.dockerfile
    if "#" in dockerfile.slice(instruction.whole):
        return None
    if len(instruction.assignments) == 1:
        return Edit(project.path, instruction.span, "")
    spans = [entry.span for entry in instruction.assignments]
    at = spans.index(assignment.span)
    gap = Span(spans[at].start, spans[1].start) if at == 0 else Span(spans[at - 1].end, spans[at].end)
    return Edit(project.path, gap, "")


RULE = Rule("PYD303", "defeated-cache-mount", check, __doc__, EXAMPLES)
