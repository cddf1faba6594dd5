"""Colours where a person looks, and text that cannot steer a terminal."""

from __future__ import annotations

import os
import re
from typing import IO

from pydock.patterns import regex
from pydock.values import Value

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
# Everything a terminal would act on; a tab is the only control character that stays.
_CONTROL = regex(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Style(Value):
    """Paints text, or leaves it as it is."""

    is_coloured: bool = False

    def __call__(self, text: str, *names: str) -> str:
        if not self.is_coloured or not text:
            return text
        return f"\033[{';'.join(_CODES[name] for name in names)}m{text}\033[0m"


def style_for(stream: IO[str], colour: str) -> Style:
    """The style for a stream: `colour` is "always", "never", or "auto" for terminals only.

    https://no-color.org: NO_COLOR with any value but the empty one means no colours in "auto".
    """
    if colour != "auto":
        return Style(colour == "always")
    return Style(stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


def printable(text: str) -> str:
    """The text with control characters and bytes that are not UTF-8 spelled out."""
    return _CONTROL.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
