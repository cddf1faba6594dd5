"""Whose pip fills the environment that the builder makes.

A pip of its own costs an environment seconds to make (`ensurepip`) and 13 to 26 MB at run time.
The image has one already: in an environment without pip that sees the image's own packages,
`python -m pip` is the image's pip at work in the environment, whatever its version. These
packages are pip and, before Python 3.12, setuptools and wheel, in both stages alike, so a
service goes on finding what it found there. https://docs.python.org/3/library/venv.html, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydock.lines import Span
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.installs import pip_command
from pydock.shell import Command
from pydock.split_old.places import running_files
from pydock.split_old.roles import Role, RoledStep, configures_pip, step_text

WITHOUT_PIP = "--without-pip --system-site-packages "
WITHOUT_PIP_COMMENT = "# the image has pip, so the environment needs none of its own\n"
_PIP = regex(r"pip(3(\.\d+)?)?\Z")
_PYTHON = regex(r"(/usr/local/bin/)?python(3(\.\d+)?)?\Z")
_READERS = frozenset({"cat", "grep", "sed", "echo", "uv"})
_CALLS_PIP = regex(
    r"^(?:(?!#|//).)*?(?<![\w./-])pip[\d.]*[\"']?[,\s]\s*[\"']?(?:install|uninstall|freeze|list)\b", re.M
)


def shares_pip(project: Project, steps: tuple[RoledStep, ...], called: Iterable[str]) -> bool:
    """Whether the image's pip can do all that pip is asked for in the builder, and nobody asks for it by name later.

    A tool such as Poetry would share its own packages with the service, so it keeps an
    environment apart; uv has none and looks at no others. `pip` by its name works on the image,
    and `pip uninstall` in the environment leaves the image alone.
    """
    if any(_PIP.match(name) for name in called) or _runs_script_with_pip(project):
        return False
    for entry in steps:
        match entry.role:
            case Role.TOOL if not (_brings_uv(entry) or all(map(configures_pip, entry.step.commands))):
                return False
            case Role.VENV | Role.UNCLEAR:
                return False
            case Role.INSTALL if not all(map(_is_known, entry.step.commands)):
                return False
            case Role.OTHER if re.search(r"\bpip[\d.]*\b", step_text(entry.step)):
                return False
            case _:
                pass
    return True


def _runs_script_with_pip(project: Project) -> bool:
    """Whether the Dockerfile or the source names a script of the context that calls pip."""
    files = tuple(running_files(project))
    names = [path.rpartition("/")[2] for path, text in files if not path.endswith(".py") and _CALLS_PIP.search(text)]
    callers = [project.dockerfile.text, *(text for path, text in files if path.endswith(".py"))]
    return any(name in text for name in names for text in callers)


def _brings_uv(entry: RoledStep) -> bool:
    names = [(word.value or "").partition("==")[0] for install in entry.installs for word in install.packages]
    return bool(names) and set(names) == {"uv"}


def _is_known(command: Command) -> bool:
    """Whether a command of an install is pip in a plain form, or does not depend on where pip is."""
    pip = pip_command(command)
    first = command.words[0].value or "" if command.words else ""
    if pip is None:
        return bool(_PYTHON.match(first)) or (command.program in _READERS and command.values[1:2] != ("sync",))
    return bool(_PIP.match(first) or _PYTHON.match(first)) and "uninstall" not in pip.values


def renews_pip(entry: RoledStep) -> bool:
    """Whether a step brings another version of pip and nothing else."""
    installs = entry.installs if entry.role is Role.INSTALL else ()
    names = {re.split(r"[<>=!~]", word.value or "", maxsplit=1)[0] for install in installs for word in install.packages}
    is_bare = all(value is None for install in installs for _, value in install.options)
    return names == {"pip"} and is_bare and len(installs) == len(entry.step.commands)


def pip_as_module(entry: RoledStep) -> list[tuple[Span, str]]:
    """`pip` as `python -m pip`, for the commands of one step."""
    return [
        (command.words[0].span, "python -m pip")
        for command in entry.step.commands
        if command.words and _PIP.match(command.words[0].value or "")
    ]
