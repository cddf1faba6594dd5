"""What pydock itself writes breaks neither law 11 nor law 12, and raises no doubt that it did not tell."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pydock.build import walk
from pydock.build.laws import broken
from pydock.codemods import NAMES as CODEMODS
from pydock.codemods import asked_for
from pydock.context import Tree
from pydock.engine import Report, rewrite
from pydock.engine.rounds import declared_by
from pydock.project import Options, Project
from pydock.rule import Example, Rule
from pydock.rules import RULES
from pydock.text import Safety

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
NAMES = sorted(path.name for path in FIXTURES.iterdir() if (path / "Dockerfile").is_file())
LEVELS = pytest.mark.parametrize("allow", [Safety.SAFE, Safety.UNSAFE], ids=["safe", "unsafe"])
OPTIONS = Options(today=date(2026, 11, 1))
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code} {rule.name} {number}")
    for rule in RULES
    for number, example in enumerate(rule.examples, 1)
    if example.after is not None
]


def _certain(report: Report) -> list[str]:
    """What the whole rewrite broke, round by round taken together, and what was refused in it."""
    fixes = [finding.fix for finding in report.settled if finding.fix is not None]
    found = broken(walk(report.project), walk(report.result), declared_by(report.project, report.result, fixes))
    refused = [violation.what for each in report.refused for violation in each.violations]
    return [*refused, *(each.what for each in found if not each.is_doubt)]


@pytest.mark.parametrize("name", NAMES)
@LEVELS
def test_a_fixture_loses_nothing(name: str, allow: Safety) -> None:
    assert _certain(rewrite(Project(Tree(FIXTURES / name), "Dockerfile", OPTIONS), RULES, allow)) == []


@pytest.mark.parametrize("name", NAMES)
def test_codemods_of_a_fixture_lose_nothing(name: str) -> None:
    assert (
        _certain(rewrite(Project(Tree(FIXTURES / name), "Dockerfile", OPTIONS), asked_for(CODEMODS), Safety.SAFE)) == []
    )


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_of_a_rule_loses_nothing(rule: Rule, example: Example) -> None:
    project = Project(Tree.of({"Dockerfile": example.before, **example.files}))
    assert _certain(rewrite(project, (rule,), example.allow)) == []


KEPT = {
    "compilers that are taken away again before the last install": (
        "RUN apt-get update && apt-get install -y build-essential freetds-dev && pip install a-thing \\\n"
        "    && apt-get purge -y freetds-dev\nRUN pip install another\n"
    ),
    "code and its list in a folder of root's home": (
        "WORKDIR /root\nCOPY app app\nRUN pip install -r app/requirements.txt\n"
    ),
}


@pytest.mark.parametrize("lines", KEPT.values(), ids=KEPT)
def test_a_rewrite_of_this_is_not_refused(lines: str) -> None:
    files = {"app/requirements.txt": "flask\n", "app/main.py": "import flask\n"}
    text = f'FROM python:3.11-slim\n{lines}COPY . .\nCMD ["python", "app/main.py"]\n'
    report = rewrite(Project(Tree.of({"Dockerfile": text, **files}), options=OPTIONS), RULES, Safety.SAFE)
    assert _certain(report) == []
    assert "PYD104" in {finding.rule.code for finding in report.settled}
