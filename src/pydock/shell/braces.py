"""What bash makes of `{a,b}`: several words; where it is not plain, nothing is said."""

from __future__ import annotations

from itertools import product

from pydock.patterns import regex

_GROUP = regex(r"(?<!\$)\{([^\s{}'\"\\$`,]*(?:,[^\s{}'\"\\$`,]*)+)\}")
_OTHER = regex(r"(?<!\$)\{")
_QUOTE = regex(r"['\"\\`]")
_CHOICE = regex(r",|\.\.")
_MOST_WORDS = 64


def brace_expanded(text: str) -> tuple[str, ...] | None:
    """The texts that one stands for in bash, itself where it has no such braces, None where that is not plain."""
    if _OTHER.search(text) is None:
        return (text,)
    if _QUOTE.search(text):
        return None
    parts = _GROUP.split(text)
    choices = [part.split(",") if at % 2 else [part] for at, part in enumerate(parts)]
    if any(_OTHER.search(part) and _CHOICE.search(part) for part in parts[::2]):
        return None
    size = 1
    for each in choices:
        size *= len(each)
    return tuple("".join(each) for each in product(*choices)) if size <= _MOST_WORDS else None
