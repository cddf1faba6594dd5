"""Variables in compose files, and in the environment files beside them.

https://docs.docker.com/reference/compose-file/interpolation/, read 2026-11; what that leaves open is as in
https://github.com/compose-spec/compose-go/blob/main/template/template.go, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydock.patterns import regex
from pydock.values import Value

# How long a text may get by the variables in it, and how deep defaults may stand in defaults.
LONGEST = 200_000
DEEPEST = 20
_SHOWN = 80
_BRACE = regex(r"[{}]")
_START = regex(r"\$(?:(\$)|(\{)|([A-Za-z_][A-Za-z0-9_]*))")
_BRACED = regex(r"\{([A-Za-z_][A-Za-z0-9_]*)(?:\}|(:?[-+?]))")
# The letters of what has no value are moved to a plane that nobody writes in, so that no colon, space or quote of
# theirs is taken for one of the text around them.
_AWAY = 0xF0000
_LAST = 0xFFFF
_MOVED = regex(r"[\U000F0000-\U000FFFFF]+")


class Unset(Value):
    """A text with a variable that no file gives a value to: as it is written, and with nothing in its place."""

    written: str
    blank: str

    def __str__(self) -> str:
        return self.written


# What a compose file says, as far as its variables are known.
Text = str | Unset


def interpolated(text: str, values: Mapping[str, str], depth: int = 0) -> str:
    """A text with its variables replaced; `text_of` tells whether all of them had a value."""
    if "$" not in text:
        return text
    parts: list[str] = []
    at = size = 0
    closing = _closing(text)
    while match := _START.search(text, at):
        value, end = _value(text, match, values, closing, depth)
        parts += (text[at : match.start()], value)
        size += len(parts[-1]) + len(parts[-2])
        if size > LONGEST:
            return moved(text[:_SHOWN])
        at = end
    return "".join((*parts, text[at:]))


def _value(
    text: str, match: re.Match[str], values: Mapping[str, str], closing: Mapping[int, int], depth: int
) -> tuple[str, int]:
    """What stands for the variable at a place, and where the text goes on."""
    start = match.start()
    if match[1]:
        return "$", match.end()
    if match[3]:
        return values.get(match[3], moved(match[0])), match.end()
    braced, end = _BRACED.match(text, start + 1), closing.get(start + 1)
    if braced is None or end is None:
        return "$", start + 1  # compose refuses the file
    name, operator, written = braced[1], braced[2], text[start:end]
    if not operator:
        return values.get(name, moved(written)), end
    value = values.get(name)
    is_there = value is not None and (value != "" or ":" not in operator)
    word = text[braced.end() : end - 1]
    match operator[-1]:
        case "?":
            return (value or "" if is_there else moved(written)), end
        case "-" if is_there:
            return value or "", end
        case "+" if not is_there:
            return "", end
    return (interpolated(word, values, depth + 1) if depth < DEEPEST else moved(written)), end


def _closing(text: str) -> Mapping[int, int]:
    """The places of braces that are closed, each with the place behind the one that closes it."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACE.finditer(text):
        if match[0] == "{":
            opened.append(match.start())
        elif opened:
            found[opened.pop()] = match.end()
    return found


def moved(text: str) -> str:
    """Letters that stand for no value, as a text that nothing in it divides."""
    return "".join(chr(_AWAY + min(ord(letter), _LAST)) for letter in text)


def plain(text: str) -> str:
    """A text of a file, which has no such letters."""
    return _MOVED.sub("\N{REPLACEMENT CHARACTER}", text)


def text_of(value: str) -> Text:
    """What is known of an interpolated text."""
    if _MOVED.search(value) is None:
        return value
    written = "".join(chr(ord(letter) - _AWAY) if ord(letter) >= _AWAY else letter for letter in value)
    return Unset(written, _MOVED.sub("", value))


def known(value: str) -> str | None:
    """An interpolated text, None where a variable of it has no value."""
    return value if _MOVED.search(value) is None else None


def begins_unset(value: str) -> bool:
    """Whether an interpolated text begins with a variable that has no value."""
    return value != "" and ord(value[0]) >= _AWAY
