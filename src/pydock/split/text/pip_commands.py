"""pip as a command calls it: by its name, or as a module of Python."""

from __future__ import annotations

from pydock.patterns import regex
from pydock.shell import Command
from pydock.text import Span

PIP = regex(r"pip(3(\.\d+)?)?\Z")
_PYTHON = regex(r"(/usr/local/bin/)?python(3(\.\d+)?)?\Z")
_VERBS = frozenset({"install", "uninstall", "check", "list", "freeze", "show"})


def pip_words(command: Command) -> tuple[int, int] | None:
    """(index of the word behind which options of pip itself stand, index of the verb); None for no plain pip."""
    values = command.values
    if not values:
        return None
    if PIP.match(values[0]):
        first = 0
    elif _PYTHON.match(values[0]) and values[1:2] == ("-m",) and PIP.match(values[2] if len(values) > 2 else ""):
        first = 2
    else:
        return None
    verbs = [at for at, value in enumerate(values) if at > first and value in _VERBS]
    return (first, verbs[0]) if verbs else None


def elsewhere(command: Command, path: str) -> tuple[Span, str]:
    """`pip --python PATH`: the image's pip fills an environment, which has none of its own."""
    found = pip_words(command)
    assert found is not None, "asked of pip alone"
    word = command.words[found[0]]
    return Span(word.span.end, word.span.end), f" --python {path}"
