"""The answer to a need, and by whom it was met; paths of an image."""

from __future__ import annotations

import posixpath
from enum import Enum
from functools import lru_cache

from pydock.state.numbers import NOBODY, Numbers
from pydock.values import Value


class Answer(Enum):
    """Whether a need is met; unknown where a step may have met it, and nobody knows."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Found(Value):
    """The answer to a need, and by whom: numbers of steps, BASE for the base image."""

    answer: Answer
    makers: Numbers = NOBODY


def is_below(path: str, place: str) -> bool:
    """Whether a path is a place or lies below it."""
    return place in {"/", path} or path.startswith(place.rstrip("/") + "/")


@lru_cache(maxsize=8192)
def ancestors(path: str) -> tuple[str, ...]:
    """The path itself and each folder above it, up to "/"."""
    found = [path]
    # The folder of "//" is "//".
    while (above := posixpath.dirname(path)) != path:
        found.append(above)
        path = above
    return tuple(found)
