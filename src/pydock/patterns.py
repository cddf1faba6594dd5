"""Regular expressions that are compiled when they are first used.

There are more than two hundred, and checking one project uses less than half of them: compiling
them all would be a tenth of what the command does.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "subn", "split")


class _Pattern:
    def __init__(self, text: str, flags: int, words: tuple[str, ...]) -> None:
        self._text = text
        self._flags = flags
        self._words = words

    def __getattr__(self, name: str) -> Any:
        # From now on the methods are found before anybody asks here.
        if self._words and name in {"search", "findall"}:
            vars(self).update(search=self._searched, findall=self._found)
            return vars(self)[name]
        vars(self).update((method, getattr(self._compiled, method)) for method in _METHODS if method not in vars(self))
        return vars(self).get(name) or getattr(self._compiled, name)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._text, self._flags)

    def _searched(self, text: str) -> re.Match[str] | None:
        return self._compiled.search(text) if any(map(text.__contains__, self._words)) else None

    def _found(self, text: str) -> list[Any]:
        return self._compiled.findall(text) if any(map(text.__contains__, self._words)) else []


def regex(text: str, flags: int = 0, *, words: str = "") -> re.Pattern[str]:
    """What `re.compile` makes of it, later.

    `words`: `search` and `findall` only look at a text that has one of these, given with blanks between them.
    Finding a word is far faster than finding a pattern, and most files have none of them.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags, tuple(words.split())))
