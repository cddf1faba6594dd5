"""Poetry: its settings, its environment, its installs (https://python-poetry.org/docs/configuration/, read 2026-11)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from pydock.effects.paths import path_of
from pydock.effects.python import environments
from pydock.effects.python.build_backends import pyproject_build
from pydock.effects.python.installing import installed, opened, places_of, taken
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
from pydock.packages import ALL_EXTRAS, Groups, LocalProject, normalised, of_project, read_table, section
from pydock.shell import Argv, argv
from pydock.state import Effect, Need, Nested, Purpose, State
from pydock.state.needs import Below, File, OlderRelease, Program
from pydock.values import replace

_GIT = Program("git")
_FOLDER = ("-C", "--directory", "-P", "--project")


@effect("poetry")
def poetry(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """By its verb."""
    folder = folder_of_project(line, state, *_FOLDER)
    if folder is None:
        return (unknown(line, state, is_library=True),)
    match line.verb:
        case "config":
            return (_config(line, folder, state),)
        case "install" | "sync" | "update":
            return (_install(line, folder, state),)
        case "run":
            return tuple(_run(line, folder, state))
        case "export":
            demand = of_project(LocalProject(folder, _extras(line)), places_of(state), _groups(line, has_project=False))
            target = path_of(line.value("-o", "--output"), state)
            return (exported(target, demand, folder, "poetry.lock", state),)
        case "lock":
            return (_locks(folder, state),)
        case "build":
            return pyproject_build(argv(behind_verb(line, "build")[:1], "pyproject-build"), state)
        case "add":
            return (_adds(line, folder, state),)
        case "self" | "plugin":
            mine = environments.of_program(line.path or "poetry", state)
            return (Effect(takes=taken(mine, state), opens=opened(mine), purpose=Purpose.TOOL),)
        case "cache":
            return (Effect(removes=(Below(_cache(state)),), purpose=Purpose.UPKEEP),)
        case None | "check" | "show" | "version" | "about" | "help" | "list" | "search" | "env" | "debug":
            return (Effect(),)
        case _:
            return (unknown(line, state, is_library=True),)


def _cache(state: State) -> str:
    return state.variables.get("POETRY_CACHE_DIR") or f"{state.home}/.cache/pypoetry"


def _config_file(state: State) -> str:
    return f"{state.variables.get('POETRY_CONFIG_DIR') or f'{state.home}/.config/pypoetry'}/config.toml"


def _config(line: Argv, folder: str, state: State) -> Effect:
    """`poetry config NAME VALUE`: a line of config.toml, of poetry.toml with --local."""
    path = f"{folder.rstrip('/')}/poetry.toml" if line.has("--local") else _config_file(state)
    if line.has("--list") or not line.operands:
        return Effect()
    name, values = line.operands[0].value, line.operands[1:]
    if name is None or not (values or line.has("--unset")) or any(word.value is None for word in values):
        return Effect(provides=(File(path),), takes=(File(path),)) if values or line.has("--unset") else Effect()
    known = dict(_flat(read_table(state.text(path))))
    known.pop(name, None)
    if not line.has("--unset"):
        known[name] = " ".join(word.value or "" for word in values)
    text = "".join(f"{key} = {_written(value)}\n" for key, value in known.items())
    return Effect(takes=(File(path),), provides=(File(path),), texts={path: text}, purpose=Purpose.TOOL)


def _written(value: str) -> str:
    if value.lower() in {"true", "false"}:
        return value.lower()
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value).lower() if isinstance(value, bool) else str(value)


def setting(name: str, folder: str, state: State) -> str | None:
    """A setting by its name: of a variable, of poetry.toml beside the project, of the user's configuration."""
    variable = f"POETRY_{name.upper().replace('.', '_').replace('-', '_')}"
    if variable in state.variables:
        return state.variables[variable]
    for path in (f"{folder.rstrip('/')}/poetry.toml", _config_file(state)):
        found = dict(_flat(read_table(state.text(path))))
        if name in found:
            return found[name]
    return None


