"""Reports that machines read: right by their schemas, at the right places, the same in the next run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from pydock import data, engine
from pydock.context import Tree
from pydock.project import Project
from pydock.report import Answer, checked, fixed
from pydock.report.formats import github, gitlab, junit, markdown, sarif
from pydock.report.formats import json as json_report
from pydock.rules import RULES
from pydock.terminal import Style
from pydock.text import Edit, Safety, Span, apply
from tests.answers import EACH, FAILED, FIXTURES, FORMATS, NAMES, checked_fixture, said
from tests.command_line import Runner
from tests.schemas import own_problems, published_problems

# JSON


@EACH
def test_json_of_a_check_is_what_its_schema_says(name: str) -> None:
    document = json.loads(json_report.written([checked_fixture(name), FAILED], Style()))
    assert own_problems(document, "report") == []


@EACH
def test_json_of_a_fix_is_what_its_schema_says(name: str) -> None:
    report = engine.rewrite(Project(Tree(FIXTURES / name), "Dockerfile"), RULES, Safety.SAFE)
    answer = fixed(report, f"fixtures/{name}/Dockerfile", f"fixtures/{name}/", is_detailed=True)
    document = json.loads(json_report.written([answer], Style()))
    assert own_problems(document, "report") == []
    assert bool(document["projects"][0]["changes"]) == bool(report.changed)


def test_a_schema_that_allows_anything_would_be_noticed() -> None:
    assert own_problems({"schema": 2, "version": "1", "projects": [], "summary": {}, "more": 1}, "report")


def test_the_schemas_are_printed(run: Runner) -> None:
    for name in data.SCHEMAS:
        assert json.loads(run("schema", name).out)["$schema"].startswith("https://json-schema.org/")
    assert run("schema", "nope").code == 2


def test_json_of_a_fix_has_the_difference(run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text("FROM python:3.12.7-slim-bookworm\nRUN pip install flask==3.1.0\n")
    result = run("fix", "--diff", "--output-format", "json", "--select", "PYD302")
    document = json.loads(result.out)
    assert (result.code, own_problems(document, "report")) == (1, [])
    (project,) = document["projects"]
    assert project["changes"][0]["diff"] == run("fix", "--diff", "--select", "PYD302").out
    assert [entry["code"] for entry in project["settled"]] == ["PYD302"]
    assert project["remaining"] == []


# SARIF


@EACH
def test_sarif_is_what_the_official_schema_says(name: str) -> None:
    document = json.loads(sarif.written([checked_fixture(name), FAILED], Style()))
    assert published_problems(document, "sarif-2.1.0") == []
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert run["invocations"][0]["executionSuccessful"] is False


@EACH
def test_the_fixes_in_sarif_do_what_fix_does(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project(Tree(FIXTURES / name), "Dockerfile")
    findings = engine.check(project, RULES)
    answer = checked(project, "Dockerfile", findings, RULES, is_detailed=True)
    results = json.loads(sarif.written([answer], Style()))["runs"][0]["results"]
    offered = 0
    for finding, result in zip(findings, results, strict=True):
        if finding.fix is None or "fixes" not in result:
            continue
        offered += 1
        wanted = project.tree.edited(finding.fix.edits)
        for change in result["fixes"][0]["artifactChanges"]:
            path = unquote(change["artifactLocation"]["uri"])
            assert _applied(project.tree.text(path) or "", change["replacements"]) == wanted.text(path)
    assert offered or name == "multi-stage-good"


def _applied(text: str, replacements: list[dict[str, Any]]) -> str:
    """The text after replacements, as another program would make them from lines and code points."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).split("\n")

    def offset(line: int, column: int) -> int:
        return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1

    edits = []
    for entry in replacements:
        region = entry["deletedRegion"]
        start = offset(region["startLine"], region["startColumn"])
        end = offset(region["endLine"], region["endColumn"])
        edits.append(Edit("", Span(start, end), entry["insertedContent"]["text"]))
    return mark + apply(text.removeprefix(mark), edits)


