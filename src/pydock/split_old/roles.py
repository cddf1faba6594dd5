"""What each command of a RUN is for: the system, the environment, the tools, or the image itself."""

from __future__ import annotations

import posixpath
import re
from enum import Enum

from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.apt import AptKind, AptStep, apt_steps
from pydock.project.installs import Install, pip_command, read_install
from pydock.shell import Command, Script, Step, script
from pydock.values import Value

MANAGERS = ("poetry", "pipenv", "pdm", "uv", "hatch", "rye")
_TOOLS = frozenset(
    {*MANAGERS, "poetry-core", "poetry-plugin-export", "pip", "setuptools", "wheel", "virtualenv", "pipx"}
)
_BASICS = frozenset({"pip", "setuptools", "wheel"})
_SHARED = frozenset({"set", "export", "cd", "source", ".", "umask", "shopt", "unset", "pushd", "popd"})
_NEUTRAL = frozenset(
    {"true", "false", ":", "echo", "test", "[", "[[", "exit", "printf", "cat", "grep", "sleep", "which"}
)
_MENTIONS = regex(r"\b(pip3?|poetry|pipenv|pdm|uv|conda|easy_install)\b")
_ENVIRONMENT_VERBS = frozenset(
    {"install", "sync", "update", "add", "require", "lock", "export", "requirements", "pip", "build"}
)


class Role(Enum):
    """What a step is for, which decides the stage it goes to."""

    SYSTEM = "system packages"
    SYSTEM_CLEANUP = "cleaning up after system packages"
    TOOL = "a build tool"
    VENV = "making a virtual environment"
    INSTALL = "Python packages"
    PIP_CLEANUP = "cleaning up after pip"
    SHARED = "shell settings"
    OTHER = "the image"
    UNCLEAR = "unclear"


class RoledStep(Value):
    """A step of a RUN with its role; `installs` and `apt` are what was read from it."""

    run: Instruction
    script: Script
    step: Step
    role: Role
    installs: tuple[Install, ...] = ()
    apt: tuple[AptStep, ...] = ()


def roled_steps(project: Project, stage: Stage, run: Instruction) -> tuple[RoledStep, ...]:
    """The steps of one RUN with their roles; nothing for an opaque one."""
    found = script(run)
    has_manager = uses_manager(project, stage)
    apt = apt_steps(stage, run)
    roled = []
    for step in found.steps:
        installs = tuple(entry for command in step.commands if (entry := read_install(stage, run, step, command)))
        own = tuple(entry for entry in apt if entry.step is step)
        roled.append(RoledStep(run, found, step, _role(step, installs, own, has_manager=has_manager), installs, own))
    return tuple(roled)


def uses_manager(project: Project, stage: Stage) -> bool:
    """Whether a tool other than pip installs the environment: then pip only brings the tool."""
    names = {command.program for run in stage.of("RUN") for command in script(run).commands}
    return bool(names & set(MANAGERS))


def mentions_installer(text: str) -> bool:
    """Whether an opaque text may install Python packages."""
    return bool(_MENTIONS.search(text))


def _role(step: Step, installs: tuple[Install, ...], apt: tuple[AptStep, ...], *, has_manager: bool) -> Role:
    if step.command is not None and configures_pip(step.command):
        return Role.TOOL
    roles = {_command_role(command, installs, apt, has_manager=has_manager) for command in step.commands} - {None}
    if "|" in step_text(step) and (tool := _piped_tool(step)):
        return tool
    if len(roles) > 1:
        roles -= {Role.SHARED} if step.command is None else set()
    if roles == {Role.TOOL, Role.INSTALL}:
        return Role.UNCLEAR
    if len(roles) == 1:
        return next(role for role in roles if role is not None)
    return Role.UNCLEAR if roles & {Role.INSTALL, Role.TOOL, Role.SYSTEM, Role.VENV} else Role.OTHER


def configures_pip(command: Command) -> bool:
    """Whether a command is `pip config`, which decides where tools come from, too."""
    pip = pip_command(command)
    return pip is not None and pip.values[1:2] == ("config",)


def changes_folder(entry: RoledStep) -> bool:
    """Whether a step is a `cd`."""
    return entry.step.command is not None and entry.step.command.program in {"cd", "pushd", "popd"}


def depends_on_folder(entry: RoledStep) -> bool:
    """Whether a step means something else in another folder."""
    match entry.role:
        case Role.SYSTEM | Role.SYSTEM_CLEANUP | Role.PIP_CLEANUP:
            return False
        case Role.INSTALL | Role.TOOL if entry.installs and len(entry.installs) == len(entry.step.commands):
            named = [
                word for install in entry.installs for word in (*install.files, *install.constraints, *install.places)
            ]
            return any(not (word.value or "").startswith("/") for word in named)
        case _:
            return True


