"""What an answer depends on, as one key: the service's files, pydock itself, and what was asked."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

from pydock import __version__
from pydock.context import LARGEST_TEXT, SKIPPED, Tree
from pydock.data import rows
from pydock.files import read
from pydock.project.bases import GRACE


def key(asked: Mapping[str, object], members: Sequence[str]) -> str:
    """The key of an answer: `asked` is everything that is not a file, `members` the fingerprints of the files."""
    text = json.dumps([__version__, asked, list(members)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(tree: Tree) -> str:
    """The files of a build context by path, mode and content.

    A file that is too large to be looked at counts by its size, and a folder that is never
    walked by being there.
    """
    found = hashlib.sha256()
    top = str(tree.root)
    for name in sorted(SKIPPED):
        if os.path.isdir(f"{top}/{name}"):
            found.update(f"{name}/\0".encode())
    for path in tree.files:
        found.update(path.encode("utf-8", "surrogateescape") + b"\0")
        found.update(_content(f"{top}/{path}"))
    return found.hexdigest()


def era(today: date) -> str:
    """The dates of the tables that have passed: what a day may change about an answer, and nothing else."""
    return str(sum(moment <= today for moment in _moments()))


@cache
def _moments() -> tuple[date, ...]:
    cells = [row[name] for row in rows("python_releases") for name in ("released", "end_of_life")]
    cells += [row[name] for row in rows("debian_releases") for name in ("end_of_life", "end_of_lts")]
    moments = [date.fromisoformat(cell) for cell in cells]
    return tuple(sorted([*moments, *(moment + GRACE for moment in moments)]))


def _content(place: str) -> bytes:
    try:
        status = os.stat(place)
        data = read(place, LARGEST_TEXT) if status.st_size <= LARGEST_TEXT else None
        if data is None:
            return f"{status.st_mode:o} {status.st_size}\0".encode()
    except OSError as error:
        return f"{error.strerror}\0".encode()
    return f"{status.st_mode:o} ".encode() + hashlib.sha256(data).digest()
