"""What a rule is: a code, a name, the reason it exists, a check, and examples that prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pydock.edits import Fix, Safety
from pydock.lines import Span
from pydock.project import Project


@dataclass(frozen=True, slots=True)
class Example:
    """A Dockerfile the rule rewrites, or leaves alone when there is no `after`.

    `files` is the rest of the build context; `allow` is the safety the fix needs, and
    `finds` says that the rule reports something it has no fix for.
    """

    before: str
    after: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    allow: Safety = Safety.SAFE
    finds: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One smell at one place; `cost` and `advice` are full sentences or empty."""

    rule: Rule
    span: Span
    message: str
    fix: Fix | None = None
    cost: str = ""
    advice: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A smell with one owner. `check` is a pure function of the project.

    `same_as` are the hadolint rules that mean the same, so their comments are honoured.
    """

    code: str
    name: str
    check: Callable[[Project], Iterator[Finding]] = field(repr=False)
    docs: str = field(repr=False)
    examples: tuple[Example, ...] = field(repr=False)
    same_as: tuple[str, ...] = ()
