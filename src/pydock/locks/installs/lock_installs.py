"""Installs from a lock: `uv sync`, `poetry install`, `pipenv install`, `pdm sync`."""

from __future__ import annotations

from pydock.build.commands import Called, CommandLine
from pydock.build.files import Files
from pydock.build.installs import is_here
from pydock.build.steps import read_steps
from pydock.dockerfile import Stage
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.shell import Word

VERBS = {"uv": ("sync",), "poetry": ("install", "sync"), "pipenv": ("install", "sync"), "pdm": ("install", "sync")}
LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock", "pdm": "pdm.lock"}
MANIFESTS = {"uv": "pyproject.toml", "poetry": "pyproject.toml", "pipenv": "Pipfile", "pdm": "pyproject.toml"}
_ELSEWHERE = ("-C", "--directory", "--project", "-P")


class Sync(Called):
    """One install from a lock."""

    @property
    def tool(self) -> str:
        return self.line.program or ""

    @property
    def verb(self) -> Word:
        """The word that new options go behind."""
        return self.line.verb_words[0]

    @property
    def names(self) -> tuple[Word, ...]:
        """What is asked for by name."""
        return self.line.operands

    @property
    def is_elsewhere(self) -> bool:
        """Whether it does not work on the current work directory."""
        return self.has(*_ELSEWHERE)


def syncs(project: Project, stage: Stage) -> tuple[Sync, ...]:
    """Every install from a lock in a stage, in order."""
    return _syncs(project)[stage.index]


@remembered
def _syncs(project: Project) -> dict[int, tuple[Sync, ...]]:
    build = read_steps(project)
    return {
        stage.index: tuple(Sync(stage, call) for call in build.commands_of(stage.index) if _takes_lock(call))
        for stage in project.dockerfile.stages
    }


def _takes_lock(call: CommandLine) -> bool:
    return is_here(call) and call.verb in VERBS.get(call.program, ())


def context_path(project: Project, sync: Sync, name: str) -> str | None:
    """The file of the context that an install finds under a name in its work directory, None when unsure."""
    if sync.is_elsewhere or not project.tree.known:
        return None
    there = sync.call.before
    path = Files(there).origin(name) or there.origins.get(there.at(name) or "")
    if path is None or project.tree.ignore.hides(path) or not project.tree.has_file(path):
        return None
    return path