PLACES = {
    "plain": ("FROM a\nRUN b\n", "b", (2, 5, 2, 6)),
    "behind characters of two UTF-16 units": ("FROM a\nRUN echo 🐍é b\n", "b", (2, 13, 2, 14)),
    "with the line ends of Windows": ("FROM a\r\nRUN x \\\r\n  y\r\nRUN b\r\n", "RUN b\r\n", (4, 1, 4, 6)),
    "behind a byte order mark": ("\ufeffFROM a\n", "a", (1, 6, 1, 7)),
    "over a byte order mark": ("\ufeffFROM a\n", "\ufeffFROM", (1, 1, 1, 5)),
    "over several lines": ("FROM a\nRUN x \\\n  y\n", "RUN x \\\n  y\n", (2, 1, 3, 4)),
    "behind a tab": ("FROM a\nRUN\tb\n", "b", (2, 5, 2, 6)),
}


@pytest.mark.parametrize(("text", "what", "place"), PLACES.values(), ids=PLACES)
def test_places_are_lines_and_characters_from_1(text: str, what: str, place: tuple[int, int, int, int]) -> None:
    start = text.rindex(what)
    answer = said(text, Span(start, start + len(what)))
    region = json.loads(sarif.written([answer], Style()))["runs"][0]["results"][0]["locations"][0]
    assert tuple(region["physicalLocation"]["region"].values()) == place
    found = json.loads(json_report.written([answer], Style()))["projects"][0]["findings"][0]
    assert (found["line"], found["column"], found["end_line"], found["end_column"]) == place


def test_an_edit_that_would_show_a_secret_is_left_out() -> None:
    secret = Edit("Dockerfile", Span(0, 0), "ENV DB_PASSWORD=hunter2-k3x9-Zq81\n")
    plain = Edit("Dockerfile", Span(7, 7), "USER 1\n")
    result = json.loads(sarif.written([said("FROM a\n", Span(0, 4), "x", secret, plain)], Style()))
    assert "fixes" not in result["runs"][0]["results"][0]


# GitHub


def _commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands as the runner of GitHub reads them."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
        assert match, line
        pairs = (pair.split("=", 1) for pair in match[2].split(","))
        found.append((match[1], {name: _plain(value) for name, value in pairs}, _plain(match[3])))
    return found


def _plain(text: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_an_annotation_survives_whatever_the_text_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = said("FROM a\n", Span(0, 6), "100 %0A,: ::error::no\nmore", path="x,y:z%20/Dockerfile")
    (command,) = _commands(github.written([answer], Style()))
    kind, properties, message = command
    assert (kind, properties["file"], properties["line"]) == ("warning", "x,y:z%20/Dockerfile", "1")
    assert message.startswith("100 %0A,: ::error::no")


def test_an_annotation_over_several_lines_has_no_columns() -> None:
    text = "FROM a\nRUN x \\\n  y\n"
    one, several = (said(text, span) for span in (Span(0, 6), Span(7, 18)))
    assert "col" in _commands(github.written([one], Style()))[0][1]
    assert "col" not in _commands(github.written([several], Style()))[0][1]


def test_what_is_grave_comes_first_because_github_shows_ten() -> None:
    answers = [checked_fixture(name) for name in NAMES]
    kinds = [kind for kind, *_ in _commands(github.written([*answers, FAILED], Style()))]
    assert kinds == sorted(kinds, key=["error", "warning", "notice"].index)
    assert set(kinds) == {"error", "warning", "notice"}


# GitLab


def test_gitlab_gets_what_its_code_quality_report_needs() -> None:
    issues = json.loads(gitlab.written([checked_fixture(name) for name in NAMES], Style()))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) > 100
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["path"].startswith("fixtures/")
        assert issue["location"]["lines"]["begin"] >= 1


# JUnit


def test_junit_counts_what_it_holds() -> None:
    answers = [checked_fixture("flask-legacy"), Answer("clean/Dockerfile"), FAILED]
    root = ElementTree.fromstring(junit.written(answers, Style()))
    cases = root.findall("testsuite/testcase")
    assert root.get("tests") == str(len(cases))
    assert root.get("failures") == str(len(root.findall(".//failure"))) == str(len(answers[0].findings))
    assert root.get("errors") == "1"
    assert [suite.get("tests") for suite in root] == [str(len(suite)) for suite in root]
    assert [child.tag for case in cases if case.get("name") == "no findings" for child in case] == []


