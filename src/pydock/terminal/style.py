"""Colours where a person looks, and text that cannot steer a terminal."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import IO

from pydock.patterns import regex
from pydock.terminal import wishes
from pydock.values import Value

NARROWEST, WIDEST = 40, 200
_USUAL = 80
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
# Everything a terminal would act on, and what is not seen or turns the order of what is; a tab is the only control
# character that stays. https://www.unicode.org/reports/tr36/, read 2026-11.
_UNSEEN = (
    r"\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e01ef"
)
_CONTROL = regex(rf"[\x00-\x08\x0a-\x1f{_UNSEEN}]")
_PAINT = regex(r"\x1b\[[\d;]*m")
_IN_JSON = regex(rf"[{_UNSEEN}]")


class Style(Value):
    """Paints text, or leaves it as it is; text is wrapped at `columns`, 0 where nobody looks."""

    is_coloured: bool = False
    columns: int = 0

    def __call__(self, text: str, *names: str) -> str:
        if not self.is_coloured or not text:
            return text
        return f"\033[{';'.join(_CODES[name] for name in names)}m{text}\033[0m"

    def wrapped(self, text: str, hang: int) -> str:
        """A line of words, as many lines as it needs; those behind the first begin with `hang` blanks.

        A word that is too long for a line has one of its own.
        """
        if not self.columns or width(text) <= self.columns:
            return text
        lines: list[str] = []
        first = text[: len(text) - len(text.lstrip())]
        line, is_empty = first, True
        for word in text.split():
            if not is_empty and width(line) + 1 + width(word) > self.columns:
                lines.append(line)
                line, is_empty = " " * hang, True
            line, is_empty = line + ("" if is_empty else " ") + word, False
        return "\n".join([*lines, line])


def width(text: str) -> int:
    """How many columns a terminal gives to a text."""
    if "\033" in text:
        text = _PAINT.sub("", text)
    if text.isascii():
        return len(text)
    import unicodedata  # not for the usual text

    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text if not unicodedata.combining(char)
    )


def style_for(stream: IO[str]) -> Style:
    """The style for a stream, as wide as its terminal.

    https://no-color.org, https://force-color.org, read 2026-11: any value but the empty one counts, where nothing else
    is wished; of the two the first wins, as in Python.
    """
    columns = min(max(columns_of(stream), NARROWEST), WIDEST) if stream.isatty() else 0
    return Style(_is_coloured(stream), columns)


def columns_of(stream: IO[str]) -> int:
    """The columns of the terminal behind a stream; that of standard output alone says nothing where it is a pipe."""
    if (given := os.environ.get("COLUMNS", "")).isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def _is_coloured(stream: IO[str]) -> bool:
    if wishes.colour() != "auto":
        return wishes.colour() == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def printable(text: str) -> str:
    """The text with control characters and bytes that are not UTF-8 spelled out."""
    return _CONTROL.sub(_spelled, text)


def named(path: Path) -> str:
    """A path as a person would give it; one that looks like an option, or to a server like a command, as ./path.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, read 2026-11.
    """
    return f"./{path}" if str(path).startswith(("-", ":", "#")) else str(path)


def in_json(document: str) -> str:
    """A JSON document that means the same, with what a terminal would act on spelled as JSON spells it."""
    return _IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], document)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
