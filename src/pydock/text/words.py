"""Words of an instruction's arguments: BuildKit's splitting, exec form, and `$VARIABLE` values.

Facts: https://docs.docker.com/reference/dockerfile/#environment-replacement, read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pydock.patterns import regex
from pydock.text.span import SPACE
from pydock.values import Value

# Values made of values grow with the power of their number; the environment of a process ends far below.
# https://man7.org/linux/man-pages/man2/execve.2.html: 128 KiB for one string, read 2026-11.
LONGEST = 64 * 1024
_PLAIN = regex(rf"[^{SPACE}]+")
_VARIABLE = regex(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+?])([^{}]*)|([#%/][^{}]*))?\})")


class Piece(Value):
    """A word as written, with its offsets in the text it was split from."""

    text: str
    start: int
    end: int


def split(text: str, escape: str = "\\") -> tuple[Piece, ...]:
    """Words separated by blanks; quotes and escapes stay in the words."""
    if escape not in text and '"' not in text and "'" not in text:
        return tuple(Piece(match[0], *match.span()) for match in _PLAIN.finditer(text))
    pieces, start, quote, at = [], -1, "", 0
    while at < len(text):
        char = text[at]
        if not quote and char in SPACE:
            if start >= 0:
                pieces.append(Piece(text[start:at], start, at))
            start = -1
            at += 1
            continue
        start = at if start < 0 else start
        if char == escape and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        at += 1
    if start >= 0:
        pieces.append(Piece(text[start:], start, len(text)))
    return tuple(pieces)


def exec_form(text: str) -> tuple[Piece, ...] | None:
    """The strings of a JSON array, quotes included in the offsets; None for anything else."""
    body = text.strip(SPACE)
    if not body.startswith("["):
        return None
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    decoder = json.JSONDecoder()
    pieces, at = [], text.index("[")
    for value in values:
        start = text.index('"', at)
        _, at = decoder.raw_decode(text, start)
        pieces.append(Piece(value, start, at))
    return tuple(pieces)


def to_exec_form(words: tuple[str, ...]) -> str:
    """A JSON array as people write it in a Dockerfile."""
    return "[" + ", ".join(json.dumps(word, ensure_ascii=False) for word in words) + "]"


def unquote(text: str, escape: str = "\\") -> str:
    """The word without quotes and escapes; variables are left as they stand."""
    if escape not in text and '"' not in text and "'" not in text:
        return text
    plain, quote, at = [], "", 0
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            at += 1
            plain.append(text[at] if not quote or text[at] in f'"${escape}' else char + text[at])
        elif quote and char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            plain.append(char)
        at += 1
    return "".join(plain)


def variables(text: str) -> frozenset[str]:
    """The names that `$NAME` and `${NAME...}` refer to."""
    return frozenset(match[1] or match[2] for match in _VARIABLE.finditer(text))


def expand(text: str, values: Mapping[str, str | None]) -> str | None:
    """The text with its variables replaced, or None when one of them is not known or all are too long together.

    A name that maps to None is declared, but its value is only known at build time.
    """
    known = True
    left = LONGEST

    def replace(match: re.Match[str]) -> str:
        nonlocal known, left
        found = value_of(match) if known else ""
        left -= len(found)
        known = known and left >= 0
        return found if known else ""

    def value_of(match: re.Match[str]) -> str:
        nonlocal known
        name, operator, word = match[1] or match[2], match[3], match[4] or ""
        value = values.get(name, "")
        if value is None or match[5]:
            known = False
            return ""
        present = bool(value) if operator and operator.startswith(":") else name in values
        if operator and operator.endswith("-"):
            return value if present else expand(word, values) or ""
        if operator and operator.endswith("+"):
            return expand(word, values) or "" if present else ""
        return value

    expanded = _VARIABLE.sub(replace, text)
    return expanded if known else None


def in_double_quotes(text: str) -> str | None:
    """What stands in double quotes, variables kept as they are: the outer shell only puts values in their place."""
    inner = text[1:-1]
    is_plain = len(text) > 2 and text[0] == text[-1] == '"' and not set(inner) & set('"`\\') and "$(" not in inner
    return inner if is_plain else None
