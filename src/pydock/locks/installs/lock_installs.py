"""Installs from a lock: `uv sync`, `poetry install`, `pipenv install`, `pdm sync`."""

from __future__ import annotations

from pydock.build.commands import CommandLine
from pydock.build.files import Files
from pydock.build.installs import is_here
from pydock.build.steps import read_steps
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.shell import Command, Step, Word
from pydock.values import Value

VERBS = {"uv": ("sync",), "poetry": ("install", "sync"), "pipenv": ("install", "sync"), "pdm": ("install", "sync")}
LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock", "pdm": "pdm.lock"}
MANIFESTS = {"uv": "pyproject.toml", "poetry": "pyproject.toml", "pipenv": "Pipfile", "pdm": "pyproject.toml"}
_ELSEWHERE = ("-C", "--directory", "--project", "-P")


class Sync(Value):
    """One install from a lock. `verb` is the word new options go behind; `names` what is asked for by name.

    `is_elsewhere` when it does not work on the current work directory.
    """

    stage: Stage
    call: CommandLine
    tool: str
    verb: Word
    names: tuple[Word, ...]
    is_elsewhere: bool

    @property
    def instruction(self) -> Instruction:
        return self.call.instruction

    @property
    def command(self) -> Command:
        """The whole command as it is written."""
        return self.call.command

    @property
    def step(self) -> Step:
        """The part of the RUN's chain that it stands in."""
        return self.call.part

    def has(self, *options: str) -> bool:
        return self.call.line.has(*options)


def syncs(project: Project, stage: Stage) -> tuple[Sync, ...]:
    """Every install from a lock in a stage, in order."""
    return _syncs(project)[stage.index]


@remembered
def _syncs(project: Project) -> dict[int, tuple[Sync, ...]]:
    build = read_steps(project)
    return {
        stage.index: tuple(found for call in build.commands_of(stage.index) if (found := _read(stage, call)))
        for stage in project.dockerfile.stages
    }


def _read(stage: Stage, call: CommandLine) -> Sync | None:
    line = call.line
    if not is_here(call) or line.program not in VERBS or line.verb not in VERBS[line.program]:
        return None
    return Sync(stage, call, line.program, line.verb_words[0], line.operands, line.has(*_ELSEWHERE))


def context_path(project: Project, sync: Sync, name: str) -> str | None:
    """The file of the context that an install finds under a name in its work directory, None when unsure."""
    if sync.is_elsewhere or not project.tree.known:
        return None
    there = sync.call.before
    path = Files(there).origin(name) or there.origins.get(there.at(name) or "")
    if path is None or project.tree.ignore.hides(path) or not project.tree.has_file(path):
        return None
    return path
