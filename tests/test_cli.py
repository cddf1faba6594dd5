"""The command line: exit codes, streams, formats, and every kind of bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pydock import __version__
from tests.command_line import ONLY, SMELLY, Runner

FIELDS = {
    "code",
    "name",
    "level",
    "message",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "cost",
    "advice",
    "fix",
    "fingerprint",
}


def test_check_without_findings_exits_with_0(project: Path, run: Runner) -> None:
    result = run("check", "svc", "--ignore", "PYD")
    assert (result.code, result.out, result.err) == (0, "No findings in svc/Dockerfile.\n", "")


def test_check_with_findings_exits_with_1_and_talks_on_standard_output(project: Path, run: Runner) -> None:
    result = run("check", "svc", *ONLY)
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert lines[0].startswith("svc/Dockerfile:2:5: warning: PYD302 pip-cache: ")
    assert lines[1:3] == ["2 | RUN pip install flask==3.1.0", "  |     ^^^^^^^^^^^^^^^^^^^^^^^^"]
    assert "costs: " in lines[3]
    assert "fix: " in lines[4]
    assert lines[-1] == "1 finding in svc/Dockerfile (1 warning): 1 fixed by `pydock fix`."


def test_the_current_folder_is_the_default(project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert run("check", *ONLY).out.startswith("Dockerfile:2:5: warning: PYD302")


def test_fix_diff_prints_a_difference_exits_with_1_and_writes_nothing(project: Path, run: Runner) -> None:
    result = run("fix", "--diff", "svc", *ONLY)
    assert result.code == 1
    assert result.out.startswith("--- a/svc/Dockerfile\n+++ b/svc/Dockerfile\n@@ ")
    assert "svc/Dockerfile: would fix 1 finding" in result.err
    assert (project / "Dockerfile").read_text() == SMELLY


def test_fix_diff_without_a_difference_exits_with_0(project: Path, run: Runner) -> None:
    result = run("fix", "--diff", "svc", "--ignore", "PYD")
    assert (result.code, result.out) == (0, "")


def test_fix_writes_and_exits_with_0_when_nothing_is_left(project: Path, run: Runner) -> None:
    result = run("fix", "svc", *ONLY)
    assert (result.code, result.out) == (0, "")
    assert "svc/Dockerfile: fixed 1 finding" in result.err
    assert "--mount=type=cache" in (project / "Dockerfile").read_text()
    assert run("fix", "svc", *ONLY).code == 0


def test_fix_writes_the_bytes_that_diff_shows(project: Path, run: Runner) -> None:
    (project / ".dockerignore").write_bytes(b"*.log\r\n")
    patch = run("fix", "--diff", "svc").data
    before = {path.name: path.read_bytes() for path in project.iterdir()}
    run("fix", "svc")
    after = {path.name: path.read_bytes() for path in project.iterdir()}
    for name in after:
        (project / name).unlink()
    for name, data in before.items():
        (project / name).write_bytes(data)
    subprocess.run(["git", "apply", "-"], input=patch, check=True)
    assert {path.name: path.read_bytes() for path in project.iterdir()} == after != before


@pytest.mark.parametrize(
    "text",
    [
        b"FROM python:3.12.7-slim-bookworm\r\nRUN pip install a==1\r\n",
        b"FROM python:3.12.7-slim-bookworm\nRUN pip install a==1",
        b"\xef\xbb\xbfFROM python:3.12.7-slim-bookworm\n# \xff\xfe\nRUN pip install a==1\n# \xe9",
    ],
    ids=["CRLF", "no final newline", "byte order mark and bytes that are not UTF-8"],
)
@pytest.mark.parametrize("name", ["Dockerfile", "a b/Dockerfile", 'q"t/Dockerfile', "ü/Dockerfile"])
def test_git_applies_the_diff(folder: Path, run: Runner, text: bytes, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(text)
    patch = run("fix", "--diff", ".", *ONLY).data
    assert run("fix", ".", *ONLY).code == 0
    after = (folder / name).read_bytes()
    (folder / name).write_bytes(text)
    subprocess.run(["git", "apply", "-"], input=patch, check=True)
    assert (folder / name).read_bytes() == after != text


def test_a_new_file_is_a_difference_to_nothing(project: Path, run: Runner) -> None:
    (project / "Dockerfile").write_text(SMELLY + "COPY . /app\n")
    (project / "app.py").touch()
    result = run("fix", "--diff", "svc", "--select", "no-dockerignore")
    assert "--- /dev/null\n+++ b/svc/.dockerignore\n" in result.out


def test_two_dockerfiles_of_one_folder_share_the_files_that_are_made(project: Path, run: Runner) -> None:
    for name in ("Dockerfile", "Dockerfile.web"):
        (project / name).write_text(SMELLY + "COPY . /app\n")
    (project / "app.py").touch()
    patch = run("fix", "--diff", "svc").data
    subprocess.run(["git", "apply", "-"], input=patch, check=True)
    shown = {path.name: path.read_bytes() for path in project.iterdir()}
    assert run("fix", "--diff", "svc").data == b""
    assert ".dockerignore" in shown


def test_standard_input_is_read_and_the_result_printed(folder: Path, run: Runner) -> None:
    result = run("fix", "-", *ONLY, stdin=SMELLY.encode() + b"# \xff\n")
    assert result.code == 0
    assert b"--mount=type=cache" in result.data
    assert result.data.endswith(b"# \xff\n")
    assert list(folder.iterdir()) == []


def test_standard_input_can_be_checked_and_compared(folder: Path, run: Runner) -> None:
    assert run("check", "-", *ONLY, stdin=SMELLY.encode()).out.startswith("<stdin>:2:5: warning: PYD302")
    assert run("fix", "-", "--diff", *ONLY, stdin=SMELLY.encode()).out.startswith(
        "--- a/Dockerfile\n+++ b/Dockerfile\n"
    )


def test_output_goes_to_a_file_and_the_source_stays(project: Path, run: Runner) -> None:
    assert run("fix", "svc", "--output", "new/Dockerfile", *ONLY).code == 0
    assert (project / "Dockerfile").read_text() == SMELLY
    assert "--mount=type=cache" in Path("new/Dockerfile").read_text()
    run("fix", "svc", "--diff", "--output", "patch", *ONLY)
    assert Path("patch").read_text().startswith("--- a/svc/Dockerfile\n")


def test_output_goes_to_standard_output(project: Path, run: Runner) -> None:
    assert "--mount=type=cache" in run("fix", "svc", "--output", "-", *ONLY).out
    assert (project / "Dockerfile").read_text() == SMELLY


def test_one_output_file_takes_one_dockerfile(project: Path, run: Runner) -> None:
    (project / "Dockerfile.b").write_text(SMELLY)
    result = run("fix", "svc", "--output", "new")
    assert result.code == 2
    assert "2 were found" in result.err
    assert not Path("new").exists()


def test_json_is_one_object_of_a_known_shape(project: Path, run: Runner) -> None:
    result = run("check", "svc", "nope", "--output-format", "json", *ONLY)
    document = json.loads(result.out)
    assert result.code == 2
    assert (document["schema"], document["version"]) == (1, __version__)
    found, missing = document["projects"]
    assert missing["error"]["message"] == "nope: there is no such file or folder"
    assert missing["findings"] == []
    (finding,) = found["findings"]
    assert found["error"] is None
    assert {key: finding[key] for key in ("code", "level", "path", "line", "column", "end_line", "end_column")} == {
        "code": "PYD302",
        "level": "warning",
        "path": "svc/Dockerfile",
        "line": 2,
        "column": 5,
        "end_line": 2,
        "end_column": 29,
    }
    assert set(finding) == FIELDS
    assert set(finding["fix"]) == {"title", "safety", "doubts", "notes", "edits"}
    assert document["summary"] == {"findings": 1, "safe": 1, "unsafe": 0, "yours": 0, "known": 0, "failed": 1}


def test_concise_is_one_line_a_finding(project: Path, run: Runner) -> None:
    (line,) = run("check", "svc", "--output-format", "concise", *ONLY).out.splitlines()
    assert line.startswith("svc/Dockerfile:2:5: warning: PYD302 ")
    assert line.endswith(" [fix]")


@pytest.mark.parametrize("command", [("check", "svc"), ("fix", "--diff", "svc"), ("explain", "PYD302")])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((), False), (("--color", "always"), True), (("--color", "never"), False)],
    ids=["no terminal", "always", "never"],
)
def test_colours(
    project: Path, run: Runner, command: tuple[str, ...], arguments: tuple[str, ...], expected: bool
) -> None:
    result = run(*command, *arguments)
    assert ("\033[" in result.out) is expected


@pytest.mark.parametrize(("variable", "expected"), [("", True), ("1", False)], ids=["a terminal", "NO_COLOR"])
def test_a_terminal_gets_colours_unless_it_wants_none(project: Path, variable: str, expected: bool) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": variable, "TERM": "xterm"}
    command = [sys.executable, "-m", "pydock", "check", "svc", *ONLY]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        process.wait()
        os.close(theirs)
        shown = os.read(ours, 65536)
    os.close(ours)
    assert b"PYD302" in shown
    assert (b"\033[" in shown) is expected


def test_a_file_cannot_steer_the_terminal(folder: Path, run: Runner) -> None:
    Path("Dockerfile").write_text("FROM python:3.12.7-slim-bookworm\nRUN pip install 'a\033[2J\u202e\x07b==1'\n")
    out = run("check", *ONLY).out
    assert "\\x1b[2J\\u202e\\x07" in out
    assert "\033" not in out


def test_the_marker_stands_under_what_it_marks(folder: Path, run: Runner) -> None:
    Path("Dockerfile").write_text("FROM python:3.12.7-slim-bookworm\nRUN\techo 漢字 && pip install a==1\n")
    lines = run("check", *ONLY).out.splitlines()
    assert lines[1] == "2 | RUN    echo 漢字 && pip install a==1"
    assert lines[2] == "  |                     ^^^^^^^^^^^^^^^^"


def test_several_paths_and_processes_give_the_same_answers_in_order(folder: Path, run: Runner) -> None:
    for number in range(12):
        (folder / f"s{number:02}").mkdir()
        (folder / f"s{number:02}/Dockerfile").write_text(SMELLY)
    (folder / "s05/Dockerfile").write_text("FORM a\n")
    alone, together = run("check", *ONLY), run("check", *ONLY, "--jobs", "2")
    assert (alone.code, alone.out, alone.err) == (together.code, together.out, together.err)
    assert alone.out.count("PYD302") == 11
    assert run("fix", "--diff", *ONLY).out == run("fix", "--diff", *ONLY, "--jobs", "2").out


@pytest.mark.parametrize("arguments", [("--select", "pip-cache"), ("--select=PYD3",), ("--select", "PYD302,PYD501")])
def test_rules_are_selected_by_code_name_and_prefix(project: Path, run: Runner, arguments: tuple[str, ...]) -> None:
    assert "PYD302" in run("check", "svc", *arguments).out
    assert "PYD302" not in run("check", "svc", *arguments, "--ignore", "pip-cache").out


def test_an_unknown_rule_is_told_once_with_the_nearest(project: Path, run: Runner) -> None:
    result = run("check", "svc", "svc", "--select", "pip-cach")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: no rule is called 'pip-cach'\n  hint: did you mean pip-cache?\n"


def test_settings_of_a_monorepo_are_inherited_and_made_for_one_service(folder: Path, run: Runner) -> None:
    (folder / ".git").mkdir()
    for name in ("a", "b"):
        (folder / f"services/{name}").mkdir(parents=True)
        (folder / f"services/{name}/Dockerfile").write_text(SMELLY)
    (folder / "pydock.toml").write_text("select = ['PYD302']\n[services.'services/b']\nportable = true\n")
    both = run("fix", "--diff", ".").out
    assert both.count("--mount=type=cache") == both.count("--no-cache-dir") == 1
    (folder / "services/pyproject.toml").write_text("[tool.pydock]\nselect = ['PYD999']\n")
    assert "services/pyproject.toml:2: no rule is called 'PYD999'" in run("check", "services/a").err


def test_portable_writes_nothing_that_needs_buildkit(project: Path, run: Runner) -> None:
    assert "--no-cache-dir" in run("fix", "svc", "--diff", "--portable", *ONLY).out


def test_settings_come_from_the_project_unless_the_command_line_says_otherwise(project: Path, run: Runner) -> None:
    (project / "pyproject.toml").write_text("[tool.pydock]\nportable = true\nselect = ['PYD302']\n")
    assert "--no-cache-dir" in run("fix", "svc", "--diff").out
    assert "--mount=type=cache" in run("fix", "svc", "--diff", "--no-portable").out
    (project / "pydock.toml").write_text("portabel = true\n")
    result = run("check", "svc")
    assert result.code == 2
    assert "error: svc/pydock.toml:1: unknown key 'portabel'" in result.err
    assert "did you mean portable?" in result.err


@pytest.mark.parametrize(
    ("options", "code"),
    [((), 1), (("--fail-level", "warning"), 1), (("--fail-level", "error"), 0), (("--exit-zero",), 0)],
    ids=["any finding", "a warning", "no error", "whatever is found"],
)
def test_the_exit_code_is_that_of_the_level_to_fail_for(
    project: Path, run: Runner, options: tuple[str, ...], code: int
) -> None:
    result = run("check", "svc", *ONLY, *options)
    assert result.code == code
    assert "PYD302" in result.out


def test_the_level_to_fail_for_may_stand_in_the_configuration(project: Path, run: Runner) -> None:
    (project / "pydock.toml").write_text("fail-level = 'error'\n")
    assert run("check", "svc", *ONLY).code == 0
