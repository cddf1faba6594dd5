"""Command lines that change because the environment has moved: managers' `run`, absolute program paths."""

from __future__ import annotations

import re

from pydock.build import walk
from pydock.build.views import files
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.shell import Argv, Command, Word, called
from pydock.split.facts.slices import MANAGERS
from pydock.state.needs import File, Folder
from pydock.text import Span
from pydock.values import Value

# A program by its name: the folder alone is where a command puts something of its own.
_SYSTEM_PROGRAM = regex(r"/usr/local/bin/(?=[^/])")
# Options of `uv run` that say how the environment is brought up to date, not what is run in it.
_UPDATING = frozenset({"--frozen", "--locked", "--no-sync", "--no-dev", "--offline", "--no-cache", "--quiet", "-q"})
# https://packaging.python.org/en/latest/specifications/inline-script-metadata/
_OWN_ENVIRONMENT = regex(r"^# /// script\s*$", re.M)


class Managed(Value):
    """What `poetry run`, `uv run` and the like start: the words, and the program in front of them, "" for their own."""

    words: tuple[Word, ...]
    program: str = ""


def manager(command: Command) -> Command | None:
    """A project manager's command without the `python -m` in front of it, None for any other program."""
    found = called(command)
    return found if found.program in MANAGERS else None


def elsewhere(pip: Argv, path: str) -> tuple[Span, str]:
    """`pip --python PATH`: the image's pip fills an environment, which has none of its own."""
    end = pip.words[0].span.end
    return Span(end, end), f" --python {path}"


def managed(project: Project, command: Command) -> Managed | None:
    """None where it is not plain: an alias of the manager's own (Pipfile [scripts], pdm scripts) is no program."""
    own = manager(command)
    if own is None or own.values[1:2] != ("run",) or len(own.words) < 3:
        return None
    values, words = own.values, own.words[2:]
    if values[0] == "uv":
        while words and words[0].value in _UPDATING:
            words = words[1:]
    name = words[0].value if words else ""
    if values[0] == "uv" and name in {"-m", "--module"} and len(words) > 1:
        return Managed(words, "python")
    if not name or name.startswith("-") or name in _aliases(project):
        return None
    if name.endswith(".py"):
        return Managed(words, "python") if values[0] == "uv" and not _has_own_environment(project, name) else None
    return Managed(words)


def _has_own_environment(project: Project, name: str) -> bool:
    """Whether a script says itself what it needs, so that uv makes an environment for it alone."""
    origin = files(project).origin(name)
    return not origin or _OWN_ENVIRONMENT.search(project.tree.text(origin) or "") is not None


def is_translated(project: Project, command: Command) -> bool:
    """Whether a command does without the manager once the programs of the environment are on the PATH."""
    return manager(command) is None or managed(project, command) is not None


def _aliases(project: Project) -> frozenset[str]:
    pipfile = project.tree.text("Pipfile") or ""
    section = re.search(r"^\[scripts\]\n((?:(?!\[).*\n?)*)", pipfile, re.M)
    names = set(re.findall(r"^\s*[\"']?([\w.-]+)[\"']?\s*=", section[1], re.M)) if section else set()
    pyproject = project.tree.text("pyproject.toml") or ""
    section = re.search(r"^\[tool\.pdm\.scripts\]\n((?:(?!\[).*\n?)*)", pyproject, re.M)
    return frozenset(names | (set(re.findall(r"^\s*([\w.-]+)\s*=", section[1], re.M)) if section else set()))


def moved(project: Project, entry: Instruction, venv: str) -> tuple[tuple[Span, str], ...]:
    """Replacements that make the commands of an instruction work with the environment at another place."""
    edits: list[tuple[Span, str]] = []
    for call in walk(project).commands_in(entry):
        command, is_shell = call.command, call.is_in_shell
        behind = managed(project, command)
        if behind is not None:
            program = behind.program and (f"{behind.program} " if is_shell else f'"{behind.program}", ')
            edits.append((Span(command.words[0].span.start, behind.words[0].span.start), program))
        edits += _moved_words(project, behind.words if behind else command.words, venv, is_shell=is_shell)
    return tuple(edits)


def moved_paths(project: Project, commands: tuple[Command, ...], venv: str) -> list[tuple[Span, str]]:
    """Replacements for absolute paths of the system interpreter's programs in shell commands."""
    return [edit for command in commands for edit in _moved_words(project, command.words, venv, is_shell=True)]


def _moved_words(project: Project, words: tuple[Word, ...], venv: str, *, is_shell: bool) -> list[tuple[Span, str]]:
    edits = []
    for word in words:
        if word.value and _SYSTEM_PROGRAM.match(word.value) and not is_placed(project, word.value):
            path = _SYSTEM_PROGRAM.sub(f"{venv}/bin/", word.value, count=1)
            edits.append((word.span, word.text.replace(word.value, path) if is_shell else f'"{path}"'))
    return edits


def is_placed(project: Project, path: str) -> bool:
    """Whether the Dockerfile itself puts a file or a folder here, by more than an install of Python packages."""
    if files(project).origin(path):
        return True
    build, wanted = walk(project), (File(path), Folder(path))
    makers = {maker for thing in wanted for maker in build.final.find(thing).makers}
    steps = [build.steps[number] for number in sorted(makers) if number >= 0]
    return any(
        any(thing in (*step.provides, *step.changes) for thing in wanted)
        or any(path in opened.places for opened in step.opens)
        for step in steps
        if not (step.is_of_environment or step.is_tool)
    )
