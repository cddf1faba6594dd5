"""The program that nobody knows, bounded: it reads what it is given, and writes near where it runs."""

from __future__ import annotations

from functools import cache

from pydock.data import rows
from pydock.effects.paths import opened, taken
from pydock.images.base import is_debian_program
from pydock.patterns import regex
from pydock.shell import Argv, Word
from pydock.state import Effect, Need, State, files_below
from pydock.state.needs import Below, Variable

_PATH = regex(r"(?:\.{0,2}/|~/)?[\w.@+*?-][\w./@+:*?\[\]-]*/?")


def unknown(line: Argv, state: State, *, is_library: bool | None = None) -> Effect:
    """The effect of a program as far as any program's is known, without the need of the program itself.

    It takes what its words name, and may write files below the work directory, /tmp, the places that its words
    name and, where it is library code (`python -m`, `python -c`, a console script), where libraries keep files.
    """
    if is_library is None:
        is_library = "/" not in (line.path or "/") and not is_debian_program(line.program or "")
    named = [word for word in _named(line) if _PATH.fullmatch(word.head)]
    takes: list[Need] = [need for word in named for need in taken(word, state)]
    places = [state.workdir, *(kept_by_libraries(state) if is_library else ()), "/tmp"]
    for word in named:
        if word.head.startswith(("/", "~")):
            places += opened(word, state).places
    if state.workdir not in {"/", None}:
        takes.append(Below(state.workdir or ""))
    if is_library:
        takes.append(Variable("PATH"))
    return Effect(
        takes=tuple(dict.fromkeys(takes)),
        opens=files_below(*dict.fromkeys(place for place in places if place and place != "/")),
    )


def kept_by_libraries(state: State) -> tuple[str, ...]:
    """Where libraries keep what they fetch: HOME, and the folders of HF_HOME, TORCH_HOME and the like."""
    given = (state.variables.get(name) for name in _variables())
    places = (state.at(value) for value in given if value)
    return tuple(dict.fromkeys((state.home, *(place for place in places if place is not None))))


@cache
def _variables() -> tuple[str, ...]:
    return tuple(row["variable"] for row in rows("kept_files") if row["variable"])


def _named(line: Argv) -> list[Word]:
    """The operands, and what stands behind `--option=`."""
    words = [word for word in line.words[1:] if not word.head.startswith("-")]
    for word in line.words[1:]:
        name, equals, _ = word.head.partition("=")
        if word.head.startswith("-") and equals:
            words.append(word.behind(len(name) + 1))
    return words
