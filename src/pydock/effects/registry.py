"""Programs by name, and the effects of one command line.

A new tool is a new file in this room with a function under `@effect("its-name")`, and nothing elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from pydock.effects.paths import path_of
from pydock.effects.unknown import unknown
from pydock.patterns import regex
from pydock.shell import Argv, Word, argv
from pydock.state import ANYTHING, Effect, Language, Need, Nested, State
from pydock.state.needs import File, Program
from pydock.values import replace

Handler = Callable[[Argv, State], Iterable[Effect | Nested]]
# The folders that the programs of an image lie in, whoever made it.
SYSTEM_FOLDERS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"})

_HANDLERS: dict[str, Handler] = {}
_BUILTINS: set[str] = set()
_VERSION = regex(r"(?:-|(?<![\d.]))\d[\d.]*\Z")
# A program that is asked for these first tells it and ends.
_ASKED = frozenset({"--version", "--help"})
_PYTHON = regex(r"#!.*\bpython[\d.]*\b")
_SHELL = regex(r"#!\s*(?:/usr)?/bin/(?:env\s+(?:-S\s+)?)?(?:ba|da|a|z|k)?sh\b")


def effect(*programs: str, is_builtin: bool = False) -> Callable[[Handler], Handler]:
    """Registers what a program does; `is_builtin`: the shell itself does it, no file is needed for it."""

    def register(handler: Handler) -> Handler:
        if known := _HANDLERS.keys() & set(programs):
            raise ValueError(f"two effects of one program: {', '.join(sorted(known))}")
        _HANDLERS.update(dict.fromkeys(programs, handler))
        if is_builtin:
            _BUILTINS.update(programs)
        return handler

    return register


def is_builtin(program: str) -> bool:
    """Whether the shell itself is this program, so that no file is needed for it."""
    return program in _BUILTINS


def is_known(called: str) -> bool:
    """Whether a program, by the name or path that it is called by, has effects of its own here."""
    return called in _BUILTINS or _known_name(called) is not None


def programs() -> tuple[str, ...]:
    """The names of all programs that are known."""
    return tuple(sorted(_HANDLERS))


def effects_of(words: tuple[Word, ...], state: State) -> tuple[Effect | Nested, ...]:
    """What one simple command does to an image, its words expanded.

    Several effects where each operand stands for itself. Wrappers (sudo, env, xargs) are followed; a program
    that nobody knows is a bounded one (`unknown`); one whose name only the run tells may do anything.
    """
    if not words or words[0].value == "":
        return ()
    called = words[0].value
    if called is None:
        return (Effect(opens=ANYTHING),)
    if called not in _BUILTINS and (script := _script(words, state)):
        return (script,)
    if len(words) > 1 and words[1].value in _ASKED:
        return (_needing(Effect(), None if called in _BUILTINS else _program_need(called, state)),)
    name = _known_name(called)
    line = argv(words, name)
    if name is None:
        return (_needing(unknown(line, state), _program_need(called, state)),)
    found = tuple(_HANDLERS[name](line, state))
    if name in _BUILTINS and "/" not in called:
        return found
    return tuple(_needing(each, _program_need(called, state)) for each in found)


def _known_name(called: str) -> str | None:
    """The name that a program is registered by: pip of /opt/venv/bin/pip3.11; None where there is none."""
    folder, _, name = called.rpartition("/")
    if folder and not called.startswith("/") and posixpath.basename(folder) not in {"bin", "sbin"}:
        # ./install is a script of the project.
        return None
    if name in _HANDLERS:
        return name
    plain = _VERSION.sub("", name)
    return plain if plain in _HANDLERS else None


def _program_need(called: str, state: State) -> Need | None:
    if "/" not in called:
        return Program(called)
    path = state.at(called)
    if path is None:
        return None
    folder, _, name = path.rpartition("/")
    return Program(name) if folder in SYSTEM_FOLDERS and not state.makers(File(path)) else File(path)


def _needing(found: Effect | Nested, need: Need | None) -> Effect | Nested:
    return found if need is None or need in found.needs else replace(found, needs=(need, *found.needs))


def script_at(path: str, arguments: tuple[Word, ...], state: State) -> Nested:
    """The script in a file, as a command runs it; the text is None where nobody knows it."""
    text = state.text(path)
    is_python = path.endswith(".py") if text is None or not text.startswith("#!") else bool(_PYTHON.match(text))
    return Nested(text, arguments, (File(path),), Language.PYTHON if is_python else Language.SHELL)


def _script(words: tuple[Word, ...], state: State) -> Nested | None:
    """The script that a command is the name of, by its path or on the PATH."""
    called = words[0].value or ""
    places = (f"{folder}/{called}" for folder in state.path)
    path = path_of(words[0], state) if "/" in called else next((each for each in places if state.text(each)), None)
    if path is None:
        return None
    text = state.text(path)
    if text is None:
        # Nobody has read it, but it is a shell's.
        return script_at(path, words[1:], state) if re.search(r"\.(?:ba)?sh\Z", path) else None
    is_readable = not text.startswith("#!") or _PYTHON.match(text) or _SHELL.match(text)
    return script_at(path, words[1:], state) if is_readable else None
