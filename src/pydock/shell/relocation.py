"""A script at another place of a file: the same commands, each with its span moved."""

from __future__ import annotations

from typing import Any, cast

from pydock.shell.structure import Branch, Command, Compound, Pipeline, Redirect, Script, Step, Word
from pydock.text import Span

_FIELDS = {kind: kind.__struct_fields__ for kind in (Branch, Command, Compound, Pipeline, Redirect, Script, Step, Word)}


def moved(script: Script, by: int) -> Script:
    """The script so many characters further on."""
    return cast("Script", _moved(script, by, {})) if by else script


def _moved(part: Any, by: int, known: dict[int, Any]) -> Any:
    kind = type(part)
    if kind is Span:
        return part.shifted(by)
    if kind is tuple:
        return tuple([_moved(each, by, known) for each in part]) if part else part
    names = _FIELDS.get(kind)
    if names is None:
        return part
    # What stands in two places, the members of a branch and of its `if`, stays one.
    found = known.get(id(part))
    if found is None:
        found = known[id(part)] = kind(*[_moved(getattr(part, name), by, known) for name in names])
    return found
