"""pipenv: installs from a Pipfile and its lock (https://pipenv.pypa.io/en/latest/cli.html, read 2026-11)."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.python import environments
from pydock.effects.python.installing import installed, places_of, taken
from pydock.effects.python.pip import demand_of
from pydock.effects.python.projects import behind_verb, is_true, listed, made, run_in
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import joined, of_pipfile, of_pipfile_lock, with_projects
from pydock.shell import Argv, argv
from pydock.state import Effect, Need, Nested, Purpose, State
from pydock.state.needs import Below, File
from pydock.values import replace


@effect("pipenv")
def pipenv(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """By its verb."""
    folder = state.at(".")
    if folder is None:
        return (unknown(line, state, is_library=True),)
    environment = _environment(line, folder, state)
    manifest, lock = (File(f"{folder.rstrip('/')}/{name}") for name in ("Pipfile", "Pipfile.lock"))
    match line.verb:
        case "install" | "sync" | "update" | "upgrade":
            return (_install(line, folder, environment, state),)
        case "run":
            return tuple(run_in(argv(behind_verb(line, "run"), "pipenv run").operands, environment, state, manifest))
        case "lock":
            takes = (lock, *taken(environments.active(state), state))
            return (Effect(needs=(manifest,), takes=takes, provides=(lock,)),)
        case "requirements":
            return (Effect(needs=(lock,)),)
        case "clean" | "uninstall":
            return (Effect(takes=(manifest, lock), opens=installed(joined([]), environment, state).opens),)
        case None if line.has("--rm"):
            return (Effect(removes=(Below(environment),)),)
        case None | "graph" | "check" | "verify" | "scripts" | "audit":
            return (Effect(purpose=Purpose.UPKEEP if line.has("--clear") else Purpose.SERVICE),)
        case _:
            return (unknown(line, state, is_library=True),)


def _environment(line: Argv, folder: str, state: State) -> str:
    """The system's with --system, else the one that is active, else one of the project's own."""
    active = environments.active(state)
    if line.has("--system") or is_true(state.variables.get("PIPENV_SYSTEM")) or active != environments.SYSTEM:
        return active
    if given := state.variables.get("VIRTUAL_ENV"):
        return state.at(given) or active
    beside = f"{folder.rstrip('/')}/.venv"
    if is_true(state.variables.get("PIPENV_VENV_IN_PROJECT")) or state.makers(File(f"{beside}/bin/python")):
        return beside
    data = state.variables.get("XDG_DATA_HOME") or f"{state.home}/.local/share"
    where = state.variables.get("WORKON_HOME") or f"{data}/virtualenvs"
    return f"{where}/{state.variables.get('PIPENV_CUSTOM_VENV_NAME') or _name(folder, state)}"


def _name(folder: str, state: State) -> str:
    name = environments.own_name(folder.rpartition("/")[2], f"{folder.rstrip('/')}/Pipfile")
    python = state.variables.get("PIPENV_PYTHON")
    return f"{name}-{python.rpartition('/')[2]}" if python else name


def _install(line: Argv, folder: str, environment: str, state: State) -> Effect:
    manifest, lock = (f"{folder.rstrip('/')}/{name}" for name in ("Pipfile", "Pipfile.lock"))
    places = places_of(state)
    has_dev = line.has("--dev", "-d") or is_true(state.variables.get("PIPENV_DEV"))
    categories = listed(line.values("--categories"))
    of_manifest = categories or ("packages", *(["dev-packages"] if has_dev else []))
    of_lock = tuple({"packages": "default", "dev-packages": "develop"}.get(each, each) for each in of_manifest)
    parts = [of_pipfile(manifest, places, of_manifest)]
    if state.text(lock) is not None and not line.has("--skip-lock"):
        parts.append(of_pipfile_lock(lock, places, of_lock))
    parts.append(demand_of(line, state))
    demand = with_projects(joined(parts), places)
    found = installed(replace(demand, files=()), environment, state)
    has_to_lock = line.verb == "sync" or line.has("--ignore-pipfile")
    needs: list[Need] = [File(lock)] if has_to_lock else []
    # An install by name makes a Pipfile where there is none.
    needs += [File(manifest)] if not (line.operands or line.values("-r", "--requirements")) else []
    takes = [File(manifest), *([] if has_to_lock else [File(lock)]), *([Below(folder)] if folder != "/" else [])]
    provides = [*made(environment, state), *found.provides]
    provides += [File(lock)] if not has_to_lock and not line.has("--skip-lock", "--deploy") else []
    return replace(
        found,
        needs=(*needs, *found.needs),
        takes=(*found.takes, *takes),
        provides=tuple(provides),
        installs=environment,
        purpose=Purpose.SERVICE,
    )
