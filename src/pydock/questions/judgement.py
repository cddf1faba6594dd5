"""What a person's configuration makes of findings: another level, or nothing at all in some files."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pydock.config import Settings, chosen, level_of, matching
from pydock.context import Excluded
from pydock.project import Project
from pydock.rule import Finding, Level, Rule
from pydock.rules import RULES
from pydock.values import replace

Judge = Callable[[Project, Finding], Finding | None]
# Stands for the folder of a configuration file: patterns are about what comes below it, wherever that is.
_TOP = Path(os.path.abspath(os.sep))


def asked_rules(wanted: Settings, without: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules that settings select, as those want to be told of what they find.

    Raises OptionError for the name of a rule that there is not.
    """
    rules = chosen(RULES, wanted.select, wanted.ignore, wanted.extend_select)
    return tuple(_judged(rule, wanted) for rule in rules if rule.code not in without)


def _judged(rule: Rule, wanted: Settings) -> Rule:
    level = level_of(rule, wanted.severity)
    spared = tuple(_spared(rule, wanted))
    if level is None and not spared:
        return rule
    return replace(rule, level=Level(level) if level else rule.level, judge=_judge(level, spared))


def _spared(rule: Rule, wanted: Settings) -> Iterator[tuple[str, Excluded]]:
    """The files in which a rule finds nothing, each with the path of the Dockerfile from where they are told."""
    for each in wanted.spared:
        if any(matching((rule,), word, is_strict=False) for word in each.rules):
            yield each.dockerfile, Excluded(_TOP, (each.pattern,), "per-file-ignores")


def _judge(level: str | None, spared: Sequence[tuple[str, Excluded]]) -> Judge:
    def judge(project: Project, finding: Finding) -> Finding | None:
        path = posixpath.relpath(finding.path or project.path, posixpath.dirname(project.path) or ".")
        for dockerfile, pattern in spared:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(dockerfile), path))
            if not place.startswith("../") and pattern.matches(str(_TOP / place)):
                return None
        return replace(finding, own_level=Level(level)) if level else finding

    return judge