def step_text(step: Step) -> str:
    return " ".join(word.text for command in step.commands for word in command.words) + (
        " |" if len(step.commands) > 1 else ""
    )


def _piped_tool(step: Step) -> Role | None:
    """`curl ... | python -` that brings pip, poetry or uv."""
    text = step_text(step)
    fetches = any(command.program in {"curl", "wget"} for command in step.commands)
    if fetches and re.search(r"poetry|get-pip|astral\.sh/uv|pdm-project|install\.python-poetry", text):
        return Role.TOOL
    return None


def _command_role(
    command: Command, installs: tuple[Install, ...], apt: tuple[AptStep, ...], *, has_manager: bool
) -> Role | None:
    if (role := _system_role(command, apt)) is not None:
        return role
    install = next((entry for entry in installs if entry.command is command), None)
    if install is not None:
        return _install_role(install, has_manager=has_manager)
    program, values = command.program, command.values
    if not command.words:
        return Role.SHARED
    if (pip := pip_command(command)) is not None:
        return Role.PIP_CLEANUP if "cache" in pip.values or "purge" in pip.values else Role.INSTALL
    if program in _SHARED:
        return Role.SHARED
    if program in MANAGERS:
        return _manager_role(values)
    if program.startswith("python") and (role := _python_role(values)) is not None:
        return role
    if program == "virtualenv":
        return Role.VENV
    if program in {"pip-sync", "pip-compile"}:
        return Role.INSTALL
    if program in {"easy_install", "pipx", "conda"} or (program == "xargs" and mentions_installer(" ".join(values))):
        return Role.UNCLEAR
    if program == "rm" and _is_pip_cleanup(values[1:]):
        return Role.PIP_CLEANUP
    return None if program in _NEUTRAL else Role.OTHER


def _python_role(values: tuple[str, ...]) -> Role | None:
    """What `python -m venv`, `python setup.py install` and the like are for."""
    match values[1:4]:
        case ("-m", "venv", *_):
            return Role.VENV
        case ("-m", name, *_) if name in MANAGERS:
            return Role.UNCLEAR
        case ("-m", "spacy", "download"):
            return Role.INSTALL
        case (name, verb, *_) if name.endswith("setup.py"):
            return Role.INSTALL if verb in {"install", "develop"} else Role.UNCLEAR
        case (name, *_) if posixpath.basename(name) == "get-pip.py":
            return Role.INSTALL
        case _:
            return None


def _system_role(command: Command, apt: tuple[AptStep, ...]) -> Role | None:
    entry = next((found for found in apt if found.command is command), None)
    match entry.kind if entry else AptKind.OTHER:
        case AptKind.UPDATE | AptKind.INSTALL | AptKind.UPGRADE:
            return Role.SYSTEM
        case AptKind.CLEAN | AptKind.REMOVE_LISTS | AptKind.PURGE:
            return Role.SYSTEM_CLEANUP
        case _:
            return None


def _install_role(install: Install, *, has_manager: bool) -> Role:
    texts = [word.value or word.text.strip("\"'") for word in install.packages]
    names = {re.split(r"[<>=!~\[ ;$]", text, maxsplit=1)[0].lower() for text in texts}
    is_tool = bool(names) and names <= _TOOLS and not install.files and not install.editables
    if not is_tool:
        return Role.INSTALL
    return Role.TOOL if has_manager or not names <= _BASICS else Role.INSTALL


def _manager_role(values: tuple[str, ...]) -> Role:
    verb = next((value for value in values[1:] if value and not value.startswith("-")), "")
    if verb in {"config", "self", "plugin", "python", "tool"} or not verb:
        return Role.TOOL
    if verb in {"cache", "cleanup"}:
        return Role.PIP_CLEANUP
    return Role.INSTALL if verb in _ENVIRONMENT_VERBS else Role.OTHER if verb == "run" else Role.UNCLEAR


def _is_pip_cleanup(arguments: tuple[str, ...]) -> bool:
    """`rm -rf` of caches that only pip and its like fill."""
    paths = [value.rstrip("/*") for value in arguments if not value.startswith("-")]
    caches = (
        "/root/.cache",
        "~/.cache",
        "/root/.cache/pip",
        "~/.cache/pip",
        "/root/.cache/pypoetry",
        "/tmp/poetry_cache",
    )
    return bool(paths) and all(
        path in caches or posixpath.basename(path) in {"pypoetry", "poetry_cache"} for path in paths
    )
