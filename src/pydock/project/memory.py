"""Facts that are worked out once for each project."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from pydock.project import Project

Fact = TypeVar("Fact")


def remembered(fact: Callable[[Project], Fact]) -> Callable[[Project], Fact]:
    """Work a fact out once for each project, as a cached property of it would be."""
    name = f"{fact.__module__}.{fact.__qualname__}"

    @wraps(fact)
    def recall(project: Project) -> Fact:
        known = vars(project)
        if name not in known:
            known[name] = fact(project)
        value: Fact = known[name]
        return value

    return recall
