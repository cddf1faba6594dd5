"""An install that its own tool has given up: setup.py install, easy_install, sudo pip.

`python setup.py install` and `easy_install` ignore the pins and the wheels that pip would
use, cannot be uninstalled, and are gone from current setuptools. `sudo` in a RUN changes
nothing for root except the environment, and has to be installed first.
`--break-system-packages` means nothing in the official Python image, which has no system
packages to break.

Safe on an official Python image where setup.py imports nothing that pip's isolated build
would not have; unsafe where setup.py is not known or imports more. On other images, or with
options that pip does not know, there is only the finding.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.commands import CommandLine
from pydock.build.files import Files
from pydock.build.installs import pip_line, without
from pydock.build.views import user_set
from pydock.dockerfile import Stage
from pydock.packages.operands import is_place
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.source import syntax
from pydock.state import is_root
from pydock.text import Edit, Fix, Safety, Span

_HERE = ("setup.py", "./setup.py")
_SETUP = "from setuptools import setup\nsetup(name='shop')\n"

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nCOPY . .\nRUN python setup.py install\n",
        after="FROM python:3.12-slim\nCOPY . .\nRUN pip install .\n",
        files={"setup.py": _SETUP},
    ),
    Example(
        before="FROM python:3.12-slim\nRUN sudo -H pip install --break-system-packages flask==3.1.2\n",
        after="FROM python:3.12-slim\nRUN pip install flask==3.1.2\n",
    ),
    Example(
        before="FROM python:3.8-slim\nRUN easy_install supervisor==4.2.5\n",
        after="FROM python:3.8-slim\nRUN pip install supervisor==4.2.5\n",
    ),
    Example(before="FROM debian:12\nRUN pip3 install --break-system-packages flask==3.1.2\n"),
    Example(before="FROM ubuntu:22.04\nRUN python3 setup.py install\n", finds=True),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        image = project.python_image(stage)
        is_python = image is not None and image.variant != "unknown"
        for call in walk(project).commands_of(stage.index):
            found = (
                _setup_install(project, call, is_python=is_python)
                or _easy_install(project, call, is_python=is_python)
                or _sudo(project, stage, call, is_python=is_python)
            )
            if found:
                yield found
            if is_python and (found := _broken(project, call)):
                yield found


def _setup_install(project: Project, call: CommandLine, *, is_python: bool) -> Finding | None:
    words = [word.value for word in call.line.operands]
    if (
        not call.program.startswith("python")
        or "install" not in words
        or posixpath.basename(words[0] or "") != "setup.py"
    ):
        return None
    command, fix = call.command, None
    # setup.py of another folder works on the current one; pip would change into it.
    is_plain = command.values in {(python, path, "install") for python in ("python", "python3") for path in _HERE}
    is_one_line = "\n" not in project.dockerfile.slice(Span(command.words[0].span.start, command.words[-1].span.end))
    if is_python and is_plain and is_one_line and call.instruction.exec_form is None:
        fix = _pip_instead(project, call)
    advice = "" if fix else "`pip install .` does the same, with wheels and an uninstall."
    cost = "pins and wheels are ignored, and current setuptools has no such command"
    return Finding(RULE, call.span, "`setup.py install`", fix, cost, advice)


def _pip_instead(project: Project, call: CommandLine) -> Fix:
    first, last = call.command.words[0], call.command.words[-1]
    doubt = _doubt(project, call)
    edit = Edit(project.path, Span(first.span.start, last.span.end), "pip install .")
    safety = Safety.UNSAFE if doubt else Safety.SAFE
    return Fix("install with pip", safety, (edit,), frozenset({"packages"}), (doubt,) if doubt else ())


def _doubt(project: Project, call: CommandLine) -> str:
    """Why pip's isolated build may not do what setup.py does here, "" where it does."""
    path = Files(call.before).origin("setup.py")
    text = project.tree.text(path) if path else None
    module = syntax(text) if text else None
    if module is None or text is None:
        return "what setup.py imports is not known; pip builds apart from the installed packages"
    if "dependency_links" in text:
        return "setup.py has dependency_links, which pip does not follow"
    settings = project.tree.text(posixpath.join(posixpath.dirname(path or ""), "pyproject.toml")) or ""
    if "build-backend" in settings and "setuptools" not in settings:
        return "pyproject.toml names another build backend"
    allowed = sys.stdlib_module_names | {"setuptools", "distutils", "pkg_resources", "__future__"}
    foreign = sorted(_imported(module) - allowed)
    return f"setup.py imports {', '.join(foreign)}, which pip's isolated build lacks" if foreign else ""


def _imported(module: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." if node.level else (node.module or "").split(".")[0])
    return names


def _easy_install(project: Project, call: CommandLine, *, is_python: bool) -> Finding | None:
    command, fix = call.command, None
    if not re.fullmatch(r"easy_install(-[\d.]+)?", call.program):
        return None
    is_plain = all(word.value and not is_place(word.value) and "://" not in word.value for word in command.words[1:])
    has_own_options = any(value.startswith("-") and value not in {"-U", "--upgrade"} for value in command.values[1:])
    is_shell = is_python and call.instruction.exec_form is None
    if is_shell and is_plain and command.program == "easy_install" and len(command.words) > 1 and not has_own_options:
        edit = Edit(project.path, command.words[0].span, "pip install")
        fix = Fix("install with pip", Safety.SAFE, (edit,), frozenset({"packages"}))
    advice = "" if fix else "`pip install` takes the same names."
    return Finding(RULE, call.span, "`easy_install`", fix, "it is gone from current setuptools", advice)


def _sudo(project: Project, stage: Stage, call: CommandLine, *, is_python: bool) -> Finding | None:
    pip, first = pip_line(call), call.command.words[0] if call.command.words else None
    if pip is None or first is None or call.wrappers[:1] != ("sudo",):
        return None
    start = next(word for word in call.command.words[1:] if word.value not in {"-H", "-E", "env", "exec", "command"})
    is_by_root = is_root(user_set(project, stage, call.instruction))
    is_plain = is_by_root and is_python and pip.words[0] in call.command.words
    is_plain &= not (start.value or "-").startswith("-")
    edit = Edit(project.path, Span(first.span.start, start.span.start), "")
    fix = Fix("drop sudo", Safety.SAFE, (edit,), frozenset({"packages"})) if is_plain else None
    advice = "" if fix else "Run pip as root before USER, without sudo."
    return Finding(RULE, first.span, "`sudo pip`", fix, "sudo has to be installed for it", advice)


def _broken(project: Project, call: CommandLine) -> Finding | None:
    words = call.command.words if pip_line(call) is not None else ()
    word = next((word for word in words if word.value == "--break-system-packages"), None)
    if word is None:
        return None
    gap = without(project.dockerfile, call.command, word)
    fix = Fix("drop --break-system-packages", Safety.SAFE, (Edit(project.path, gap, ""),)) if gap else None
    return Finding(
        RULE, word.span, "`--break-system-packages` on the official Python image", fix, "it has no effect here"
    )


RULE = Rule("PYD213", "legacy-install", check, __doc__, EXAMPLES)
