"""Environment files: `.env` beside a compose file, and what `env_file` names.

https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax, read 2026-11;
what that leaves open is as in https://github.com/compose-spec/compose-go/blob/main/dotenv/parser.go, read 2026-11.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping

from pydock.context.compose.interpolation import LONGEST, interpolated, moved, plain
from pydock.patterns import regex

# `NAME = value` and `NAME: value`; a line with a name alone takes the value of the caller's shell.
_NAME = regex(r"(?:export\s+)?([A-Za-z_][\w.\-\[\]]*)[ \t]*(?:([=:])[ \t]*|(?=\r?\n|\Z))")
_SPACE = regex(r"(?:\s+|#[^\n]*)+")
_ESCAPED = regex(r"\\(?:([abcfnrtv$\"\\])|0([0-7]{1,3}))")
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$"}
_QUOTED = {
    "'": regex(r"'((?:[^'\\]|\\.)*)'", re.S),
    '"': regex(r'"((?:[^"\\]|\\.)*)"', re.S),
}


def assignments(
    text: str, known: Mapping[str, str], below: Mapping[str, str] | None = None, *, is_raw: bool = False
) -> Mapping[str, str]:
    """The variables of an environment file, those of `known`, of itself and of files `below` replaced in its values.

    Raw ones are taken as they are: https://docs.docker.com/reference/compose-file/services/#format.
    """
    found: dict[str, str] = {}
    text = plain(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    if is_raw:
        pairs = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
        return {name.strip(): value for name, equals, value in pairs if equals}
    values = ChainMap(dict(known), found, dict(below or {}))
    left = LONGEST
    for name, value, is_literal in _statements(text):
        # What is too long together is not known any more.
        found[name] = value if is_literal else interpolated(value, values) if left > 0 else moved(name)
        left -= len(found[name])
    return found


def _statements(text: str) -> Iterator[tuple[str, str, bool]]:
    """(name, value, whether it stands in single quotes)."""
    at = 0
    while at < len(text):
        at = match.end() if (match := _SPACE.match(text, at)) else at
        line = text.find("\n", at)
        end = len(text) if line < 0 else line
        named = _NAME.match(text, at)
        if named is None or not named[2]:
            at = end + 1
            continue
        start = named.end()
        quoted = _QUOTED[text[start]].match(text, start) if text[start : start + 1] in _QUOTED else None
        if quoted is None:
            yield named[1], text[start : max(start, end)].partition(" #")[0].rstrip(), False
            at = max(start, end)
        else:
            is_literal = text[start] == "'"
            value = quoted[1].replace("\\'", "'") if is_literal else _ESCAPED.sub(_letter, quoted[1])
            yield named[1], value, is_literal
            at = quoted.end()


def _letter(match: re.Match[str]) -> str:
    return chr(int(match[2], 8)) if match[2] else _LETTERS.get(match[1], match[1])
