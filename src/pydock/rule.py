"""What a rule is: a code, a name, the reason it exists, a check, and examples that prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from pydock.project import Project
from pydock.text import Fix, Safety, Span
from pydock.values import Value, field


class Level(StrEnum):
    """How grave a finding is: an error fails, leaks or loses data, a warning costs, a note is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Level).index(self)


class Example(Value):
    """A Dockerfile the rule rewrites, or leaves alone when there is no `after`.

    `files` is the rest of the build context; `allow` is the safety the fix needs, and
    `finds` says that the rule reports something it has no fix for.
    """

    before: str
    after: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    allow: Safety = Safety.SAFE
    finds: bool = False


class Finding(Value):
    """One smell at one place; `cost` and `advice` are full sentences or empty.

    `own_level` is given where it is graver or less grave than the rule's other findings.
    """

    rule: Rule
    span: Span
    message: str
    fix: Fix | None = None
    cost: str = ""
    advice: str = ""
    path: str = ""
    own_level: Level | None = None

    @property
    def level(self) -> Level:
        return self.own_level or self.rule.level


class Rule(Value):
    """A smell with one owner. `check` is a pure function of the project.

    `same_as` are the hadolint rules that mean the same, so their comments are honoured. One that
    `is_source` changes the application itself: it goes before all others, which then read the
    source as it will be. `judge` is what a person's configuration makes of a finding, None for nothing.
    """

    code: str
    name: str
    check: Callable[[Project], Iterator[Finding]]
    docs: str
    examples: tuple[Example, ...]
    same_as: tuple[str, ...] = ()
    is_source: bool = False
    level: Level = Level.WARNING
    judge: Callable[[Project, Finding], Finding | None] = lambda project, finding: finding

    @property
    def is_of_failures(self) -> bool:
        """Whether what it finds fails already, so that a person reads of it first."""
        return self.code.startswith("PYD6")

    def __repr__(self) -> str:
        return f"Rule({self.code})"
