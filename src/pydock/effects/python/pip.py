"""pip: what it installs, where, and what that reads (https://pip.pypa.io/en/stable/cli/, read 2026-11)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.effects.paths import opened as files_at
from pydock.effects.paths import path_of, taken
from pydock.effects.python import environments
from pydock.effects.python.installing import (
    TOOLS,
    installed,
    needs_of,
    places_of,
)
from pydock.effects.python.installing import taken as taken_by_installs
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import (
    UNREAD,
    Demand,
    Groups,
    LocalProject,
    joined,
    of_file,
    of_operand,
    of_project,
    with_projects,
)
from pydock.shell import Argv, Word
from pydock.state import Effect, Need, Purpose, State, files_below
from pydock.state.needs import Below, Distribution, Distributions, File, Place
from pydock.values import replace

_LISTS = ("-r", "--requirement", "--requirements")
_BOUNDS = (
    "-c",
    "--constraint",
    "--constraints",
    "-b",
    "--build-constraint",
    "--build-constraints",
    "--override",
    "--overrides",
)
_LIST_VARIABLES = ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "PIP_REQUIREMENT", "UV_CONSTRAINT", "UV_BUILD_CONSTRAINT")
_NO_DEPENDENCIES = ("--no-deps", "--no-dependencies")
_READ_FILES = ("--cert", "--client-cert", "--config-file")
_ALONE = Groups(has_main=False)


@effect("pip")
def pip(line: Argv, state: State) -> Iterable[Effect]:
    """It installs where that pip lies that the PATH finds."""
    return pip_effects(line, state, environments.of_program(line.path or "pip", state))


def pip_effects(line: Argv, state: State, environment: str) -> tuple[Effect, ...]:
    """What a command line of pip does with the interpreter of an environment."""
    if (named := environments.of_word(line.value("--python"), state)) is not None:
        own = File(f"{named}/bin/python")
        found = _effects(line, state, named)
        if named == environments.SYSTEM:
            return found
        return tuple(replace(each, needs=(own, *each.needs)) for each in found)
    return _effects(line, state, environment)


def _effects(line: Argv, state: State, environment: str) -> tuple[Effect, ...]:
    match line.verb:
        case "install" if line.has("--dry-run"):
            return (Effect(needs=tuple(needs_of(demand_of(line, state), state))),)
        case "install":
            return tuple(_installs(line, state, target_of(line, state, environment)))
        case "uninstall":
            return tuple(_uninstalls(line, state, environment))
        case "wheel" | "download":
            return (_fetches(line, state, environment),)
        case "config":
            return (_configures(line, state, environment),)
        case "cache":
            return (Effect(removes=(Below(f"{state.home}/.cache/pip"),), purpose=Purpose.UPKEEP),)
        case "list" | "freeze" | "show" | "check" | "inspect" | "debug" | "help" | "index" | "hash" | "search":
            return (Effect(takes=(Distributions(environment),)),)
        case None if not line.operands:
            return (Effect(),)
        case _:
            return (unknown(line, state, is_library=True),)


def target_of(line: Argv, state: State, environment: str) -> str:
    """The environment that an install goes to, by its options and variables."""
    options = {"--target": ("-t", "--target"), "--prefix": ("--prefix",)}
    for variable, names in {"PIP_TARGET": options["--target"], "PIP_PREFIX": options["--prefix"]}.items():
        if word := line.value(*names):
            return path_of(word, state) or environment
        if given := state.variables.get(variable):
            return state.at(given) or environment
    if root := path_of(line.value("--root"), state):
        return posixpath.normpath(f"{root}/{environment}")
    is_asked = line.has("--user") or (state.variables.get("PIP_USER") or "").lower() in {"1", "yes", "true", "on"}
    # pip turns to the user's own folder where it may not write to the system's.
    is_refused = environment == environments.SYSTEM and not state.is_root and line.program == "pip"
    if is_asked or is_refused:
        return environments.of_user(state)
    return environment


def demand_of(line: Argv, state: State) -> Demand:
    """Everything that an install names, local projects followed."""
    places = places_of(state)
    parts = [of_operand(word.head, places, is_known=word.value is not None) for word in line.operands]
    parts += [
        of_operand(word.head, places, is_known=word.value is not None, is_editable=True)
        for word in line.values("-e", "--editable")
    ]
    extras = tuple(word.head for word in line.values("--extra"))
    parts += [
        of_file(path, places, extras) if (path := path_of(word, state)) else UNREAD for word in line.values(*_LISTS)
    ]
    for word in line.values(*_BOUNDS):
        path = path_of(word, state)
        parts.append(Demand(files=of_file(path, places).files) if path else UNREAD)
    parts += [_of_group(word, state) for word in line.values("--group")]
    parts += [Demand(sources=(path,)) for word in line.values("-f", "--find-links") if (path := _local(word, state))]
    groups = _ALONE if line.has(*_NO_DEPENDENCIES) else Groups()
    return with_projects(joined(parts), places, groups)


def _of_group(word: Word, state: State) -> Demand:
    """`--group dev` of the pyproject.toml beside, `--group path/pyproject.toml:dev` of another one."""
    path, _, name = (word.value or "").rpartition(":")
    where = state.at(path or "pyproject.toml")
    if where is None or not name:
        return UNREAD
    groups = Groups((name,), has_main=False, has_project=False)
    return of_project(LocalProject(posixpath.dirname(where)), places_of(state), groups)


def _local(word: Word, state: State) -> str | None:
    return None if "://" in word.head else path_of(word, state)


def more_needs(line: Argv, state: State) -> Iterator[Need]:
    """The files that options and variables name besides what is asked for."""
    for word in line.values(*_READ_FILES):
        if path := path_of(word, state):
            yield Place(path)
    for name in _LIST_VARIABLES:
        for each in (state.variables.get(name) or "").split():
            if path := state.at(each):
                yield File(path)
    for each in (state.variables.get("PIP_FIND_LINKS") or "").split():
        if "://" not in each and (path := state.at(each)):
            yield Below(path)


def _installs(line: Argv, state: State, environment: str) -> Iterator[Effect]:
    needs = tuple(more_needs(line, state))
    has_lists = bool(line.values(*_LISTS, "-e", "--editable", "--group"))
    whole = demand_of(line, state)
    is_of_packages = not (has_lists or whole.projects or whole.archives)
    if is_of_packages and line.operands:
        bounds = tuple(needs_of(demand_of(replace(line, operands=()), state), state))
        for word in line.operands:
            alone = joined([of_operand(word.head, places_of(state), is_known=word.value is not None)])
            yield replace(installed(alone, environment, state, *bounds, *needs), operand=word)
        return
    found = installed(whole, environment, state, *needs)
    unread = tuple(need for word in line.values(*_LISTS, *_BOUNDS) if word.value is None for need in taken(word, state))
    yield replace(found, takes=(*found.takes, *unread))


def _uninstalls(line: Argv, state: State, environment: str) -> Iterator[Effect]:
    lists = joined([of_file(path, places_of(state)) for word in line.values(*_LISTS) if (path := path_of(word, state))])
    if lists.names or not line.operands:
        yield Effect(
            needs=tuple(map(File, lists.files)),
            takes=(Distributions(environment),),
            removes=tuple(Distribution(environment, name) for name in lists.names),
        )
    for word in line.operands:
        names = of_operand(word.head, places_of(state), is_known=word.value is not None).names
        yield Effect(
            takes=tuple(Distribution(environment, name) for name in names),
            removes=tuple(Distribution(environment, name) for name in names),
            purpose=Purpose.TOOL if names and set(names) <= TOOLS else Purpose.SERVICE,
            operand=word,
        )


def _fetches(line: Argv, state: State, environment: str) -> Effect:
    """`pip wheel` and `pip download`: archives in a folder."""
    demand = demand_of(line, state)
    word = line.value("-w", "--wheel-dir", "-d", "--dest")
    opens = files_at(word, state) if word else files_below(state.workdir or "/")
    return Effect(
        needs=tuple(dict.fromkeys((*needs_of(demand, state), *more_needs(line, state)))),
        takes=taken_by_installs(environment, state),
        opens=opens,
    )


def _configures(line: Argv, state: State, environment: str) -> Effect:
    """`pip config set global.index-url URL`: a line of pip.conf."""
    verb = line.operands[0].value if line.operands else None
    if verb not in {"set", "unset", "edit"}:
        return Effect()
    path = f"{state.home}/.config/pip/pip.conf"
    if line.has("--global"):
        path = "/etc/pip.conf"
    elif line.has("--site"):
        path = f"{environment}/pip.conf"
    words = line.operands[1:]
    if verb != "set" or len(words) != 2 or any(word.value is None for word in words):
        return Effect(provides=(File(path),), takes=(File(path),))
    section, _, name = (words[0].value or "").partition(".")
    before = state.text(path) or ""
    added = f"[{section}]\n{name} = {words[1].value}\n"
    return Effect(takes=(File(path),), provides=(File(path),), texts={path: before + added})


@effect("pip-sync")
def pip_sync(line: Argv, state: State) -> Iterable[Effect]:
    """The environment becomes what the lists say, requirements.txt where none is named."""
    environment = environments.of_word(line.value("--python-executable"), state)
    environment = environment or environments.of_program(line.path or "pip-sync", state)
    places = places_of(state)
    paths = [path_of(word, state) for word in line.operands] or [state.at("requirements.txt")]
    demand = with_projects(joined([of_file(path, places) if path else UNREAD for path in paths]), places)
    return (installed(demand, environment, state),)


@effect("pip-compile")
def pip_compile(line: Argv, state: State) -> Iterable[Effect]:
    """A lock from lists or from the metadata of a project."""
    sources = [path for word in line.operands if (path := path_of(word, state))]
    if not line.operands:
        defaults = ("requirements.in", "setup.py", "pyproject.toml", "setup.cfg")
        sources = [path for name in defaults if (path := state.at(name)) and state.has(File(path))][:1]
    files = [file for source in sources for file in of_file(source, places_of(state)).files]
    target = path_of(line.value("-o", "--output-file"), state)
    if target is None and sources:
        folder, name = posixpath.split(sources[0])
        stem = name.removesuffix(".in") if name.endswith(".in") else "requirements"
        target = f"{folder.rstrip('/')}/{stem}.txt"
    takes: list[Need] = [Below(state.workdir)] if state.workdir not in {None, "/"} and state.workdir else []
    return (
        Effect(
            needs=tuple(dict.fromkeys((*map(File, sources), *map(File, files)))),
            takes=(*taken_by_installs(environments.active(state), state), *takes),
            provides=(File(target),) if target else (),
            opens=None if target else files_below(state.workdir or "/"),
        ),
    )
