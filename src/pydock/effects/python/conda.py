"""conda, mamba, micromamba and pixi: environments with packages of every language.

https://docs.conda.io/projects/conda/en/stable/commands/, https://pixi.sh/latest/reference/cli/, read 2026-11.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.effects.paths import path_of
from pydock.effects.python import environments
from pydock.effects.python.installing import distributions, installed, places_of, taken
from pydock.effects.python.projects import behind_verb, run_in
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import CondaFile, Demand, joined, of_conda_file, of_conda_word, of_pixi, with_projects
from pydock.shell import Argv, Word, argv
from pydock.state import Effect, Need, Nested, Purpose, State
from pydock.state.needs import Below, Distribution, File, Folder, Thing
from pydock.values import replace

_ROOT = "/opt/conda"


@effect("conda", "mamba", "micromamba")
def conda(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """By its verb; `conda env create` and `conda env update` are verbs of two words."""
    verb = (line.verb or "").removeprefix("env ") or None
    match verb:
        case "create" | "install" | "update" | "upgrade":
            return (_install(line, verb, state),)
        case "run":
            inner = argv(behind_verb(line, "run"), "conda run")
            environment = _environment(inner, CondaFile(Demand()), state)
            return tuple(run_in(inner.operands, environment, state, Folder(environment)))
        case "remove" | "uninstall":
            environment = _environment(line, CondaFile(Demand()), state)
            gone: tuple[Thing | Below, ...] = tuple(
                Distribution(environment, name) for word in line.operands for name in of_conda_word(word.head).names
            )
            return (Effect(removes=gone or (Below(environment),), takes=(Folder(environment),)),)
        case "clean":
            return (Effect(removes=(Below(f"{root(line, state)}/pkgs"),), purpose=Purpose.UPKEEP),)
        case "config":
            path = File(f"{state.home}/.condarc")
            return (Effect(takes=(path,), provides=(path,)),)
        case "init" | "shell":
            files = tuple(File(f"{state.home}/{name}") for name in (".bashrc", ".bash_profile", ".profile"))
            return (Effect(takes=files, provides=files[:1], purpose=Purpose.TOOL),)
        case None | "info" | "list" | "search" | "activate" | "deactivate" | "export":
            return (Effect(),)
        case _:
            return (unknown(line, state, is_library=True),)


def root(line: Argv, state: State) -> str:
    """The folder of the base environment."""
    if given := state.variables.get("MAMBA_ROOT_PREFIX"):
        return given
    found = environments.of_program(line.path or "conda", state)
    return _ROOT if found == environments.SYSTEM else found


def _environment(line: Argv, file: CondaFile, state: State) -> str:
    """The environment that a command works on: by option, by its file, by the active one, else the base."""
    if path := path_of(line.value("-p", "--prefix"), state):
        return path
    base = root(line, state)
    name = line.value("-n", "--name")
    named = name.value if name else file.name
    if named and "/" in named:
        return state.at(named) or base
    if named and named not in {"base", "root"}:
        return f"{base}/envs/{named}"
    if file.prefix and not name:
        return file.prefix
    if name is None and (active := state.variables.get("CONDA_PREFIX")):
        return active
    return base


def _install(line: Argv, verb: str, state: State) -> Effect:
    places = places_of(state)
    words = line.values("-f", "--file")
    paths = [path for word in words if (path := path_of(word, state))]
    if not words and (line.verb or "").startswith("env ") and (default := state.at("environment.yml")):
        paths = [default]
    files = [of_conda_file(path, places) for path in paths if path.endswith((".yml", ".yaml"))]
    parts = [each.demand for each in files]
    parts += [_of_list(path, state) for path in paths if not path.endswith((".yml", ".yaml"))]
    parts += [of_conda_word(word.head) for word in line.operands]
    demand = with_projects(joined(parts), places)
    environment = _environment(line, files[0] if files else CondaFile(Demand()), state)
    found = installed(demand, environment, state)
    takes: list[Need] = [File(f"{state.home}/.condarc"), File(f"{root(line, state)}/.condarc")]
    is_new = verb == "create"
    provides = [*(_created(environment) if is_new or line.operands or paths else ()), *found.provides]
    needs = found.needs if is_new or environment == root(line, state) else (Folder(environment), *found.needs)
    return replace(
        found,
        needs=needs if environment != root(line, state) else found.needs,
        takes=(*found.takes, *takes),
        provides=tuple(provides),
        installs=environment,
        purpose=Purpose.SERVICE,
    )


def _of_list(path: str, state: State) -> Demand:
    """A list of specifications, one a line, as `conda list --export` writes it."""
    text = state.text(path)
    lines = [line.strip() for line in (text or "").splitlines() if line.strip() and not line.startswith(("#", "@"))]
    return joined([Demand(files=(path,), is_complete=text is not None), *map(of_conda_word, lines)])


def _created(environment: str) -> Iterator[Thing]:
    yield Folder(environment)
    yield from (File(f"{environment}/bin/{name}") for name in ("python", "python3", "pip"))
    yield Distribution(environment, "pip")


@effect("pixi")
def pixi(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """Environments below .pixi/envs of the project."""
    manifest = _manifest(line, state)
    if manifest is None:
        return (unknown(line, state, is_library=True),)
    folder = posixpath.dirname(manifest)
    words: tuple[Word, ...] = ()
    if line.verb == "run":
        inner = argv(behind_verb(line, "run"), "pixi run")
        line, words = replace(line, options=(*line.options, *inner.options)), inner.operands
    named = line.value("-e", "--environment")
    name = named.value if named and named.value else "default"
    environment = f"{folder.rstrip('/')}/.pixi/envs/{name}"
    match line.verb:
        case "install":
            return (_pixi_install(line, manifest, environment, name, state),)
        case "run":
            return tuple(run_in(words, environment, state, File(manifest)))
        case "shell-hook":
            return (Effect(needs=(File(manifest), Folder(environment))),)
        case "clean":
            return (Effect(removes=(Below(environment),), purpose=Purpose.UPKEEP),)
        case None | "list" | "info" | "tree" | "task" | "self-update":
            return (Effect(),)
        case _:
            return (unknown(line, state, is_library=True),)


def _manifest(line: Argv, state: State) -> str | None:
    if word := line.value("--manifest-path"):
        return path_of(word, state)
    own, other = state.at("pixi.toml"), state.at("pyproject.toml")
    return other if own and other and not state.makers(File(own)) and state.makers(File(other)) else own


def _pixi_install(line: Argv, manifest: str, environment: str, name: str, state: State) -> Effect:
    demand = with_projects(of_pixi(manifest, places_of(state), name), places_of(state))
    lock = File(f"{posixpath.dirname(manifest).rstrip('/')}/pixi.lock")
    is_bound = line.has("--locked", "--frozen")
    found = installed(demand, environment, state, *([lock] if is_bound else []))
    folder = posixpath.dirname(manifest)
    takes: list[Need] = [
        *([] if is_bound else [lock]),
        *([Below(folder)] if folder != "/" else []),
        *taken(environment, state),
    ]
    provides = (*_created(environment), *distributions(demand, environment), *found.provides)
    return replace(
        found,
        takes=tuple(dict.fromkeys((*found.takes, *takes))),
        provides=tuple(dict.fromkeys(provides)),
        installs=environment,
        purpose=Purpose.SERVICE,
    )
