"""What other programs start pydock with: hooks, an action, a template, each by its own schema and once for real."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.schemas import published_problems

TOP = Path(__file__).parent.parent
SMELLY = "FROM python:3.12.7-slim-bookworm\nRUN pip install flask==3.1.0\n"


def _loaded(path: str) -> Any:
    return yaml.safe_load((TOP / path).read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one service, and beside it the program that the scripts look for."""
    program = tmp_path / "runner/pydock/bin/pydock"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m pydock "$@"\n')
    program.chmod(0o755)
    (tmp_path / "work/.git").mkdir(parents=True)
    (tmp_path / "work/a b").mkdir()
    (tmp_path / "work/Dockerfile").write_text(SMELLY)
    (tmp_path / "work/a b/Dockerfile").write_text(SMELLY)
    return tmp_path


def _run(project: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{project / 'runner/pydock/bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "RUNNER_TEMP": str(project / "runner"), **variables}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=project / "work", env=environment, capture_output=True, text=True, check=False)


def test_the_action_is_what_its_schema_says() -> None:
    assert published_problems(_loaded("action.yml"), "github-action") == []


def test_the_template_is_what_its_schema_says() -> None:
    name = "https://gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json"
    assert published_problems(_loaded(".gitlab/pydock.yml"), name) == []


def test_the_action_puts_no_input_into_a_script() -> None:
    for step in _loaded("action.yml")["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


CASES = {
    "findings": ({}, 1, 2),
    "one path": ({"PATHS": "Dockerfile"}, 1, 1),
    "another folder": ({"FOLDER": "a b"}, 1, 1),
    "a level that nothing reaches": ({"FAIL_LEVEL": "error"}, 0, 2),
    "options": ({"ARGUMENTS": "--ignore PYD --jobs 1"}, 0, 0),
    "a path that there is not": ({"PATHS": "no $(touch trap) ;"}, 2, 0),
}


@pytest.mark.parametrize(("inputs", "code", "annotations"), CASES.values(), ids=CASES)
def test_the_action_annotates_and_ends_with_the_code_of_check(
    project: Path, inputs: dict[str, str], code: int, annotations: int
) -> None:
    step = next(each for each in _loaded("action.yml")["runs"]["steps"] if each.get("id") == "check")
    defaults = {name: each["default"] for name, each in _loaded("action.yml")["inputs"].items()}
    given = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: defaults[match[1]], value)
        for name, value in step["env"].items()
    }
    summary, output = project / "summary", project / "output"
    found = project / "found.sarif"
    files = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output), "SARIF_FILE": str(found)}
    done = _run(project, step["run"], **{**given, **files, **inputs})
    assert done.returncode == code
    assert len(re.findall(r"^::warning title=PYD302 ", done.stdout, re.M)) == annotations
    assert output.read_text() == f"exit-code={code}\n"
    assert json.loads(found.read_text())["version"] == "2.1.0"
    assert summary.read_text().startswith("<!-- pydock -->")
    assert not (project / "work/trap").exists()


def test_the_template_reports_and_ends_with_the_code_of_check(project: Path) -> None:
    job = _loaded(".gitlab/pydock.yml")["pydock"]
    done = _run(project, "\n".join(job["script"]), **job["variables"])
    assert done.returncode == 1
    report = json.loads((project / "work" / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {issue["location"]["path"] for issue in report} == {"Dockerfile", "a b/Dockerfile"}
    assert "PYD302" in done.stdout
    refused = _run(project, job["before_script"][0])
    assert "says where pip finds pydock" in refused.stderr


def test_the_hooks_are_commands_that_there_are() -> None:
    hooks = _loaded(".pre-commit-hooks.yaml")
    assert [hook["id"] for hook in hooks] == ["pydock-check", "pydock-fix"]
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        assert (program, hook["language"], hook["pass_filenames"]) == ("pydock", "python", False)
        done = subprocess.run([sys.executable, "-m", "pydock", *arguments, "--help"], capture_output=True, check=False)
        assert done.returncode == 0


CHANGED = [
    "Dockerfile", "api.Dockerfile", "deploy/Containerfile.prod", "requirements.txt", "api/requirements-dev.in",
    "requirements/base.txt", "requirements.lock.txt", "uv.lock", "poetry.lock", "pylock.toml", "pyproject.toml",
    "pydock.toml", "setup.py", "Pipfile", "compose.yaml", "docker-compose.prod.yml", ".dockerignore",
]  # fmt: skip
OTHERS = ["app.py", "README.md", "notes.txt", "data/composers.csv", "docs/blocks.md", "tests/setup_db.py"]


def test_the_hooks_run_when_anything_changes_that_a_dockerfile_goes_with() -> None:
    for hook in _loaded(".pre-commit-hooks.yaml"):
        assert [path for path in CHANGED if not re.search(hook["files"], path)] == []
        assert [path for path in OTHERS if re.search(hook["files"], path)] == []


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", ".github/workflows/release.yml"])
def test_a_workflow_is_what_its_schema_says_and_pins_what_it_uses(path: str) -> None:
    workflow = _loaded(path)
    assert published_problems(workflow | {"on": workflow.pop(True, {})}, "github-workflow") == []
    used = re.findall(r"uses: (\S+)", (TOP / path).read_text("utf-8"))
    assert all(use == "./" or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use) for use in used)


def test_the_action_pins_what_it_uses() -> None:
    uses = [step["uses"] for step in _loaded("action.yml")["runs"]["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use) for use in uses)


def test_the_image_of_the_tool_is_one_that_pydock_likes() -> None:
    command = [sys.executable, "-P", "-m", "pydock", "check", "--output-format", "concise", "Dockerfile"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
