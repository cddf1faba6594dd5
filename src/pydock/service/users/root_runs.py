"""Commands of the build that run code of packages or of the project as root, and the files that they may leave."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Iterator

from pydock.build.commands import CommandLine
from pydock.build.model import Step
from pydock.build.sources import sources
from pydock.build.steps import read_steps
from pydock.dockerfile import Instruction
from pydock.effects import is_known
from pydock.images.base import is_debian_program
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.code.imports import module_file, reach
from pydock.service.code.module import read_module
from pydock.service.files.library_files import LibraryFiles, of_module, of_program
from pydock.state import ANYTHING, Kind, is_below, is_root
from pydock.values import Value

# Verbs of manage.py that write where settings say, and nothing else.
_COLLECTS = frozenset({"collectstatic", "compilemessages", "compress", "check", "compilescss", "tailwind", "help"})


class RootRun(Value):
    """One command of a RUN that runs code as root.

    `files` are what the packages in it are known to keep, and `is_known` says whether that is all; `variables` are
    those of their variables that are set. `leaves`: what it makes in its work folder is told by no source. `home` is
    root's, "" where it writes nothing below it. `mounts` are places whose files do not stay in the image.
    """

    instruction: Instruction
    program: str
    workdir: str
    home: str
    variables: tuple[tuple[str, str], ...]
    mounts: tuple[str, ...]
    files: tuple[LibraryFiles, ...] = ()
    is_known: bool = True
    leaves: bool = False


@remembered
def root_runs(project: Project) -> tuple[RootRun, ...]:
    """Every such command of the stages that the final image is made of, in order."""
    steps = (step for stage in project.lineage(project.final) for step in read_steps(project).of_stage(stage.index))
    return tuple(run for step in steps if _is_roots(step) for run in _of_step(project, step))


def _is_roots(step: Step) -> bool:
    return step.keyword == "RUN" and is_root(step.before.user)


def _of_step(project: Project, step: Step) -> Iterator[RootRun]:
    found = [*_of_codes(project, step), *_of_commands(project, step)]
    if not found and (step.is_unread or any(opens == ANYTHING for opens in step.opens)):
        found = [_run(step, "a script that cannot be read", is_known=False, leaves=True)]
    yield from found


def _run(
    step: Step, program: str, files: Iterable[LibraryFiles] = (), *, is_known: bool = True, leaves: bool = False
) -> RootRun:
    before = step.before
    places = {place for opens in step.opens if Kind.FILE in opens.kinds for place in opens.places}
    home = before.home if any(is_below(place, before.home) or is_below(before.home, place) for place in places) else ""
    given = {**before.variables, **_assigned(step)}
    set_here = {each.variable: value for each in files if each.variable and (value := given.get(each.variable))}
    return RootRun(
        step.instruction,
        program,
        before.workdir or "/",
        home,
        tuple(set_here.items()),
        before.mounts,
        tuple(files),
        is_known,
        leaves,
    )


def _assigned(step: Step) -> dict[str, str]:
    """What stands in front of its commands: `HF_HOME=/models python get.py`."""
    words = (word.value or "" for call in step.commands for word in call.command.assignments)
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _of_codes(project: Project, step: Step) -> Iterator[RootRun]:
    for code in step.code:
        if code.text is None:
            yield _run(step, "a script that is not at hand", is_known=False, leaves=True)
        elif code.place is None:
            yield _of_text(project, step, code.text)
        elif posixpath.basename(code.place) != "manage.py":
            yield _run(step, posixpath.basename(code.place), _files_of(_modules(project, reach(project, code.place))))
        elif not _COLLECTS & {word.value for call in step.commands for word in call.line.words}:
            yield _run(step, "manage.py", _files_of(_modules(project, sources(project))), leaves=True)


def _of_text(project: Project, step: Step, text: str) -> RootRun:
    """Code that stands in the Dockerfile: what it imports is known, or the project's, or a doubt."""
    imported = set(_imported(text))
    places = {name: module_file(project, name) for name in imported}
    own = [place for place in places.values() if place]
    others = {name for name in imported if not places[name]} - sys.stdlib_module_names
    unknown = sorted(name for name in others if not of_module(name))
    modules = others | {name for place in own for name in _modules(project, reach(project, place))}
    return _run(step, f"code of {unknown[0]}" if unknown else "python", _files_of(modules), is_known=not unknown)


def _modules(project: Project, paths: Iterable[str]) -> frozenset[str]:
    return frozenset(name for path in paths for name in _imported(project.tree.text(path) or ""))


def _imported(text: str) -> Iterator[str]:
    """The first names of the modules that a text imports."""
    for dotted in read_module(text).imports.values():
        if name := dotted.partition(".")[0]:
            yield name


def _files_of(modules: Iterable[str]) -> tuple[LibraryFiles, ...]:
    return tuple(dict.fromkeys(each for name in sorted(modules) for each in of_module(name)))


def _of_commands(project: Project, step: Step) -> Iterator[RootRun]:
    for call in step.commands:
        if (run := _of_command(project, step, call)) is not None:
            yield run


def _of_command(project: Project, step: Step, call: CommandLine) -> RootRun | None:
    name = call.program.partition(".")[0] if call.is_module else call.program
    files = of_program(name) or (of_module(name) if call.is_module else ())
    if files:
        return _run(step, name, files, leaves=any(each.work != "no" for each in files))
    if not name or (step.code and call.is_module) or name in sys.stdlib_module_names or is_known(call.line.path or ""):
        return None
    path = call.line.path or ""
    if _is_read(call, path):
        return None
    if is_own_program(project, name):
        return _run(step, name, _files_of(_modules(project, sources(project))), leaves=True)
    # Debian's programs write what they are told to, and nothing of the service's.
    is_debians = not call.is_module and is_debian_program(name)
    return None if is_debians else _run(step, name, is_known=False, leaves=True)


def _is_read(call: CommandLine, path: str) -> bool:
    """Whether it is a script whose own commands are read."""
    state = call.before
    places = [state.at(path)] if "/" in path else [f"{folder}/{path}" for folder in state.path]
    return any(place is not None and state.text(place) is not None for place in places)


def is_own_program(project: Project, name: str) -> bool:
    """Whether a program is a console script of the project itself."""
    texts = (project.tree.text(path) or "" for path in ("pyproject.toml", "setup.py", "setup.cfg"))
    return bool(name) and any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)
