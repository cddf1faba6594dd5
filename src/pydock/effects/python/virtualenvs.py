"""Virtual environments: venv, virtualenv, pyenv's Pythons, applications of pipx and rye."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.effects.paths import opened as files_at
from pydock.effects.paths import path_of
from pydock.effects.python import environments
from pydock.effects.python.installing import distributions, opened, places_of, taken
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import Demand, of_operand
from pydock.shell import Argv
from pydock.state import Effect, Purpose, State, files_below
from pydock.state.needs import File, Thing


def virtual_environment(line: Argv, state: State) -> Iterable[Effect]:
    """`python -m venv PATH ...` (https://docs.python.org/3/library/venv.html, read 2026-11)."""
    if not line.operands:
        yield Effect()
    for word in line.operands:
        path = path_of(word, state)
        if path is None:
            yield Effect(opens=files_at(word, state), purpose=Purpose.TOOL)
            continue
        has_pip, has_system = not line.has("--without-pip"), line.has("--system-site-packages")
        yield environments.created(path, has_pip=has_pip, state=state, has_system=has_system)


@effect("virtualenv", "pyvenv")
def virtualenv(line: Argv, state: State) -> Iterable[Effect]:
    """https://virtualenv.pypa.io/en/latest/cli_interface.html, read 2026-11."""
    if not line.operands:
        yield Effect()
    for word in line.operands[-1:]:
        path = path_of(word, state)
        if path is None:
            yield Effect(opens=files_at(word, state), purpose=Purpose.TOOL)
            continue
        has_system = line.has("--system-site-packages")
        yield environments.created(path, has_pip=not line.has("--no-pip"), state=state, has_system=has_system)


@effect("pyenv")
def pyenv(line: Argv, state: State) -> Iterable[Effect]:
    """Other Pythons below PYENV_ROOT (https://github.com/pyenv/pyenv, read 2026-11)."""
    root = state.variables.get("PYENV_ROOT") or f"{state.home}/.pyenv"
    if line.operands[:1] and line.operands[0].value in {"install", "global", "rehash", "local", "virtualenv", "update"}:
        return (Effect(takes=taken(root, state), opens=opened(root)),)
    return (Effect(),)


@effect("pipx")
def pipx(line: Argv, state: State) -> Iterable[Effect]:
    """An environment for each application, its programs beside those of the user."""
    home = state.variables.get("PIPX_HOME") or f"{state.home}/.local/share/pipx"
    programs = state.variables.get("PIPX_BIN_DIR") or f"{state.home}/.local/bin"
    if line.verb == "run":
        return (unknown(line, state, is_library=True),)
    if line.verb not in {"install", "inject", "upgrade"}:
        return (Effect(),)
    names = line.operands[:1] if line.verb == "inject" else line.operands
    if not names:
        return (Effect(),)
    return tuple(_application(word.head, word.value is not None, home, programs, state) for word in names)


def _application(head: str, is_known: bool, home: str, programs: str, state: State) -> Effect:
    demand = of_operand(head, places_of(state), is_known=is_known)
    return application(demand, posixpath.join(home, "venvs"), programs, state)


def application(demand: Demand, home: str, programs: str, state: State) -> Effect:
    """A program with an environment of its own below `home`, linked into the folder of programs."""
    provides: list[Thing] = []
    for name in demand.names:
        mine = tuple(distributions(Demand((name,)), f"{home}/{name}"))
        provides += mine
        provides += [File(f"{programs}/{posixpath.basename(each.path)}") for each in mine if isinstance(each, File)]
    return Effect(
        takes=taken(home, state), provides=tuple(provides), opens=files_below(home, programs), purpose=Purpose.TOOL
    )
