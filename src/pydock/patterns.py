"""Regular expressions that are compiled when they are first used.

There are more than two hundred, and checking one project uses less than half of them: compiling
them all would be a tenth of what the command does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, cast

# Enough for all texts of a large service. Rounds of fixes, and an editor, ask about the same texts again.
_MOST_TEXTS = 5_000
_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "subn", "split")


class _Pattern:
    def __init__(self, text: str, flags: int, words: tuple[str, ...]) -> None:
        self._text = text
        self._flags = flags
        self._words = words
        self._is_blind = bool(int(flags) & int(re.I))
        self._absent: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        # From now on the methods are found before anybody asks here.
        if self._words and name in {"search", "findall", "finditer"}:
            vars(self).update(search=self._searched, findall=self._found, finditer=self._each)
            return vars(self)[name]
        vars(self).update((method, getattr(self._compiled, method)) for method in _METHODS if method not in vars(self))
        return vars(self).get(name) or getattr(self._compiled, name)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._text, self._flags)

    def _is_likely(self, text: str) -> bool:
        if text in self._absent:
            return False
        if any(map((text.casefold() if self._is_blind else text).__contains__, self._words)):
            return True
        self._leave_out(text)
        return False

    def _searched(self, text: str, start: int = 0) -> re.Match[str] | None:
        found = self._compiled.search(text, start) if self._is_likely(text) else None
        if found is None and not start:
            self._leave_out(text)
        return found

    def _found(self, text: str) -> list[Any]:
        return self._compiled.findall(text) if self._is_likely(text) else []

    def _each(self, text: str) -> Iterator[re.Match[str]]:
        return self._compiled.finditer(text) if self._is_likely(text) else iter(())

    def _leave_out(self, text: str) -> None:
        """The pattern is not in a text."""
        if len(self._absent) > _MOST_TEXTS:
            self._absent.clear()
        self._absent.add(text)


def regex(text: str, flags: int = 0, *, words: str = "") -> re.Pattern[str]:
    """What `re.compile` makes of it, later.

    `words`: `search`, `findall` and `finditer` only look at a text that has one of these, given with blanks between
    them; in small letters where capitals and small ones are the same to the pattern.
    Finding a word is far faster than finding a pattern, and most files have none of them.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags, tuple(words.split())))
