"""pdm and hatch: installs of whole projects.

https://pdm-project.org/latest/, https://hatch.pypa.io/latest/, read 2026-11.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.effects.paths import path_of
from pydock.effects.python import environments
from pydock.effects.python.build_backends import pyproject_build
from pydock.effects.python.installing import installed, places_of, taken
from pydock.effects.python.pip import demand_of
from pydock.effects.python.projects import (
    Sync,
    behind_verb,
    exported,
    folder_of_project,
    is_false,
    is_true,
    listed,
    run_in,
    synced,
)
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import Groups, LocalProject, joined, of_project, read_table, section
from pydock.packages.projects import of_texts
from pydock.shell import Argv, argv
from pydock.state import Effect, Nested, Purpose, State
from pydock.state.needs import File, Folder
from pydock.values import replace


@effect("pdm")
def pdm(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """By its verb."""
    folder = folder_of_project(line, state, "-p", "--project")
    if folder is None:
        return (unknown(line, state, is_library=True),)
    environment = _environment(folder, state)
    manifest, lock = (File(f"{folder.rstrip('/')}/{name}") for name in ("pyproject.toml", "pdm.lock"))
    match line.verb:
        case "install" | "sync" | "update":
            return (_install(line, folder, environment, state),)
        case "run":
            inner = argv(behind_verb(line, "run"), "pdm run")
            return tuple(run_in(inner.operands, environment, state, manifest))
        case "export":
            demand = of_project(LocalProject(folder), places_of(state), _groups(line, has_project=False))
            return (exported(path_of(line.value("-o", "--output"), state), demand, folder, "pdm.lock", state),)
        case "lock":
            takes = (lock, *taken(environments.active(state), state))
            return (Effect(needs=(manifest,), takes=takes, provides=(lock,)),)
        case "build":
            return pyproject_build(argv(behind_verb(line, "build")[:1], "pyproject-build"), state)
        case "add":
            found = installed(demand_of(line, state), environment, state, manifest)
            return (replace(found, provides=(*found.provides, lock), changes=(manifest,)),)
        case "config":
            return (_config(line, state),)
        case "venv":
            is_new = any(word.value == "create" for word in line.operands)
            path = f"{folder.rstrip('/')}/.venv"
            return (environments.created(path, has_pip=line.has("--with-pip"), state=state) if is_new else Effect(),)
        case None | "list" | "info" | "show" | "use" | "cache" | "self" | "plugin":
            return (Effect(purpose=Purpose.TOOL),)
        case _:
            return (unknown(line, state, is_library=True),)


def _config_file(state: State) -> str:
    return f"{state.home}/.config/pdm/config.toml"


def _config(line: Argv, state: State) -> Effect:
    path = _config_file(state)
    words = [word.value for word in line.operands]
    if len(words) != 2 or None in words:
        return Effect()
    text = f'{state.text(path) or ""}{words[0]} = "{words[1]}"\n'
    return Effect(takes=(File(path),), provides=(File(path),), texts={path: text}, purpose=Purpose.TOOL)


def _environment(folder: str, state: State) -> str:
    """`__pypackages__` of PEP 582 where that folder is, else the active environment, else .venv of the project."""
    packages = f"{folder.rstrip('/')}/__pypackages__"
    configured = read_table(state.text(_config_file(state)))
    use_venv = state.variables.get("PDM_USE_VENV") or str(section(configured, "python").get("use_venv", ""))
    if state.has(Folder(packages)) or is_false(use_venv):
        return f"{packages}/{state.base.minor}"
    active = environments.active(state)
    if active != environments.SYSTEM and not is_true(state.variables.get("PDM_IGNORE_ACTIVE_VENV")):
        return active
    if given := state.variables.get("VIRTUAL_ENV"):
        return state.at(given) or active
    return f"{folder.rstrip('/')}/.venv"


def _groups(line: Argv, *, has_project: bool) -> Groups:
    names = [name for name in listed(line.values("-G", "--group", "--with")) if not name.startswith(":")]
    has_all = ":all" in listed(line.values("-G", "--group", "--with"))
    is_export = line.verb == "export"
    return Groups(
        tuple(names),
        listed(line.values("--without")),
        has_all=has_all or not (is_export or line.has("--prod", "--production", "--no-dev")),
        has_main=not line.has("--no-default"),
        has_project=has_project,
    )


def _install(line: Argv, folder: str, environment: str, state: State) -> Effect:
    table = read_table(state.text(f"{folder.rstrip('/')}/pyproject.toml"))
    is_package = section(table, "tool", "pdm").get("distribution") is not False
    groups = _groups(line, has_project=is_package and not line.has("--no-self"))
    has_to_lock = line.verb == "sync" or line.has("--frozen-lockfile", "--no-lock", "--check")
    is_editable = not line.has("--no-editable")
    sync = Sync(folder, environment, groups, "pdm.lock", (), has_to_lock=has_to_lock, is_editable=is_editable)
    return synced(sync, state)


@effect("hatch")
def hatch(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """Environments by name from [tool.hatch.envs], and builds."""
    folder = state.at(".")
    if folder is None:
        return (unknown(line, state, is_library=True),)
    words = [word.value for word in line.operands]
    match line.verb:
        case "env" if words[:1] == ["create"]:
            return (_hatch_environment((words[1:2] or ["default"])[0] or "default", folder, state),)
        case "run":
            inner = argv(behind_verb(line, "run"), "hatch run").operands
            name, colon, rest = inner[0].head.partition(":") if inner else ("", "", "")
            chosen = name if colon else (line.value("-e", "--env") or inner[0]).head if line.has("-e", "--env") else ""
            program = (inner[0].behind(len(name) + 1), *inner[1:]) if colon and rest else inner
            environment = _hatch_place(chosen or "default", folder, state)
            manifest = File(f"{folder.rstrip('/')}/pyproject.toml")
            return tuple(run_in(program, environment, state, manifest)) if inner else (Effect(),)
        case "build":
            return pyproject_build(argv(behind_verb(line, "build")[:1], "pyproject-build"), state)
        case None | "version" | "dep" | "config" | "env" | "status":
            return (Effect(),)
        case _:
            return (unknown(line, state, is_library=True),)


def _hatch_place(name: str, folder: str, state: State) -> str:
    if given := state.variables.get("HATCH_ENV_TYPE_VIRTUAL_PATH"):
        return posixpath.normpath(posixpath.join(folder, given))
    data = state.variables.get("HATCH_DATA_DIR") or f"{state.home}/.local/share/hatch"
    # The project's name and a hash stand between both in the real path.
    return f"{data}/env/virtual/{name}"


def _hatch_environment(name: str, folder: str, state: State) -> Effect:
    table = read_table(state.text(f"{folder.rstrip('/')}/pyproject.toml"))
    configured = section(table, "tool", "hatch", "envs", name)
    features = configured.get("features")
    extras = tuple(map(str, features)) if isinstance(features, list) else ()
    is_detached = configured.get("detached") is True or configured.get("skip-install") is True
    environment = _hatch_place(name, folder, state)
    groups = Groups(has_project=not is_detached, has_main=not is_detached)
    is_editable = configured.get("dev-mode") is not False
    found = synced(Sync(folder, environment, groups, "hatch.lock", extras, is_editable=is_editable), state)
    places = places_of(state)
    more = [of_texts(configured.get(key), places) for key in ("dependencies", "extra-dependencies")]
    added = installed(joined(more), environment, state)
    return replace(found, needs=(*found.needs, *added.needs), provides=(*found.provides, *added.provides))
