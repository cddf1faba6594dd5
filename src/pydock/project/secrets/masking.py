"""Text with the values of secrets hidden: those that were found, wherever they stand, and whatever looks like one.

Both take time in proportion to the text. What a builder joins, a line that ends in its escape character and the next
one, is looked at joined.
"""

from __future__ import annotations

import json
import re
import shlex
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote

from pydock.patterns import regex
from pydock.project.secrets.names import is_secret_name
from pydock.project.secrets.placeholders import is_no_value, is_placeholder
from pydock.project.secrets.shapes import shaped
from pydock.text import Span
from pydock.values import Value, replace

HIDDEN = "****"
_HEAD = 4
# A part of a value that is shorter may stand for anything.
_SHORTEST_PART = 8

_CONTINUED = regex(r"[\\`][ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
_NAME = regex(r"[A-Za-z_][\w.-]*")
# Every name of a secret has one of these in it.
_TELLING = regex(r"pass|pw|pswd|secret|token|credential|key", re.I)
_SIGN = regex(
    r"(?P<key>\\?[\"']?\]?)(?P<sign>[ \t]{0,40}[=:][ \t]{0,40}|[ \t]{1,200}|(?<=[\"']),[ \t]{0,40}(?=\\?[\"']))"
)
# A shell joins what stands without a blank between it: `"abc"def`.
_WRITTEN = regex(
    r"(?:\$\{[^}\n]{0,2000}\}|\\\"(?:(?!\\\")[^\n])*\\\"|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[^\s\"',;)}\]]+)++"
)
_OLD_STYLE = regex(r"(?i)(?:\A|\n)[-+ \t]{0,40}(?:ENV|ARG)[ \t]{1,40}\Z")
_DEFAULT = regex(r"\$\{\w+:?-([^${}]+)\}\Z")
_OTHERWISE = regex(r":?[-=]([^${}\s]{1,2000})\}")
# `--secret id=token` names a secret mount, `--mount=type=secret` too.
_NO_SECRET = regex(r"(?:id|type|src)=|os\.(?:environ|getenv)\b")

Told = TypeVar("Told", bound=Value)


class Mask(Value, dict=True):
    """Hides values. `exact` are (what stands before it, value); with nothing before it, it is hidden everywhere."""

    exact: tuple[tuple[str, str], ...] = ()

    def __call__(self, text: str) -> str:
        """The text with its secrets hidden; placeholders, places and variables are none."""
        return _hidden(text, self._spans)

    def over(self, told: Told) -> Told:
        """The same value with the secrets that were found hidden in all of its texts."""
        return self._walked(told) if self.exact else told

    def found_in(self, text: str) -> bool:
        """Whether something would be hidden in it."""
        return self(text) != text

    def _walked(self, part: Any) -> Any:
        match part:
            case Enum():
                return part
            case str():
                return _hidden(part, self._exact)
            case tuple() | list():
                return type(part)(map(self._walked, part))
            case dict():
                return {name: self._walked(each) for name, each in part.items()}
            case Value():
                return replace(part, **{name: self._walked(getattr(part, name)) for name in part.__struct_fields__})
            case _:
                return part

    def _spans(self, text: str) -> Iterator[Span]:
        yield from (secret.span for secret in shaped(text))
        yield from _assigned(text)
        yield from self._exact(text)

    def _exact(self, text: str) -> Iterator[Span]:
        """Where the values stand: only what begins like one of them is compared with them."""
        if not self.exact:
            return
        heads = self._heads
        for at in range(len(text) - _HEAD + 1):
            for whole, skipped in heads.get(text[at : at + _HEAD], ()):
                if text.startswith(whole, at):
                    yield Span(at + skipped, at + len(whole))
                    break

    @cached_property
    def _heads(self) -> dict[str, list[tuple[str, int]]]:
        """What to look for by how it begins, the longest first, with the length of what is not hidden of it."""
        found: dict[str, list[tuple[str, int]]] = {}
        wanted = {(before + value, len(before)) for before, value in self.exact}
        for whole, skipped in sorted(wanted, key=lambda each: (-len(each[0]), each)):
            found.setdefault(whole[:_HEAD], []).append((whole, skipped))
        return found


def mask(text: str) -> str:
    """The text without whatever looks like a secret; for what is shown to a person."""
    return Mask()(text)


def mask_of(values: Iterable[tuple[str, str]]) -> Mask:
    """The mask of (what stands before it, value); in all the ways that shells, JSON and URLs spell them.

    A word that could be any word is only hidden where it was found.
    """
    found: dict[tuple[str, str], None] = {}
    for before, value in values:
        for written in _spellings(value):
            if _is_telling(written):
                found["", written] = None
            elif before and len(before) + len(written) >= _HEAD:
                found |= dict.fromkeys((f"{before}{gap}", written) for gap in ("", " ", "=", '", "', '","', "', '"))
    return Mask(tuple(found))


def _is_telling(value: str) -> bool:
    """Whether nobody writes this by accident."""
    is_word = value.isalpha() and (value.islower() or value.isupper() or value.istitle())
    return len(value) >= (12 if is_word else 6)


def _spellings(value: str) -> Iterator[str]:
    if not value.strip():
        return
    yield value
    for each in (value, re.sub(r'(["\\$`])', r"\\\1", value), re.sub(r"([^\w@%+=:,./-])", r"\\\1", value)):
        yield each
        yield from (json.dumps(each, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
        yield repr(each)[1:-1]
    yield quote(value, safe="")
    yield quote(value)
    yield shlex.quote(value).strip("'")
    yield value.replace("$", "$$")
    # However it is quoted in the end, what needs no quoting is as it was.
    parts = re.findall(r"[^\s\\\"'`$&|;<>(){}\[\]#*?!%]+", value.replace("\\n", "\n"))
    yield from (part for part in parts if len(part) >= _SHORTEST_PART and re.search(r"\d", part))


def _hidden(text: str, spans: Callable[[str], Iterator[Span]]) -> str:
    joined, places = _joined(text)
    parts, at = [], 0
    for span in _merged(spans(joined)):
        start, end = _place(places, span.start), _place(places, span.end - 1) + 1
        # What stood on several lines stays on as many, so that places in the text stay true.
        parts += [text[at:start], HIDDEN, "\n" * text.count("\n", start, end)]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _joined(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text as a builder joins it, and (offset there, offset in the text) of its pieces."""
    parts, places, at, length = [], [(0, 0)], 0, 0
    for match in _CONTINUED.finditer(text) if "\n" in text else ():
        parts.append(text[at : match.start()])
        length += match.start() - at
        at = match.end()
        places.append((length, at))
    return ("".join([*parts, text[at:]]), places) if parts else (text, places)


def _place(places: list[tuple[int, int]], offset: int) -> int:
    joined, source = places[bisect_right(places, offset, key=lambda each: each[0]) - 1]
    return source + offset - joined


def _assigned(text: str) -> Iterator[Span]:
    """Values beside names of secrets: `NAME=value`, `ENV NAME value`, `"name": "value"`, `"--name", "a"`."""
    at = 0
    while name := _telling_name(text, at):
        at = name.end()
        if not is_secret_name(name[0]):
            continue
        if text.startswith("${", max(0, name.start() - 2)):
            default = _OTHERWISE.match(text, at)
            if default and not is_no_value(default[1]) and not is_placeholder(default[1]):
                yield Span(*default.span(1))
            continue
        sign = _SIGN.match(text, at)
        written = _WRITTEN.match(text, sign.end()) if sign else None
        if sign and written and (span := _value(text, name, sign, written)) and span.end > span.start:
            at = span.end
            yield span


def _telling_name(text: str, at: int) -> re.Match[str] | None:
    """The next name that may be one of a secret."""
    found = _TELLING.search(text, at)
    if found is None:
        return None
    start = found.start()
    while start > at and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
        start -= 1
    return _NAME.search(text, start)


def _value(text: str, name: re.Match[str], sign: re.Match[str], written: re.Match[str]) -> Span | None:
    start, end = written.span()
    between = sign["sign"]
    if between.strip():
        # `token = read()` in a program is no value; `token = "..."` is.
        is_program = between != between.strip() and "=" in between
        if is_program and text[start] not in "\"'\\":
            return None
    else:
        head = text[max(0, name.start() - 100) : name.start()]
        if _OLD_STYLE.search(head):
            end = min(at for at in (text.find("\n", start), len(text)) if at >= 0)
        elif not head.endswith("-"):
            return None
    for mark in ('\\"', '"', "'"):
        is_quoted = text.startswith(mark, start) and text.endswith(mark, start, end) and end - start >= 2 * len(mark)
        if is_quoted and mark not in text[start + len(mark) : end - len(mark)].replace(f"\\{mark}", ""):
            start, end = start + len(mark), end - len(mark)
            break
    if default := _DEFAULT.match(text[start:end]):
        start, end = start + default.start(1), start + default.end(1)
    value = text[start:end]
    return None if _NO_SECRET.match(value) or is_no_value(value) or is_placeholder(value) else Span(start, end)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in sorted(spans):
        if last is not None and span.start <= last.end:
            last = Span(last.start, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
