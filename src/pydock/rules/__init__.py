"""One smell a file, in a folder for each family of codes; the folders are walked, there is no list to keep."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from pydock.rule import Rule

__all__ = ["RULES", "by_name"]


def _found() -> Iterator[Rule]:
    for family in iter_modules(__path__, f"{__name__}."):
        for file in iter_modules(import_module(family.name).__path__, f"{family.name}."):
            rule = import_module(file.name).RULE
            assert isinstance(rule, Rule)
            yield rule


# Each rule, by its code.
RULES: tuple[Rule, ...] = tuple(sorted(_found(), key=lambda rule: rule.code))


def by_name(name: str) -> Rule:
    """The rule of that name; it has to exist."""
    return next(rule for rule in RULES if rule.name == name)
