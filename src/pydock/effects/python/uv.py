"""uv: pip's commands, whole projects, tools and Pythons (https://docs.astral.sh/uv/reference/cli/, read 2026-11)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.effects.paths import path_of
from pydock.effects.python import environments
from pydock.effects.python.build_backends import pyproject_build
from pydock.effects.python.installing import installed, places_of, taken
from pydock.effects.python.pip import demand_of, more_needs, pip_compile, pip_effects, target_of
from pydock.effects.python.projects import (
    Sync,
    behind_verb,
    exported,
    folder_of_project,
    has_package,
    is_true,
    listed,
    run_in,
    synced,
)
from pydock.effects.python.virtualenvs import application
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import (
    ALL_EXTRAS,
    Demand,
    Groups,
    LocalProject,
    joined,
    local_packages,
    locked,
    normalised,
    of_file,
    of_operand,
    of_project,
    read_table,
    section,
    with_projects,
)
from pydock.shell import Argv, Word, argv
from pydock.state import Effect, Need, Nested, Purpose, State, files_below
from pydock.state.needs import Below, File, Matching
from pydock.values import replace

_FOLDER = ("--project", "--directory")


@effect("uv")
def uv(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """By its verb."""
    verb = (line.verb or "").partition(" ")[0] or None
    match verb:
        case "pip":
            return tuple(_pip(argv(behind_verb(line, "pip"), "uv pip"), state))
        case "venv":
            return (_venv(line, state),)
        case "sync":
            return (_sync(line, state),)
        case "run":
            return tuple(_run(line, argv(behind_verb(line, "run"), "uv run"), state))
        case "tool":
            return (_tool(argv(behind_verb(line, "tool"), "uv tool"), state),)
        case "python":
            where = state.variables.get("UV_PYTHON_INSTALL_DIR") or f"{state.home}/.local/share/uv/python"
            return (Effect(opens=files_below(where, f"{state.home}/.local/bin"), purpose=Purpose.TOOL),)
        case "export":
            return (_export(line, state),)
        case "build":
            return pyproject_build(argv(behind_verb(line, "build"), "pyproject-build"), state)
        case "cache":
            where = state.variables.get("UV_CACHE_DIR") or f"{state.home}/.cache/uv"
            return (Effect(removes=(Below(where),), purpose=Purpose.UPKEEP),)
        case "add":
            return (_adds(line, state),)
        case None | "help" | "version" | "tree" | "self" | "auth":
            return (Effect(),)
        case _:
            return (unknown(line, state, is_library=True),)


def _pip(line: Argv, state: State) -> Iterator[Effect | Nested]:
    environment = _of_pip(line, state)
    match line.verb:
        case "sync":
            places = places_of(state)
            paths = [path for word in line.operands if (path := path_of(word, state))]
            demand = with_projects(joined(of_file(path, places) for path in paths), places)
            yield installed(demand, target_of(line, state, environment), state, *more_needs(line, state))
        case "compile":
            yield from pip_compile(line, state)
        case _:
            yield from pip_effects(line, state, environment)


def _of_pip(line: Argv, state: State) -> str:
    """The environment that `uv pip` works on (https://docs.astral.sh/uv/pip/environments/, read 2026-11)."""
    word = line.value("-p", "--python")
    named = state.variables.get("UV_PYTHON")
    if found := environments.of_word(word, state):
        return found
    if word is None and named and "/" in named and (path := state.at(named)):
        return posixpath.dirname(posixpath.dirname(path)) if "python" in posixpath.basename(path) else path
    if line.has("--system") or is_true(state.variables.get("UV_SYSTEM_PYTHON")):
        return environments.active(state)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if path := state.variables.get(variable):
            return state.at(path) or environments.active(state)
    beside = state.at(".venv")
    return beside if beside and state.makers(File(f"{beside}/bin/python")) else environments.active(state)


def _venv(line: Argv, state: State) -> Effect:
    default = state.variables.get("UV_PROJECT_ENVIRONMENT") or ".venv"
    path = path_of(line.operands[0], state) if line.operands else state.at(default)
    if path is None:
        return unknown(line, state)
    has_system = line.has("--system-site-packages")
    return environments.created(path, has_pip=line.has("--seed"), state=state, has_system=has_system)


def _of_project(line: Argv, folder: str, state: State) -> str:
    if line.has("--active") and (path := state.variables.get("VIRTUAL_ENV")):
        return state.at(path) or path
    named = state.variables.get("UV_PROJECT_ENVIRONMENT") or ".venv"
    path = posixpath.normpath(posixpath.join(folder, named))
    return environments.SYSTEM if path in {"/usr", "/usr/local"} else path


def _root(folder: str, state: State) -> str:
    """The folder of the project or the workspace that a folder is in, itself where there is none above."""
    here = folder
    while True:
        if state.text(f"{here.rstrip('/')}/pyproject.toml") is not None:
            return here
        if here in {"/", ""}:
            return folder
        here = posixpath.dirname(here)


def _groups(line: Argv, state: State, *, has_project: bool) -> Groups:
    no_dev = line.has("--no-dev", "--no-default-groups") or is_true(state.variables.get("UV_NO_DEV"))
    only = listed(line.values("--only-group"))
    names = (*only, *listed(line.values("--group")), *(["dev"] if line.has("--only-dev", "--dev") else []))
    is_part = bool(only) or line.has("--only-dev")
    return Groups(
        names,
        listed(line.values("--no-group")),
        has_defaults=not (no_dev or is_part),
        has_all=line.has("--all-groups"),
        has_main=not is_part,
        has_project=has_project and not is_part,
    )


def _sync(line: Argv, state: State) -> Effect:
    named = folder_of_project(line, state, *_FOLDER)
    if named is None:
        return unknown(line, state, is_library=True)
    folder = _root(named, state)
    left_out = line.has("--no-install-project", "--no-install-workspace", "--no-install-local")
    left_out |= is_true(state.variables.get("UV_NO_INSTALL_PROJECT"))
    extras = (ALL_EXTRAS,) if line.has("--all-extras") else listed(line.values("--extra"))
    is_bound = line.has("--frozen", "--locked") or any(
        is_true(state.variables.get(name)) for name in ("UV_FROZEN", "UV_LOCKED")
    )
    found = synced(
        Sync(
            folder,
            _of_project(line, folder, state),
            _groups(line, state, has_project=has_package(folder, state) and not left_out),
            "uv.lock",
            extras,
            has_to_lock=is_bound,
            is_editable=not (line.has("--no-editable") or is_true(state.variables.get("UV_NO_EDITABLE"))),
        ),
        state,
    )
    return _with_members(found, folder, line, state)


def _with_members(found: Effect, folder: str, line: Argv, state: State) -> Effect:
    """The sync with the members of the workspace that it installs: by the lock, else by the patterns of the project."""
    lock, places = f"{folder.rstrip('/')}/uv.lock", places_of(state)
    if state.text(lock) is None:
        return replace(found, needs=(*found.needs, *_members(folder, line, state)))
    packages = listed(line.values("--package"))
    own = section(read_table(state.text(f"{folder.rstrip('/')}/pyproject.toml")), "project").get("name")
    asked = packages or ((own,) if isinstance(own, str) else ())
    folders = dict(local_packages(asked, lock, places))
    if line.has("--no-install-workspace", "--no-install-local"):
        folders = {}
    left_out = {normalised(name) for name in asked} if line.has("--no-install-project") else set()
    left_out |= {normalised(name) for name in listed(line.values("--no-install-package"))}
    paths = [posixpath.normpath(posixpath.join(folder, path)) for name, path in folders.items() if name not in left_out]
    is_editable = not (line.has("--no-editable") or is_true(state.variables.get("UV_NO_EDITABLE")))
    members = [LocalProject(path, (), is_editable) for path in paths if path != folder]
    demand = locked(Demand(names=packages, projects=tuple(members)), lock, places)
    environment = found.installs or environments.active(state)
    more = installed(replace(demand, files=()), environment, state)
    manifests = tuple(File(f"{member.path}/pyproject.toml") for member in members)
    return replace(
        found,
        needs=tuple(dict.fromkeys((*found.needs, *manifests, *more.needs))),
        provides=tuple(dict.fromkeys((*found.provides, *more.provides))),
    )


def _members(folder: str, line: Argv, state: State) -> tuple[Need, ...]:
    """The members of a workspace that the project asks for; of several patterns nobody knows which has to be met."""
    table = read_table(state.text(f"{folder.rstrip('/')}/pyproject.toml"))
    sources = section(table, "tool", "uv", "sources").values()
    members = section(table, "tool", "uv", "workspace").get("members")
    is_asked = any(isinstance(source, dict) and source.get("workspace") is True for source in sources)
    if not is_asked or not isinstance(members, list) or len(members) != 1 or line.has("--no-install-workspace"):
        return ()
    return (Matching(posixpath.normpath(posixpath.join(folder, str(members[0]), "pyproject.toml"))),)


def _run(line: Argv, inner: Argv, state: State) -> Iterator[Effect | Nested]:
    named = folder_of_project(line, state, *_FOLDER)
    if named is None:
        yield unknown(line, state, is_library=True)
        return
    folder = _root(named, state)
    is_bare = inner.has("--no-project") or state.text(f"{folder.rstrip('/')}/pyproject.toml") is None
    environment = _of_pip(inner, state) if is_bare else _of_project(inner, folder, state)
    if not is_bare and not inner.has("--no-sync") and not is_true(state.variables.get("UV_NO_SYNC")):
        is_there = bool(state.makers(File(f"{environment}/bin/python")))
        files = (File(f"{folder.rstrip('/')}/pyproject.toml"), File(f"{folder.rstrip('/')}/uv.lock"))
        yield Effect(takes=files) if is_there else _sync(replace(inner, operands=()), state)
    words = inner.operands
    if module := inner.value("-m", "--module"):
        words = (_python(module), Word("-m", "-m", module.span), module, *words)
    elif words and words[0].head.endswith(".py"):
        words = (_python(words[0]), *words)
    yield from run_in(words, environment, state)


def _python(beside: Word) -> Word:
    return Word("python", "python", beside.span)


def _tool(line: Argv, state: State) -> Effect:
    if line.verb not in {"install", "upgrade"}:
        return unknown(line, state, is_library=True) if line.verb == "run" else Effect()
    home = state.variables.get("UV_TOOL_DIR") or f"{state.home}/.local/share/uv/tools"
    programs = state.variables.get("UV_TOOL_BIN_DIR") or f"{state.home}/.local/bin"
    words = line.values("--from") or line.operands
    demand = joined(of_operand(word.head, places_of(state), is_known=word.value is not None) for word in words)
    return application(demand, home, programs, state)


@effect("uvx")
def uvx(line: Argv, state: State) -> Iterable[Effect]:
    """A tool in an environment of its own, below the cache."""
    found = unknown(line, state, is_library=True)
    return (replace(found, takes=(*found.takes, *taken(f"{state.home}/.cache/uv", state))),)


def _export(line: Argv, state: State) -> Effect:
    folder = folder_of_project(line, state, *_FOLDER)
    if folder is None:
        return unknown(line, state)
    extras = (ALL_EXTRAS,) if line.has("--all-extras") else listed(line.values("--extra"))
    groups = _groups(line, state, has_project=False)
    demand = of_project(LocalProject(folder, extras), places_of(state), groups)
    return exported(path_of(line.value("-o", "--output-file"), state), demand, folder, "uv.lock", state)


def _adds(line: Argv, state: State) -> Effect:
    """`uv add`: it writes pyproject.toml and uv.lock, then syncs."""
    found = _sync(replace(line, operands=()), state)
    more = installed(demand_of(line, state), found.installs or environments.active(state), state)
    folder = state.at(".") or "/"
    files = tuple(File(f"{folder.rstrip('/')}/{name}") for name in ("uv.lock", "pyproject.toml"))
    return replace(found, needs=(*found.needs, *more.needs), provides=(*found.provides, *more.provides, *files))
