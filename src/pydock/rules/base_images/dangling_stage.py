"""A stage that nothing uses, or a stage that is used and does not exist.

BuildKit skips a stage that the target does not need, the older builder runs it each time; to
a reader it is a riddle in both. `COPY --from=NAME` with a name that is no stage quietly pulls
an image of that name from a registry, where anybody may have put it.

Display only: a stage may be built by name from a pipeline that is not in this folder. Names
that compose files, CI or scripts of the folder mention are taken to be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from pydock.dockerfile import Instruction, Stage, mounts
from pydock.project import Project
from pydock.project.retag import build_files
from pydock.rule import Example, Finding, Level, Rule

EXAMPLES = (
    Example(before="FROM python:3.12-slim AS wheels\nRUN pip wheel flask\nFROM python:3.12-slim\n", finds=True),
    Example(before="FROM python:3.12-slim AS build\nFROM python:3.12-slim\nCOPY --from=builder /x /x\n", finds=True),
    Example(before="FROM python:3.12-slim AS build\nFROM python:3.12-slim\nCOPY --from=build /x /x\n"),
    Example(
        before="FROM python:3.12-slim AS test\nFROM python:3.12-slim\n",
        files={"compose.yaml": "services:\n  tests:\n    build:\n      target: test\n"},
    ),
)

_STAGE_WORDS = frozenset({"builder", "build", "base", "deps", "dependencies", "wheels", "compile", "compiler", "venv"})


def check(project: Project) -> Iterator[Finding]:
    stages = project.dockerfile.stages
    used: set[int] = set()
    for stage in stages:
        for instruction, name in _origins(stage):
            origin = project.dockerfile.stage_named(name)
            if origin is not None and origin.index < stage.index:
                used.add(origin.index)
            elif instruction is not stage.start and "$" not in name:
                yield from _unknown(project, stage, instruction, name)
    if any("$" in name for stage in stages for _, name in _origins(stage)):
        return
    for stage in stages[:-1]:
        if stage.index not in used and stage is not project.final and not _is_mentioned(project, stage):
            yield _unused(project, stage)


def _origins(stage: Stage) -> Iterator[tuple[Instruction, str]]:
    """Every name of a stage or an image that a stage takes something from."""
    yield stage.start, stage.base
    for instruction in stage.instructions:
        if origin := instruction.flag("from"):
            yield instruction, origin
        yield from ((instruction, mount.origin) for mount in mounts(instruction) if mount.origin)


def _unknown(project: Project, stage: Stage, instruction: Instruction, name: str) -> Iterator[Finding]:
    names = [entry.name for entry in project.dockerfile.stages if entry.name]
    later = name.lower() in names[stage.index :] and name.lower() not in names[: stage.index]
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.75)
    is_stage = name.isdigit() or later or bool(near) or name.lower() in _STAGE_WORDS
    if not is_stage or re.search(r"[/:@.]", name) or _is_context(project, name):
        return
    yield Finding(
        RULE,
        instruction.body,
        f"{name} is no earlier stage of this file",
        cost=f"a builder looks for an image called {name} in a registry" if not name.isdigit() else "the build fails",
        advice=f"Did you mean {near[0]}?" if near and near[0] != name.lower() else "Name a stage that stands above.",
    )


def _is_context(project: Project, name: str) -> bool:
    """Whether a compose or bake file may define the name as a build context of its own."""
    return any(
        re.search(rf"(additional_contexts|contexts|--build-context)[^\0]*\b{re.escape(name)}\b", text)
        for _, text in build_files(project)
    )


def _is_mentioned(project: Project, stage: Stage) -> bool:
    if not stage.name:
        return False
    pattern = re.compile(rf"\btarget[s\"']?\s*[:=\s]\s*\[?\s*[\"']?{re.escape(stage.name)}\b", re.I)
    return any(pattern.search(text) for _, text in build_files(project))


def _unused(project: Project, stage: Stage) -> Finding:
    name = stage.name or f"number {stage.index}"
    return Finding(
        RULE,
        stage.start.body,
        f"stage {name} is not used",
        cost="builders without BuildKit still build it every time",
        advice="Remove it, or name it with --target in a file of this project."
        if project.tree.known
        else "Remove it, unless something builds it with --target.",
        own_level=Level.WARNING,
    )


RULE = Rule("PYD108", "dangling-stage", check, __doc__, EXAMPLES, same_as=("DL3022",), level=Level.ERROR)
