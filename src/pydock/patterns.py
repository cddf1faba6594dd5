"""Regular expressions that are compiled when they are first used.

There are more than two hundred, and checking one project uses less than half of them: compiling
them all would be a tenth of what the command does.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "subn", "split")


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._text, self._flags)
        # From now on the methods are found before anybody asks here.
        vars(self).update((method, getattr(compiled, method)) for method in _METHODS)
        return getattr(compiled, name)


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` makes of it, later."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