# What junit-10.xsd allows (https://github.com/jenkinsci/xunit-plugin, read 2026-11), and where a case is in its file,
# which it does not know and other readers show.
_JUNIT = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "classname", "time", "file", "line"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
}


@EACH
def test_every_format_tells_of_every_finding(name: str) -> None:
    answer, style = checked_fixture(name), Style()
    root = ElementTree.fromstring(junit.written([answer], style))
    assert all(set(entry.attrib) <= _JUNIT[entry.tag] for entry in root.iter())
    counts = {
        "sarif": len(json.loads(sarif.written([answer], style))["runs"][0]["results"]),
        "github": github.written([answer], style).count("\n"),
        "gitlab": len(json.loads(gitlab.written([answer], style))),
        "junit": len(root.findall(".//failure")),
        "markdown": markdown.written([answer], style).count("**PYD"),
    }
    assert set(counts.values()) == {len(answer.findings)}, counts


def test_junit_is_xml_whatever_the_text_holds() -> None:
    message = 'a <b> & "c" \x00\x1b\udce9\ufffe ]]>'
    root = ElementTree.fromstring(junit.written([said("FROM a\n", Span(0, 6), message)], Style()))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == 'a <b> & "c" \\x00\\x1b\\xe9? ]]>'


# All of them


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    shutil.copytree(FIXTURES / "http-server", tmp_path / "svc ü", ignore=shutil.ignore_patterns("expected"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("form", [*FORMATS])
def test_every_format_has_the_exit_code_of_the_text(project: Path, run: Runner, form: str) -> None:
    assert run("check", "svc ü", "--output-format", form).code == 1
    assert run("check", "svc ü", "--output-format", form, "--ignore", "PYD").code == 0
    broken = run("check", "nope", "--output-format", form)
    assert broken.code == 2
    assert "there is no such file" in broken.err


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab", "junit", "markdown"])
def test_paths_are_told_from_the_top_of_the_repository(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    from_top = run("check", "svc ü", "--output-format", form).out
    monkeypatch.chdir(project / "svc ü")
    assert run("check", "--output-format", form).out == from_top
    assert run("check", str(project / "svc ü"), "--output-format", form).out == from_top
    assert ("svc%20%C3%BC/Dockerfile" if form == "sarif" else "svc ü/Dockerfile") in from_top.encode().decode(
        "unicode_escape" if form == "gitlab" else "utf-8"
    )
    assert str(project) not in from_top


@pytest.mark.parametrize("form", FORMATS)
def test_standard_input_is_read_by_every_format(project: Path, run: Runner, form: str) -> None:
    result = run("check", "-", "--output-format", form, stdin=b"FROM python:3\nRUN pip install flask # \xff\n")
    assert result.code == 1
    assert "stdin" in result.out


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_goes_into_a_file(project: Path, run: Runner, form: str) -> None:
    shown = run("check", "svc ü", "--output-format", form).data
    result = run("check", "svc ü", "--output-format", form, "--output", "out/report")
    assert (result.code, result.data) == (1, b"")
    assert Path("out/report").read_bytes() == shown


def test_fix_tells_what_it_did_in_markdown_and_takes_no_output_beside(project: Path, run: Runner) -> None:
    assert "```diff\n--- a/svc ü/Dockerfile" in run("fix", "--diff", ".", "--output-format", "markdown").out
    refused = run("fix", ".", "--output-format", "markdown", "--output", "x")
    assert (refused.code, Path("x").exists()) == (2, False)
    assert "settled by `pydock fix`" in run("fix", ".", "--output-format", "markdown").out
    assert "settled" in run("fix", ".", "--output-format", "markdown").out


def test_fix_says_what_is_to_be_done_by_hand(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Dockerfile").write_text('FROM python:3.13\nCOPY start.sh app.py /\nENTRYPOINT ["/start.sh"]\n')
    (tmp_path / "start.sh").write_text("#!/bin/sh\nuvicorn app:app\necho stopped\n")
    (tmp_path / "app.py").touch()
    monkeypatch.chdir(tmp_path)
    told = run("fix", "--diff", "--select", "PYD405", ".").err
    assert "start.sh:2: the script stays in front of uvicorn" in told
    assert "Write `exec uvicorn ...` as the last command" in told
