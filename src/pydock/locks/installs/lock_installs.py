"""Installs from a lock: `uv sync`, `poetry install`, `pipenv install`, `pdm sync`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build.installs import runs
from pydock.build.views import files_before, image
from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.locks.installs.caches import mounts
from pydock.project import Project
from pydock.shell import Command, Step, Word, script
from pydock.values import Value, once

VERBS = {"uv": ("sync",), "poetry": ("install", "sync"), "pipenv": ("install", "sync"), "pdm": ("install", "sync")}
LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock", "pdm": "pdm.lock"}
MANIFESTS = {"uv": "pyproject.toml", "poetry": "pyproject.toml", "pipenv": "Pipfile", "pdm": "pyproject.toml"}
_ELSEWHERE = ("-C", "--directory", "--project", "-P")
_VALUED = frozenset(
    [
        *_ELSEWHERE,
        "--group",
        "--no-group",
        "--only-group",
        "--extra",
        "--no-extra",
        "--package",
        "--python",
        "-p",
        "--with",
        "--without",
        "--only",
        "--extras",
        "-E",
        "-G",
        "--index",
        "--index-url",
        "-i",
        "--default-index",
        "--extra-index-url",
        "--link-mode",
        "--config-file",
        "--cache-dir",
        "--no-install-package",
        "--refresh-package",
        "--pypi-mirror",
        "--requirements",
        "-r",
        "--editable",
        "-e",
        "--categories",
        "--extra-pip-args",
    ]
)


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
    words = command.words
    if re.fullmatch(r"python[\d.]*", command.program) and command.values[1:2] == ("-m",):
        words = words[2:]
    tool = posixpath.basename(words[0].value or "") if words else ""
    if tool not in VERBS:
        return None
    bare = list(_without_options(words[1:]))
    if not bare or bare[0].value not in VERBS[tool]:
        return None
    return Sync(
        stage, run, step, command, tool, bare[0], tuple(bare[1:]), is_elsewhere=moved or command.has(*_ELSEWHERE)
    )


def _without_options(words: tuple[Word, ...]) -> Iterator[Word]:
    rest = iter(words)
    for word in rest:
        text = word.value or ""
        if text in _VALUED:
            next(rest, None)
        elif not text.startswith("-"):
            yield word


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