def environment(folder: str, state: State) -> str:
    """The environment of the project in a folder."""
    active = environments.active(state)
    if is_false(setting("virtualenvs.create", folder, state)) or active != environments.SYSTEM:
        return active
    if given := state.variables.get("VIRTUAL_ENV"):
        return state.at(given) or active
    beside = posixpath.join(folder, ".venv")
    in_project = setting("virtualenvs.in-project", folder, state)
    is_there = bool(state.makers(File(f"{beside}/bin/python"))) and not is_false(in_project)
    if is_true(in_project) or is_there:
        return beside
    cache = setting("cache-dir", folder, state) or _cache(state)
    where = (setting("virtualenvs.path", folder, state) or f"{cache}/virtualenvs").replace("{cache-dir}", cache)
    table = read_table(state.text(f"{folder.rstrip('/')}/pyproject.toml"))
    name = section(table, "project").get("name") or section(table, "tool", "poetry").get("name") or "non-package-mode"
    return f"{where}/{environments.own_name(normalised(str(name)), folder)}-py{state.base.minor}"


def _extras(line: Argv) -> tuple[str, ...]:
    return (ALL_EXTRAS,) if line.has("--all-extras") else listed(line.values("-E", "--extras"))


def _groups(line: Argv, *, has_project: bool) -> Groups:
    only = listed(line.values("--only"))
    names = tuple(name for name in (*only, *listed(line.values("--with"))) if name != "main")
    is_export = line.verb == "export"
    has_dev = line.has("--dev") if is_export else not line.has("--no-dev", "--only-root")
    return Groups(
        names,
        listed(line.values("--without")),
        has_defaults=has_dev and not only,
        has_all=line.has("--all-groups"),
        has_main=(not only or "main" in only) and not line.has("--only-root"),
        has_project=has_project,
    )


def _install(line: Argv, folder: str, state: State) -> Effect:
    table = read_table(state.text(f"{folder.rstrip('/')}/pyproject.toml"))
    is_package = section(table, "tool", "poetry").get("package-mode") is not False
    groups = _groups(line, has_project=is_package and not line.has("--no-root") and line.verb != "update")
    found = synced(Sync(folder, environment(folder, state), groups, "poetry.lock", _extras(line)), state)
    settings = (Below(posixpath.dirname(_config_file(state))), File(f"{folder.rstrip('/')}/poetry.toml"))
    # https://python-poetry.org/blog/announcing-poetry-2.0.0/, read 2026-11.
    releases = (OlderRelease("poetry", "2"),) if line.has("--no-dev") else ()
    found = replace(found, needs=(*found.needs, *releases), takes=(*found.takes, *settings))
    return _cloned(found, folder, state)


def _cloned(found: Effect, folder: str, state: State) -> Effect:
    """Poetry clones by itself: git serves it where it is there, and has to be there only where a setting asks for it.

    Source: https://python-poetry.org/docs/configuration/#system-git-client, read 2026-11.
    """
    names = ("system-git-client", "experimental.system-git-client")
    if any(is_true(setting(name, folder, state)) for name in names):
        return found
    needs = tuple(need for need in found.needs if need != _GIT)
    return replace(found, needs=needs, takes=(*found.takes, _GIT)) if len(needs) < len(found.needs) else found


def _run(line: Argv, folder: str, state: State) -> Iterator[Effect | Nested]:
    inner = argv(behind_verb(line, "run"), "poetry run")
    needs: tuple[Need, ...] = (File(f"{folder.rstrip('/')}/pyproject.toml"),)
    yield from run_in(inner.operands, environment(folder, state), state, *needs)


def _locks(folder: str, state: State) -> Effect:
    manifest, lock = (File(f"{folder.rstrip('/')}/{name}") for name in ("pyproject.toml", "poetry.lock"))
    return Effect(needs=(manifest,), takes=(lock, *taken(environments.active(state), state)), provides=(lock,))


def _adds(line: Argv, folder: str, state: State) -> Effect:
    manifest, lock = (File(f"{folder.rstrip('/')}/{name}") for name in ("pyproject.toml", "poetry.lock"))
    found = installed(demand_of(line, state), environment(folder, state), state, manifest)
    found = replace(found, takes=(*found.takes, lock), provides=(*found.provides, lock), changes=(manifest,))
    return _cloned(found, folder, state)
