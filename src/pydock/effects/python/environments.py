"""Which environment a command installs to or runs in, by its absolute path: "/usr/local", "/opt/venv"."""

from __future__ import annotations

import posixpath

from pydock.patterns import regex
from pydock.shell import Word
from pydock.state import Answer, Effect, Purpose, State
from pydock.state.needs import Distribution, File, Folder, Thing

SYSTEM = "/usr/local"
# Debian's pip installs to /usr/local, too (https://wiki.debian.org/Python#Deviations_from_upstream, read 2026-11).
_SYSTEMS = frozenset({"/", "/usr", "/usr/local"})
_VENV = regex(r"\.?(?:\w+[-_])?v?env(?:[-_\d]\w*)?\Z")
_NO_FILE_NAME = regex(r'[ &$`!*@"()\[\]\\\r\n\t]')


def active(state: State) -> str:
    """The environment whose Python the PATH finds first."""
    return of_program("python", state)


def of_program(called: str, state: State) -> str:
    """The environment that a program lies in, by name or by path."""
    if "/" in called:
        path = state.at(called)
        return _system(posixpath.dirname(posixpath.dirname(path))) if path else active(state)
    for folder in state.path:
        environment, name = posixpath.split(folder)
        if name != "bin":
            continue
        files = [File(f"{folder}/{each}") for each in (called, f"{called}3")]
        if any(map(state.makers, files)) or _is_unseen(environment, files, state):
            return _system(environment)
    return "/opt/conda" if "/opt/conda/bin" in state.path else SYSTEM


def _is_unseen(environment: str, files: list[File], state: State) -> bool:
    """Whether an environment that is called like one may be there, made by what nobody has read."""
    is_named = environment == state.variables.get("VIRTUAL_ENV") or _VENV.match(posixpath.basename(environment))
    return bool(is_named) and any(state.find(file).answer is Answer.UNKNOWN for file in files)


def _system(environment: str) -> str:
    return SYSTEM if environment in _SYSTEMS else environment


def of_user(state: State) -> str:
    """Where `--user` installs."""
    base = state.variables.get("PYTHONUSERBASE")
    return (state.at(base) if base else None) or f"{state.home}/.local"


def of_word(word: Word | None, state: State) -> str | None:
    """The environment of `--python X`: X is an interpreter or an environment, by path or by name."""
    if word is None or not word.value:
        return None
    if "/" not in word.value and not word.value.startswith("."):
        return of_program(word.value, state) if word.value.startswith("python") else None
    path = state.at(word.value)
    if path is None:
        return None
    name = posixpath.basename(path)
    return _system(posixpath.dirname(posixpath.dirname(path))) if name.startswith(("python", "pypy")) else path


def own_name(name: str, location: str) -> str:
    """`shop-4PlAip0Q`: how Poetry and pipenv call an environment of their own (Poetry: `generate_env_name` in
    https://github.com/python-poetry/poetry/blob/2.5.1/src/poetry/utils/env/env_manager.py, pipenv: `venv_locator.py`,
    both read 2026-11).
    """
    import base64  # only Poetry names environments so
    import hashlib

    digest = base64.urlsafe_b64encode(hashlib.sha256(location.encode()).digest()).decode()
    return f"{_NO_FILE_NAME.sub('_', name)[:42]}-{digest[:8]}"


def created(path: str, *, has_pip: bool, state: State, has_system: bool = False) -> Effect:
    """A new virtual environment."""
    names = ["python", "python3", "activate", *(["pip", "pip3"] if has_pip else [])]
    provides: list[Thing] = [Folder(path), Folder(f"{path}/bin"), *(File(f"{path}/bin/{name}") for name in names)]
    provides.append(File(f"{path}/pyvenv.cfg"))
    shared = state.distributions.get(SYSTEM) if has_system else None
    found = dict.fromkeys([*(["pip"] if has_pip or has_system else []), *sorted(shared or ())])
    provides += [Distribution(path, name) for name in found]
    return Effect(provides=tuple(provides), purpose=Purpose.TOOL)


def with_first(environment: str, state: State) -> State:
    """The state in which the environment's programs are found first, as `poetry run` has it."""
    return state.with_variable("PATH", ":".join((f"{environment}/bin", *state.path)))
