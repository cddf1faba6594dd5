"""What managers of whole projects share: their project, its demand, and programs that they run in its environment."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.effects.python import environments
from pydock.effects.python.installing import installed, places_of
from pydock.effects.registry import effects_of
from pydock.packages import (
    Demand,
    Groups,
    LocalProject,
    joined,
    locked,
    of_project,
    read_table,
    section,
    with_projects,
)
from pydock.shell import Argv, Word
from pydock.state import Effect, Need, Nested, Purpose, State
from pydock.state.needs import Below, Distributions, File, Folder, Program, SourceLink, Thing
from pydock.values import Value, replace

# What each environment has of its own, whatever else the image has of that name.
_PYTHONS = frozenset({"python", "python3"})


class Sync(Value):
    """An install of the project in a folder: `lock` is the lock beside, which `has_to_lock` cannot do without."""

    folder: str
    environment: str
    groups: Groups
    lock: str
    extras: tuple[str, ...] = ()
    has_to_lock: bool = False
    is_editable: bool = True
    manifest: str = "pyproject.toml"


def behind_verb(line: Argv, verb: str) -> tuple[Word, ...]:
    """The words of a command line from a verb on."""
    at = next((at for at, word in enumerate(line.words[1:], 1) if word.value == verb), len(line.words))
    return line.words[at:]


def listed(words: Iterable[Word]) -> tuple[str, ...]:
    """Names that an option is given with commas or blanks between them, as far as they are known."""
    return tuple(each for word in words for each in word.head.replace(",", " ").split())


def is_true(value: str | None) -> bool:
    return (value or "").lower() in {"1", "true", "yes", "on", "y", "t"}


def is_false(value: str | None) -> bool:
    return (value or "").lower() in {"0", "false", "no", "off", "n", "f"}


def synced(sync: Sync, state: State) -> Effect:
    """The effect of an install of a project: its environment is made where it is not there."""
    places = places_of(state)
    project = LocalProject(sync.folder, sync.extras, sync.is_editable)
    demand = with_projects(of_project(project, places, sync.groups), places)
    has_lock = state.text(lock := posixpath.join(sync.folder, sync.lock)) is not None
    demand = locked(demand, lock, places) if has_lock else demand
    if sync.groups.has_project:
        demand = joined([demand, Demand(projects=(project,))])
    found = installed(replace(demand, files=()), sync.environment, state)
    needs: list[Need] = [File(posixpath.join(sync.folder, sync.manifest))]
    needs += [File(lock)] if sync.has_to_lock else []
    takes: list[Need] = [File(lock)] if not sync.has_to_lock else []
    takes += [File(posixpath.join(sync.folder, name)) for name in ("README.md", ".python-version")]
    takes += [Below(sync.folder)] if sync.folder != "/" else []
    return replace(
        found,
        needs=(*needs, *found.needs),
        takes=(*found.takes, *takes),
        provides=(*made(sync.environment, state), *found.provides),
        installs=sync.environment,
        purpose=Purpose.SERVICE,
    )


def made(environment: str, state: State) -> tuple[Thing, ...]:
    """What a new virtual environment has, nothing where it is there already or is the system's."""
    if environment == environments.SYSTEM or state.makers(File(f"{environment}/bin/python")):
        return ()
    return environments.created(environment, has_pip=False, state=state).provides


def run_in(words: tuple[Word, ...], environment: str, state: State, *needs: Need) -> Iterator[Effect | Nested]:
    """A command that runs with an environment's programs first: they are found by their path there."""
    found = tuple(effects_of(words, environments.with_first(environment, state))) if words else ()
    if not found:
        yield Effect(needs=needs)
    reads = [Distributions(environment)]
    links = [thing.path for thing in state.things if isinstance(thing, SourceLink) and thing.environment == environment]
    takes: tuple[Need, ...] = (*reads, *map(Below, links))
    for each in found:
        own = tuple(_in_environment(need, environment, state) for need in each.needs)
        if isinstance(each, Effect):
            yield replace(each, needs=(*needs, *own), takes=(*each.takes, *takes))
        else:
            yield replace(each, needs=(*needs, *own))
            yield Effect(needs=needs, takes=takes)


def _in_environment(need: Need, environment: str, state: State) -> Need:
    if not isinstance(need, Program) or "/" in need.name:
        return need
    path = File(f"{environment}/bin/{need.name}")
    if state.makers(path):
        return path
    # A manager makes the environment first, where there is none.
    is_own = need.name in _PYTHONS and bool(state.makers(Folder(environment)))
    return need if environment == environments.SYSTEM or (state.has(need) and not is_own) else path


def exported(target: str | None, demand: Demand, folder: str, lock: str, state: State) -> Effect:
    """A list that is made of a lock, or of the metadata where there is none: it names what these do.

    Without a lock the packages that come with others are missing, as they are in a list that people write.
    """
    needs = (File(f"{folder.rstrip('/')}/pyproject.toml"),)
    takes: tuple[Need, ...] = (File(f"{folder.rstrip('/')}/{lock}"), *([Below(folder)] if folder != "/" else []))
    if target is None:
        return Effect(needs=needs, takes=takes)
    full = locked(demand, f"{folder.rstrip('/')}/{lock}", places_of(state))
    text = "".join(f"{name}{full.pins.get(name, '')}\n" for name in full.on_linux)
    return Effect(
        needs=needs,
        takes=takes,
        provides=(File(target),),
        texts={target: text} if demand.is_complete else {},
        purpose=Purpose.TOOL,
    )


def folder_of_project(line: Argv, state: State, *options: str) -> str | None:
    """The folder that a manager works in: by option, else the work directory."""
    word = line.value(*options)
    if word is None:
        return state.at(".")
    return state.at(word.value) if word.value else None


def has_package(folder: str, state: State) -> bool:
    """Whether the project of a folder says how it is built, and so is a package itself."""
    table = read_table(state.text(f"{folder.rstrip('/')}/pyproject.toml"))
    asked = section(table, "tool", "uv").get("package")
    return bool(asked) if isinstance(asked, bool) else bool(section(table, "build-system"))
