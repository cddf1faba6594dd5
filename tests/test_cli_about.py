"""The command line about itself: explanations, rules, plans, help."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pydock import __version__
from pydock.cli.commands import MODULES
from tests.command_line import Runner


def test_explain_shows_the_docs_and_what_the_engine_makes_of_the_examples(run: Runner) -> None:
    result = run("explain", "pip-cache")
    assert result.code == 0
    assert result.out.startswith("PYD302 pip-cache (warning)\n\n")
    assert "+RUN --mount=type=cache" in result.out
    assert "Left alone:" in result.out


def test_explain_without_a_rule_says_how_to_read_one(run: Runner) -> None:
    assert "PYD1xx" in run("explain").out


def test_explain_of_no_rule_is_told(run: Runner) -> None:
    assert run("explain", "nope").code == 2


def test_rules_lists_them_all(run: Runner) -> None:
    from pydock.rules import RULES

    out = run("rules").out
    assert all(rule.code in out and rule.name in out for rule in RULES)


def test_the_plan_says_where_everything_goes(project: Path, run: Runner) -> None:
    (project / "Dockerfile").write_text("FROM python:3.12\nCOPY . /app\nRUN pip install flask\nCMD python /app/x.py\n")
    result = run("fix", "--explain-plan", "svc")
    assert result.code == 0
    assert "line 3 RUN pip install flask" in result.out
    assert (project / "Dockerfile").read_text().startswith("FROM python:3.12\nCOPY")


def test_a_refused_plan_names_the_line(project: Path, run: Runner) -> None:
    (project / "Dockerfile").write_text("# x\nFROM python:3.12-alpine\nRUN pip install flask\n")
    assert "svc/Dockerfile:2: not split: " in run("fix", "--explain-plan", "svc").out


@pytest.mark.parametrize("name", MODULES)
def test_the_list_of_commands_says_of_each_what_its_own_help_begins_with(name: str) -> None:
    module, summary = MODULES[name]
    docs = " ".join(getattr(import_module(f"pydock.cli.{module}"), name).__doc__.split())
    assert docs.startswith(summary)
    assert summary.index(".") == len(summary) - 1


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check", "--help"], ["fix", "-h"]], ids=" ".join)
def test_help_and_version(run: Runner, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.code == 0
    assert __version__ in result.out if arguments == ["--version"] else "Usage: pydock" in result.out


def test_an_unknown_option_exits_with_2(run: Runner) -> None:
    assert run("check", "--nope").code == 2


def test_it_runs_as_a_module_and_completes_in_the_shell() -> None:
    environment = {
        **os.environ,
        "_PYDOCK_COMPLETE": "complete_bash",
        "COMP_WORDS": "pydock explain pip-c",
        "COMP_CWORD": "2",
    }
    shown = subprocess.run(
        [sys.executable, "-c", "from pydock.cli import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stdout.split() == ["pip-cache"]
    module = subprocess.run([sys.executable, "-m", "pydock", "--version"], capture_output=True, text=True, check=True)
    assert module.stdout == f"pydock {__version__}\n"
