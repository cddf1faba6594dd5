"""The bytecode that a build leaves for the start of its containers: who makes it, and who leaves it out.

pip compiles what it installs: https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-compile. uv does not, unless it
is told to: https://docs.astral.sh/uv/guides/integration/docker/#compiling-bytecode, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.commands import CommandLine
from pydock.build.steps import read_steps
from pydock.dockerfile import Stage
from pydock.patterns import regex
from pydock.project import Project

COMPILES, LINKS = "UV_COMPILE_BYTECODE", "UV_LINK_MODE"
_SETTING = regex(r"^\s*compile-bytecode\s*=\s*true\b", re.M)
_OPTIONS = ("--compile-bytecode", "--compile", "--no-compile-bytecode", "--no-compile")
_PYTHON = regex(r"(?:python|pypy)[\d.]*\Z")
# Modules that import nothing of the service.
_TOOL_NAMES = "pip venv virtualenv ensurepip compileall build uv poetry pipenv pdm pipx zipfile"
_TOOLS = frozenset(_TOOL_NAMES.split())
_IMPORTING = frozenset({"django-admin", "flask", "alembic"})


def uncompiled_installs(project: Project, stage: Stage) -> tuple[CommandLine, ...]:
    """The commands of a stage by which uv fills an environment without bytecode, where nobody has decided on it."""
    calls = read_steps(project).commands_of(stage.index)
    if any(call.program == "compileall" for call in calls) or _is_set_in_file(project):
        return ()
    return tuple(call for call in calls if _fills(call) and not _is_told(call, COMPILES, *_OPTIONS))


def unlinked_installs(project: Project, stage: Stage) -> tuple[CommandLine, ...]:
    """The commands by which uv would link files out of a mounted cache, which no file system does: it warns and copies.

    https://docs.astral.sh/uv/guides/integration/docker/#caching, read 2026-11.
    """
    calls = read_steps(project).commands_of(stage.index)
    return tuple(
        call for call in calls if _fills(call) and _has_cache(call) and not _is_told(call, LINKS, "--link-mode")
    )


def _has_cache(call: CommandLine) -> bool:
    return any(flag.name == "mount" and "type=cache" in flag.value for flag in call.instruction.flags)


def _fills(call: CommandLine) -> bool:
    words = [word.value for word in call.line.words[1:] if word.value and not word.value.startswith("-")]
    return call.program == "uv" and (words[:1] == ["sync"] or words[:2] == ["pip", "install"])


def _is_told(call: CommandLine, variable: str, *options: str) -> bool:
    assigned = (word.text.partition("=")[0] for word in call.command.assignments)
    return call.line.has(*options) or variable in call.before.variables or variable in assigned


def _is_set_in_file(project: Project) -> bool:
    return any(_SETTING.search(project.tree.text(path) or "") for path in ("pyproject.toml", "uv.toml"))


def leaves_bytecode(project: Project) -> bool:
    """Whether a step of the image itself runs the service's code, and so leaves bytecode of it for the start."""
    return any(True for stage in project.lineage(project.final) for _ in _imports(project, stage))


def _imports(project: Project, stage: Stage) -> Iterator[CommandLine]:
    for call in read_steps(project).commands_of(stage.index):
        values = [word.value or "" for word in call.line.words]
        script = next((value for value in values[1:] if not value.startswith("-")), "")
        is_code = "-c" in values and any("import" in value for value in values)
        is_script = script.endswith(".py") and script.rpartition("/")[2] != "setup.py"
        is_run_by_python = _PYTHON.match(call.program) is not None and (is_code or is_script)
        is_module = call.is_module and call.program not in _TOOLS
        if call.instruction.keyword == "RUN" and (is_run_by_python or is_module or call.program in _IMPORTING):
            yield call
