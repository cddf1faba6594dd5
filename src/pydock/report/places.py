"""Paths as other programs want them: from the top of the repository, with forward slashes."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from urllib.parse import quote

from pydock.context import is_top

STDIN = "<stdin>"


def located(path: str) -> str:
    """A path as shown to a person, told from the top of the repository that holds the current folder.

    Without a repository the current folder is the top. What lies outside stays absolute, and
    standard input is called so.
    """
    if path == STDIN:
        return "stdin"
    absolute, top = os.path.abspath(path), _top(os.getcwd())
    is_inside = absolute.startswith(top.rstrip(os.sep) + os.sep)
    return (os.path.relpath(absolute, top) if is_inside else absolute).replace(os.sep, "/")


def uri(path: str) -> str:
    """The same as a URI reference: relative inside of the top, `file:` outside."""
    place = located(path)
    return Path(place).as_uri() if os.path.isabs(place) else quote(place.encode("utf-8", "surrogateescape"))


@cache
def _top(folder: str) -> str:
    here = Path(folder)
    return str(next((each for each in (here, *here.parents) if is_top(each)), here))
