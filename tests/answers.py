"""Answers for reports to tell: of the fixtures, and of a text with one finding."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pydock import engine
from pydock.context import Tree
from pydock.project import Project
from pydock.report import Answer, Failure, checked
from pydock.rule import Finding, Rule
from pydock.rules import RULES
from pydock.text import Edit, Fix, Safety, Span

FIXTURES = Path(__file__).parent.parent / "fixtures"
NAMES = sorted(path.name for path in FIXTURES.iterdir() if (path / "Dockerfile").is_file())
EACH = pytest.mark.parametrize("name", NAMES)
FORMATS = ("text", "json", "concise", "sarif", "github", "gitlab", "junit", "markdown")
RULE = Rule("PYD302", "pip-cache", lambda project: iter(()), "", ())
FAILED = Answer("b/Dockerfile", failure=Failure("b/Dockerfile:3: unknown instruction: RUM", "it is RUN"))


@cache
def checked_fixture(name: str) -> Answer:
    project = Project(Tree(FIXTURES / name), "Dockerfile")
    findings = engine.check(project, RULES)
    return checked(project, f"fixtures/{name}/Dockerfile", findings, RULES, is_detailed=True)


def said(text: str, span: Span, message: str = "it is so", *edits: Edit, path: str = "Dockerfile") -> Answer:
    """An answer with one finding on some text."""
    fix = Fix("mend it", Safety.SAFE, edits) if edits else None
    project = Project(Tree.of({"Dockerfile": text}), "Dockerfile")
    return checked(project, path, [Finding(RULE, span, message, fix)], [RULE], is_detailed=True)
