"""Command lines that change because the environment has moved: managers' `run`, absolute program paths."""

from __future__ import annotations

import re

from pydock.dockerfile import Instruction
from pydock.lines import Span
from pydock.project import Project
from pydock.shell import Command, Script, Word, script

_SYSTEM_BIN = "/usr/local/bin/"
_RUNNERS = frozenset({"poetry", "pipenv", "uv", "pdm", "rye", "hatch"})


def managed(project: Project, command: Command) -> tuple[Word, ...] | None:
    """The words of the program behind `poetry run`, `uv run` and the like; None when it is not plain.

    An alias of the manager's own (Pipfile [scripts], pdm scripts) is no program.
    """
    values = command.values
    if not values or values[0] not in _RUNNERS or values[1:2] != ("run",) or len(values) < 3:
        return None
    words = command.words[2:]
    name = words[0].value
    if not name or name.startswith("-") or name.endswith(".py") or name in _aliases(project):
        return None
    return words


def _aliases(project: Project) -> frozenset[str]:
    pipfile = project.tree.text("Pipfile") or ""
    section = re.search(r"^\[scripts\]\n((?:(?!\[).*\n?)*)", pipfile, re.M)
    names = set(re.findall(r"^\s*[\"']?([\w.-]+)[\"']?\s*=", section[1], re.M)) if section else set()
    pyproject = project.tree.text("pyproject.toml") or ""
    section = re.search(r"^\[tool\.pdm\.scripts\]\n((?:(?!\[).*\n?)*)", pyproject, re.M)
    return frozenset(names | (set(re.findall(r"^\s*([\w.-]+)\s*=", section[1], re.M)) if section else set()))


def moved(project: Project, found: Script, venv: str) -> tuple[tuple[Span, str], ...]:
    """Replacements that make a script's commands work with the environment at another place."""
    edits: list[tuple[Span, str]] = []
    for command in found.commands:
        words = managed(project, command)
        if words is not None:
            first = command.words[0].span.start
            edits.append((Span(first, words[0].span.start), ""))
        edits += _moved_words(project, words or command.words, venv, is_shell=found.shell)
    return tuple(edits)


def moved_paths(project: Project, commands: tuple[Command, ...], venv: str) -> list[tuple[Span, str]]:
    """Replacements for absolute paths of the system interpreter's programs in shell commands."""
    return [edit for command in commands for edit in _moved_words(project, command.words, venv, is_shell=True)]


def _moved_words(project: Project, words: tuple[Word, ...], venv: str, *, is_shell: bool) -> list[tuple[Span, str]]:
    edits = []
    for word in words:
        if word.value and word.value.startswith(_SYSTEM_BIN) and not is_placed(project, word.value):
            path = f"{venv}/bin/{word.value.removeprefix(_SYSTEM_BIN)}"
            edits.append((word.span, word.text.replace(word.value, path) if is_shell else f'"{path}"'))
    return edits


def is_placed(project: Project, path: str) -> bool:
    """Whether the Dockerfile itself puts a file at this path."""
    if project.origin(project.final, path):
        return True
    name = path.removeprefix(_SYSTEM_BIN)
    placing = re.compile(rf"/usr/local/bin/?(?:{re.escape(name)})?(?=[\s\"';&|)]|$)")
    return any(
        placing.search(_without_links(project, entry, path))
        for entry in project.final.instructions
        if entry.keyword in {"RUN", "COPY", "ADD"}
    )


def _without_links(project: Project, entry: Instruction, path: str) -> str:
    """The text of an instruction without commands that give the path to another name: they need it to be there."""
    text = project.dockerfile.slice(entry.span)
    for command in script(entry).commands if entry.keyword == "RUN" else ():
        if command.program in {"ln", "cp"} and path in command.values[1:-1]:
            text = text.replace(project.dockerfile.slice(command.span), "")
    return text
