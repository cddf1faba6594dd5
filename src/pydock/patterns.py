"""Regular expressions that are compiled when they are first used.

There are more than two hundred, and checking one project uses less than half of them: compiling
them all would be a tenth of what the command does.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, cast

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "subn", "split")


class _Pattern:
    def __init__(self, text: str, flags: int, words: tuple[str, ...]) -> None:
        self._text = text
        self._flags = flags
        self._words = words

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._text, self._flags)
        # From now on the methods are found before anybody asks here.
        vars(self).update((method, getattr(compiled, method)) for method in _METHODS)
        if self._words:
            vars(self).update(search=partial(self._searched, compiled), findall=partial(self._found, compiled))
        return vars(self).get(name) or getattr(compiled, name)

    def _searched(self, compiled: re.Pattern[str], text: str) -> re.Match[str] | None:
        return compiled.search(text) if any(map(text.__contains__, self._words)) else None

    def _found(self, compiled: re.Pattern[str], text: str) -> list[Any]:
        return compiled.findall(text) if any(map(text.__contains__, self._words)) else []


def regex(text: str, flags: int = 0, *, words: str = "") -> re.Pattern[str]:
    """What `re.compile` makes of it, later.

    `words`: `search` and `findall` only look at a text that has one of these, given with blanks between them.
    Finding a word is far faster than finding a pattern, and most files have none of them.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags, tuple(words.split())))
