"""The rules for programs: one JSON array, of each rule what `pydock explain` shows and where it is on the web."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable

from pydock import DOCUMENTATION
from pydock.report.pages.tables import fix_of, smell
from pydock.rule import Example, Rule


def url(code: str) -> str:
    """The page of a rule in the documentation."""
    return f"{DOCUMENTATION}/rules/{code}/"


def document(rules: Iterable[Rule], *, has_examples: bool = False) -> str:
    """The array, by code; `examples` are left out of a list of all rules."""
    ordered = sorted(rules, key=lambda rule: rule.code)
    return json.dumps([_rule(rule, has_examples) for rule in ordered], indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule, has_examples: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "code": rule.code,
        "name": rule.name,
        "level": str(rule.level),
        "summary": smell(rule),
        "fix": fix_of(rule),
        "same_as": rule.same_as,
        "url": url(rule.code),
        "docs": inspect.cleandoc(rule.docs),
    }
    return found | ({"examples": [_example(each) for each in rule.examples]} if has_examples else {})


def _example(example: Example) -> dict[str, object]:
    return {"before": example.before, "after": example.after, "files": dict(example.files)}
