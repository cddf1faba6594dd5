"""Installs from a lock: `uv sync`, `poetry install`, `pipenv install`, `pdm sync`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build.installs import own_command, runs
from pydock.build.views import files_before, image
from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.locks.installs.caches import mounts
from pydock.patterns import regex
from pydock.project import Project
from pydock.shell import Command, Step, Word, argv, script
from pydock.values import Value, once

VERBS = {"uv": ("sync",), "poetry": ("install", "sync"), "pipenv": ("install", "sync"), "pdm": ("install", "sync")}
LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock", "pdm": "pdm.lock"}
MANIFESTS = {"uv": "pyproject.toml", "poetry": "pyproject.toml", "pipenv": "Pipfile", "pdm": "pyproject.toml"}
_ELSEWHERE = ("-C", "--directory", "--project", "-P")
_PYTHON = regex(r"python[\d.]*")


class Sync(Value):
    """One install from a lock. `verb` is the word new options go behind; `names` what is asked for by name.

    `is_elsewhere` when it does not work on the current work directory.
    """

    stage: Stage
    instruction: Instruction
    step: Step
    command: Command
    tool: str
    verb: Word
    names: tuple[Word, ...]
    is_elsewhere: bool

    def has(self, *options: str) -> bool:
        return self.command.has(*options)


@once
def syncs(dockerfile: Dockerfile, stage: Stage) -> tuple[Sync, ...]:
    """Every install from a lock in a stage, in order."""
    return tuple(_all(dockerfile, stage))


def _all(dockerfile: Dockerfile, stage: Stage) -> Iterator[Sync]:
    for run in runs(dockerfile, stage):
        moved = False
        for step in script(run).steps:
            for command in step.commands:
                if found := _read(stage, run, step, command, moved=moved):
                    yield found
                moved = moved or command.program in {"cd", "pushd"}


def _read(stage: Stage, run: Instruction, step: Step, command: Command, *, moved: bool) -> Sync | None:
    inner = own_command(command)
    words = inner.words if inner is not None else ()
    if inner is not None and _PYTHON.fullmatch(inner.program) and inner.values[1:2] == ("-m",):
        words = words[2:]
    line = argv(words)
    if line.program not in VERBS or line.verb not in VERBS[line.program]:
        return None
    is_elsewhere = moved or line.has(*_ELSEWHERE)
    return Sync(stage, run, step, command, line.program, line.verb_words[0], line.operands, is_elsewhere)


def context_path(project: Project, sync: Sync, name: str) -> str | None:
    """The file of the context that an install finds under a name in its work directory, None when unsure."""
    if sync.is_elsewhere or not project.tree.known:
        return None
    path = files_before(project, sync.instruction).origin(name) or _bound(project, sync, name)
    if path is None or project.tree.ignore.hides(path) or not project.tree.has_file(path):
        return None
    return path


def _bound(project: Project, sync: Sync, name: str) -> str | None:
    workdir = image(project, sync.stage, sync.instruction).workdir
    for mount in mounts(sync.instruction, "bind"):
        if "from" in mount or workdir is None:
            continue
        target = posixpath.normpath(posixpath.join(workdir, mount["target"]))
        wanted = posixpath.join(workdir, name)
        source = posixpath.normpath(mount["source"].lstrip("/") or ".")
        if target == wanted:
            return source
        inside = posixpath.relpath(wanted, target)
        if not inside.startswith(".."):
            return posixpath.normpath(posixpath.join(source, inside))
    return None
