"""A fix that would break the service is not applied, the others of its round are, and the report says why."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.laws import broken
from pydock.context import Tree
from pydock.engine import Report, rewrite
from pydock.engine.rounds import declared_by
from pydock.project import Project
from pydock.report import fixed
from pydock.report.formats import story
from pydock.report.formats.json import written
from pydock.rule import Finding, Rule
from pydock.rules import RULES
from pydock.terminal import Style
from pydock.text import Edit, Fix, Safety, Span
from tests.laws.good import SHOP


def _replacing(code: str, name: str, old: str, new: str) -> Rule:
    """A rule whose fix replaces a text of the Dockerfile wherever it stands."""

    def check(project: Project) -> Iterator[Finding]:
        at = project.dockerfile.text.find(old)
        if at >= 0:
            span = Span(at, at + len(old))
            edit = Edit("Dockerfile", span, new)
            declared = frozenset({"files", "packages", "environment", "labels"})
            yield Finding(rule, span, f"{name} is there", Fix(f"change {name}", Safety.SAFE, (edit,), declared))

    rule = Rule(code, name, check, "", ())
    return rule


LOSING = _replacing("T01", "config", "COPY config.yaml ./\n", "")
HARMLESS = _replacing("T02", "label", "ENV PATH=/opt/venv/bin:$PATH\n", "ENV PATH=/opt/venv/bin:$PATH\nLABEL a=b\n")
# Two fixes that break nothing alone: the variable is set twice.
FIRST = _replacing("T03", "one", "ENV MODE=x\n# one\n", "# one\n")
SECOND = _replacing("T04", "two", "ENV MODE=x\n# two\n", "# two\n")


def _once(rule: Rule) -> Rule:
    """The same rule, which has nothing to say where its own change stands."""

    def check(project: Project) -> Iterator[Finding]:
        if "LABEL a=b" not in project.dockerfile.text:
            yield from rule.check(project)

    return Rule(rule.code, rule.name, check, "", ())


def _report(*rules: Rule, text: str | None = None) -> Report:
    return rewrite(SHOP.project(text), rules, Safety.SAFE)


def test_a_fix_that_loses_a_file_is_refused_by_the_name_of_the_file() -> None:
    report = _report(LOSING)
    assert not report.changed
    assert [each.what for each in report.refused[0].violations] == [
        "the image had /app/config.yaml, and has it no longer"
    ]


def test_the_other_fixes_of_the_round_are_applied() -> None:
    report = _report(LOSING, _once(HARMLESS))
    assert "LABEL a=b" in report.result.dockerfile.text
    assert "COPY config.yaml ./" in report.result.dockerfile.text
    assert [each.finding.rule.code for each in report.refused] == ["T01"]


def test_a_refused_finding_remains_and_offers_no_fix() -> None:
    report = _report(LOSING)
    assert [(finding.rule.code, finding.fix) for finding in report.remaining] == [("T01", None)]
    assert not report.held_back


def test_of_fixes_that_break_only_together_one_is_applied() -> None:
    twice = SHOP.text.replace("USER app\n", "ENV MODE=x\n# one\nENV MODE=x\n# two\nUSER app\n")
    report = _report(FIRST, SECOND, text=twice)
    assert report.result.dockerfile.text.count("ENV MODE=x") == 1
    assert len(report.refused) == 1
    assert "MODE" in report.refused[0].violations[0].what


def test_a_second_run_changes_nothing_and_refuses_the_same() -> None:
    first = _report(LOSING, _once(HARMLESS))
    again = rewrite(first.result, (LOSING, _once(HARMLESS)), Safety.SAFE)
    assert not again.changed
    assert [each.finding.rule.code for each in again.refused] == ["T01"]


def test_the_story_and_the_json_tell_what_was_not_applied() -> None:
    answer = fixed(_report(LOSING), "Dockerfile", "")
    told = "not applied: change config: the image had /app/config.yaml, and has it no longer"
    assert told in story([answer], Style(), is_written=True)
    (refused,) = json.loads(written([answer], Style()))["projects"][0]["refused"]
    assert refused["broken"] == [{"law": 12, "line": None, "what": told.partition("config: ")[2]}]


EDITOR = {"Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD python app.py\n", "app.py": ""}


def test_a_folder_of_an_editor_goes_with_its_files_and_stops_no_dockerignore() -> None:
    files = {**EDITOR, ".vscode/settings.json": "{}", ".idea/profiles/own.xml": ""}
    report = rewrite(Project(Tree.of(files)), RULES, Safety.SAFE)
    assert not report.refused
    assert ".vscode" in (report.result.tree.text(".dockerignore") or "")


def test_a_folder_of_the_service_is_missed_with_its_only_file() -> None:
    had = Project(Tree.of({**EDITOR, "reports/today.log": ""}))
    has = Project(Tree.of({**EDITOR, "reports/today.log": "", ".dockerignore": "reports\n"}))
    found = broken(walk(had), walk(has), declared_by(had, has, ()))
    assert [each.what for each in found] == ["the image had /app/reports, and has it no longer"]


def test_a_fix_keeps_a_secret_out_of_the_image_and_its_folder_with_it() -> None:
    secret = {"deploy/secret.yml": "stringData:\n  db_password: Xk93kfnw02mQpz\n", ".dockerignore": ".git\n"}
    report = rewrite(Project(Tree.of({**EDITOR, **secret})), RULES, Safety.SAFE)
    assert not report.refused
    assert "deploy/secret.yml\n" in (report.result.tree.text(".dockerignore") or "")


def test_a_dockerignore_that_no_fix_declares_may_not_take_a_secret() -> None:
    secret = {"deploy/secret.yml": "stringData:\n  db_password: Xk93kfnw02mQpz\n"}
    had = Project(Tree.of({**EDITOR, **secret}))
    has = Project(Tree.of({**EDITOR, **secret, ".dockerignore": "deploy\n"}))
    found = broken(walk(had), walk(has), declared_by(had, has, ()))
    assert [each.what for each in found] == ["the image had /app/deploy/secret.yml, and has it no longer"]
