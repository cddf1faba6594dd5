"""What a container of the final stage runs, and what each of these processes needs to find."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.build.containers.calls import libraries, python_calls
from pydock.build.containers.run_time_calls import run_time_calls
from pydock.build.containers.start import Start
from pydock.build.installs import PIP
from pydock.build.model import Process
from pydock.build.recorder import Draft, Recorder
from pydock.data import rows_of
from pydock.effects import is_builtin
from pydock.effects.python.environments import active
from pydock.images.debian import full_image_libraries, library, needs
from pydock.project import Project
from pydock.state import Answer, Need, State
from pydock.state.needs import Distribution, Distributions, File, Library, Package, Place, Program, SourceLink, User


def processes_of(project: Project, state: State, starts: Iterable[Start]) -> Iterator[Process]:
    """Every command that is known to run in a container of the final stage, with its needs asked of its image."""
    code = _of_the_code(project, state)
    for start in starts:
        if not start.is_taken:
            continue
        recorder = Recorder()
        recorder.state = state
        draft = Draft(-2, state)
        for need in _of_command(start, state):
            recorder.need(draft, need)
        environment = _environment(start, state)
        distributions = _distributions(state, environment)
        if start.role != "probe":
            for call in run_time_calls(project, _installed(state)):
                recorder.take(draft, call.need)
            for need in code:
                recorder.need(draft, need)
            for need in _of_distributions(state, distributions):
                recorder.need(draft, need)
            for need in _of_sources(state, environment):
                recorder.need(draft, need)
        if environment is not None:
            recorder.take(draft, Distributions(environment))
        yield Process(
            start.origin,
            " ".join(word.text for word in start.command.words),
            state.user,
            state.home,
            state.workdir,
            tuple(draft.needs.items()),
            tuple(draft.takes.items()),
            environment,
            distributions,
            code if start.role != "probe" else {},
            start.role == "probe",
        )


def _of_command(start: Start, state: State) -> Iterator[Need]:
    """The program, the wrappers in front of it, the script that it is called with, and the user it runs as."""
    for name in start.wrappers:
        if not is_builtin(name):
            yield Program(name)
    words = start.command.words
    called = words[0].value if words else None
    if called and not is_builtin(posixpath.basename(called)) and not start.script:
        yield Program(called)
    if PIP.match(start.program) and any("git+" in (word.value or "") for word in words):
        yield Program("git")
    for row in rows_of("run_time_calls", f"npm:{start.program}"):
        yield from map(Program, row["calls"].split())
    if called in {".", "source"} and len(words) > 1 and (read := state.at(words[1].value or "")):
        # One that is not there may be mounted.
        yield from (File(read),) if state.find(File(read)).answer is Answer.YES else ()
    if start.program.startswith("python"):
        script = next((word.value for word in words[1:] if word.value and not word.value.startswith("-")), None)
        is_module = any(word.value in {"-m", "-c"} for word in words[1:])
        path = state.at(script) if script and not is_module else None
        if path is not None:
            yield File(path)
    if state.user and not state.is_root:
        yield User(state.user.partition(":")[0])


def _of_the_code(project: Project, state: State) -> dict[Need, str]:
    """Programs that the source starts and shared libraries that it loads by name, with the first place of each."""
    found: dict[Need, str] = {}
    for name, place in python_calls(project):
        found.setdefault(Program(name), place)
    known = full_image_libraries(state.base.suite) | {
        name for name in project_packages(state) if name.startswith("lib")
    }
    for name, place in libraries(project):
        asked = library(name)
        for package in asked.packages(known) if asked else ():
            found.setdefault(Library(package), place)
    return found


def project_packages(state: State) -> frozenset[str]:
    """The packages of the system that the file itself installs."""
    return frozenset(thing.name for thing in state.things if isinstance(thing, Package))


def _of_distributions(state: State, names: frozenset[str]) -> Iterator[Need]:
    """The shared libraries and programs that installed Python packages load or call."""
    for need in needs(names, state.base.suite):
        yield Library(need.package)


def _of_sources(state: State, environment: str | None) -> Iterator[Need]:
    """The source that editable installs lead to, and the metadata beside it."""
    for thing in state.things:
        if isinstance(thing, SourceLink) and thing.environment == environment:
            yield Place(thing.path)
            metadata = (path for path in state.files_below(thing.path) if path.endswith(".egg-info/PKG-INFO"))
            yield from map(File, metadata)


def _installed(state: State) -> frozenset[str]:
    """The packages of all environments, each of which a process may import from by a path of its own."""
    return frozenset(thing.name for thing in state.things if isinstance(thing, Distribution))


def _environment(start: Start, state: State) -> str | None:
    """The environment of the interpreter that a command runs with."""
    words = start.command.words
    name = words[0].value if words else None
    if not name:
        return None
    if name.startswith("/"):
        folder = posixpath.dirname(name)
        if posixpath.basename(folder) == "bin" and File(f"{folder}/python") in state.things:
            return posixpath.dirname(folder)
        return "/usr/local" if folder == "/usr/local/bin" else None
    for folder in state.path:
        if File(f"{folder}/{name}") in state.things or (
            name.startswith("python") and File(f"{folder}/python") in state.things
        ):
            return posixpath.dirname(folder) if posixpath.basename(folder) == "bin" else None
    return active(state) if name.startswith("python") else None


def _distributions(state: State, environment: str | None) -> frozenset[str]:
    names = state.distributions.get(environment) if environment else None
    return frozenset(name for name in names or () if environment and Distribution(environment, name) in state.things)
