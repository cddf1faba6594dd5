"""Builds of a project: `python -m build`, setup.py and its commands, easy_install, maturin, flit, cython."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.effects.paths import opened as files_at
from pydock.effects.paths import path_of
from pydock.effects.python import environments
from pydock.effects.python.installing import installed, places_of, source_folders, taken
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import Demand, Groups, LocalProject, joined, of_operand, of_project, with_projects
from pydock.shell import Argv, Word
from pydock.state import Effect, Need, Open, Purpose, State, files_below
from pydock.state.needs import Below, File, Place, Toolchain
from pydock.values import replace

_INSTALLING = frozenset({"install", "develop", "easy_install", "install_lib", "install_scripts"})
# They leave extension modules beside the source, and archives that only an install reads.
_COMPILING = frozenset({"build_ext", "build", "build_py", "build_clib"})
_PACKING = frozenset({"bdist_wheel", "sdist", "bdist", "bdist_egg"})
_DEVELOPING = frozenset({"develop"})


def setup_script(path: str, arguments: tuple[Word, ...], state: State, environment: str) -> Iterator[Effect]:
    """`python setup.py COMMAND ...`; a setup.py is run where it lies (the work directory is where it looks)."""
    folder = posixpath.dirname(path)
    verbs = {word.value for word in arguments}
    if not verbs & _INSTALLING:
        compiles = (Toolchain(),) if verbs & _COMPILING else ()
        yield replace(
            _built(folder, state, environment),
            needs=(File(path), *_source(folder), *compiles),
            purpose=Purpose.TOOL if verbs & _PACKING and not verbs & _COMPILING else Purpose.SERVICE,
        )
        return
    places = places_of(state)
    project = LocalProject(folder, (), is_editable=bool(verbs & _DEVELOPING))
    needs_nothing = any(word.value in {"--no-deps", "-N"} for word in arguments)
    groups = Groups(has_main=not needs_nothing)
    demand = with_projects(Demand(projects=(project,), files=(path,)), places, groups)
    target = environments.of_user(state) if "--user" in verbs else environment
    found = installed(demand, target, state)
    # What is compiled and the metadata stay in the source.
    opens = Open(found.opens.kinds, (*found.opens.places, folder)) if found.opens else files_below(folder)
    yield replace(found, opens=opens)


def _source(folder: str) -> tuple[Need, ...]:
    return (Below(folder),) if folder != "/" else ()


def _built(folder: str, state: State, environment: str, *places: str) -> Effect:
    """A build: what it makes lies below the folder of the project, or where it is told to."""
    return Effect(
        needs=_source(folder),
        takes=taken(environment, state),
        opens=files_below(*dict.fromkeys((folder, *places, "/tmp"))),
    )


@effect("pyproject-build")
def pyproject_build(line: Argv, state: State) -> Iterable[Effect]:
    """`python -m build [FOLDER]`: archives in dist/ (https://build.pypa.io/en/stable/, read 2026-11)."""
    word = line.operands[0] if line.operands else None
    folder = path_of(word, state) if word else state.at(".")
    if folder is None:
        return (unknown(line, state, is_library=True),)
    target = line.value("-o", "--outdir")
    where = files_at(target, state).places if target else (f"{folder.rstrip('/')}/dist",)
    found = _built(folder, state, environments.active(state), *where)
    needs: list[Need] = [Place(folder), *found.needs]
    own = of_project(LocalProject(folder), places_of(state), Groups(has_main=False))
    return (replace(found, needs=(*needs, *map(File, own.files)), purpose=Purpose.TOOL),)


@effect("maturin", "flit", "cythonize", "f2py")
def compiler(line: Argv, state: State) -> Iterable[Effect]:
    """It compiles what lies in the work directory, and may install what comes of it."""
    environment = environments.active(state)
    found = unknown(line, state, is_library=True)
    takes = (*found.takes, *taken(environment, state))
    words = {word.value for word in line.words}
    if not words & {"install", "develop"}:
        # A wheel is what only an install reads; flit compiles nothing.
        purpose = Purpose.TOOL if line.program in {"maturin", "flit"} else Purpose.SERVICE
        compiles = () if line.program == "flit" else (Toolchain(),)
        word = line.value("-o", "--out", "--output")
        made = files_at(word, state) if word else files_below(*([path] if (path := state.at("target/wheels")) else ()))
        wider = Open(made.kinds, (*made.places, *(found.opens.places if found.opens else ())))
        source = tuple(map(Below, source_folders(state.at(".") or "/", state)))
        needs = (*found.needs, *source, *compiles)
        return (replace(found, needs=needs, takes=takes, opens=wider, purpose=purpose),)
    folder = state.at(".")
    demand = Demand(projects=(LocalProject(folder, (), is_editable="develop" in words),)) if folder else Demand()
    whole = installed(with_projects(demand, places_of(state)), environment, state)
    opens = (
        Open(whole.opens.kinds, (*whole.opens.places, *(found.opens.places if found.opens else ())))
        if whole.opens
        else None
    )
    return (replace(whole, takes=(*takes, *whole.takes), opens=opens),)


@effect("easy_install")
def easy_install(line: Argv, state: State) -> Iterable[Effect]:
    """The installer before pip: names, folders and archives."""
    environment = environments.of_program(line.path or "easy_install", state)
    places = places_of(state)
    parts = [of_operand(word.head, places, is_known=word.value is not None) for word in line.operands]
    found = installed(with_projects(joined(parts), places), environment, state)
    return (found,) if line.operands else (Effect(purpose=Purpose.TOOL),)
