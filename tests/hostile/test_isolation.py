"""One project stops nobody: whatever happens to it is told as its error, and the next one is answered."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pydock import engine, questions
from pydock.budget import Budget, unhurried, within
from pydock.config import settings
from pydock.context import Tree
from pydock.errors import BudgetError, BugError, OptionError, PydockError, SyntaxProblem
from pydock.files import unsettled
from pydock.migrate.deliver import apply
from pydock.migrate.records.record import Change
from pydock.project import Project
from pydock.questions import Question, answers, ask
from pydock.shell import syntax_tree
from pydock.targets import targets
from tests.command_line import SMELLY, Result, Runner


def _recursion() -> None:
    _recursion()


def _memory() -> None:
    bytearray(400_000_000)


def _endless() -> None:
    while True:
        pass


def _raise(error: Exception) -> Callable[[], None]:
    def failing() -> None:
        raise error

    return failing


FAILURES = {
    "a recursion without end": (_recursion, "nested deeper than pydock can follow"),
    "more memory than it was given": (_memory, "needs more than 300 MB of memory"),
    "work without end": (_endless, "takes more than 0.5 s"),
    "memory that the system refuses": (_raise(MemoryError()), "needs more than 300 MB of memory"),
    "a lookup": (_raise(KeyError("x")), "KeyError"),
    "a file that is gone": (_raise(FileNotFoundError(2, "gone")), "gone"),
    "a promise of pydock": (_raise(AssertionError("never")), "never"),
    "arithmetic": (_raise(ZeroDivisionError("by zero")), "by zero"),
    "a text that is none": (_raise(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate")), "surrogate"),
    "what BuildKit refuses": (_raise(SyntaxProblem("Dockerfile:1: no")), "no"),
}
BUDGET = ("--budget-seconds", "0.5", "--budget-memory", "300MB")
COMMANDS = {
    "check": (("check", *BUDGET), "b/Dockerfile"),
    "check in processes": (("check", *BUDGET, "--jobs", "2"), "b/Dockerfile"),
    "fix": (("fix", *BUDGET), "b/Dockerfile"),
    "fix --diff": (("fix", "--diff", *BUDGET), "b/Dockerfile"),
    "fix --explain-plan": (("fix", "--explain-plan", *BUDGET), "b/Dockerfile"),
    "fix --codemods": (("fix", "--diff", "--codemods", "all", *BUDGET), "b/Dockerfile"),
    "facts": (("facts", *BUDGET), "b/Dockerfile"),
}


@pytest.fixture
def services(folder: Path) -> Path:
    for name in "abc":
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text(SMELLY)
    return folder


def _breaking(monkeypatch: pytest.MonkeyPatch, failure: Callable[[], None]) -> None:
    """Make the project in the folder a fail, wherever its contents are first looked at."""
    known = Project.dockerfile.func  # type: ignore[attr-defined]

    def dockerfile(project: Project) -> object:
        if project.tree.root is not None and project.tree.root.name == "a":
            failure()
        return known(project)

    monkeypatch.setattr(Project, "dockerfile", property(dockerfile))


def _answered(result: Result) -> bool:
    return "b/Dockerfile" in result.out + result.err and "c/Dockerfile" in result.out + result.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("failure", "said"), FAILURES.values(), ids=FAILURES)
def test_the_next_project_is_answered(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], None], said: str, command: str
) -> None:
    _breaking(monkeypatch, failure)
    result = run(*COMMANDS[command][0], "a", "b", "c")
    assert result.code == 2
    assert "a/Dockerfile" in result.err
    assert said in result.err
    assert _answered(result)


@pytest.mark.parametrize("text", ["&aFROM python:3.12\n", "", "# FROM\n", "RUN true\n", "FROM\n", "FROM a\nRUM x\n"])
@pytest.mark.parametrize("command", [*COMMANDS, "bench"])
def test_what_no_builder_takes_is_told_by_every_command(run: Runner, services: Path, command: str, text: str) -> None:
    (services / "a/Dockerfile").write_text(text)
    result = run("bench", "--as-is", "a") if command == "bench" else run(*COMMANDS[command][0], "a", "b", "c")
    assert result.code == 2
    assert "a/Dockerfile:" in result.err
    assert "bug of pydock" not in result.err
    assert command == "bench" or _answered(result)


@pytest.mark.parametrize(("failure", "said"), FAILURES.values(), ids=FAILURES)
def test_verify_goes_on_to_the_next(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], None], said: str
) -> None:
    """No engine is needed: what is asked of one is replaced."""

    def proof(question: Question, target: object) -> None:
        failure()

    monkeypatch.setattr(questions, "proof", proof)
    result = run("verify", *BUDGET, "a", "b")
    assert result.code == 2
    assert result.err.count(said) == 2


def test_bench_tells_what_stopped_it(run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _breaking(monkeypatch, _endless)
    result = run("bench", "--budget-seconds", "0.5", "a")
    assert result.code == 2
    assert "takes more than 0.5 s" in result.err


def test_a_process_that_a_project_ends_costs_that_project_alone(
    services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _breaking(monkeypatch, lambda: os._exit(3))
    found = list(answers(Question({}), targets(["a", "b", "c"]), 2))
    assert [answer.failure is not None for answer in found] == [True, False, False]
    assert found[0].failure is not None
    assert "ended" in found[0].failure.message


@pytest.mark.skipif(not hasattr(signal, "SIGSEGV"), reason="there is no such signal")
def test_a_parser_that_crashes_costs_its_project_where_there_are_processes(services: Path) -> None:
    """In one process nobody is left to tell: the run ends by the signal, without any answer."""
    crash = "import os, signal\nfrom pydock.project import Project\nknown = Project.dockerfile.func\n"
    crash += "def dockerfile(project):\n"
    crash += "    if project.tree.root.name == 'a': os.kill(os.getpid(), signal.SIGSEGV)\n    return known(project)\n"
    crash += "Project.dockerfile = property(dockerfile)\nfrom pydock.cli import main\nmain()\n"
    command = [sys.executable, "-c", crash, "check", "a", "b", "c", "--output-format", "concise"]
    alone = subprocess.run(command, cwd=services, capture_output=True, text=True, check=False)
    assert alone.returncode == -signal.SIGSEGV
    assert alone.stdout == ""
    several = subprocess.run([*command, "--jobs", "2"], cwd=services, capture_output=True, text=True, check=False)
    assert several.returncode == 2
    assert "a/Dockerfile: the process that read it ended" in several.stderr
    assert "b/Dockerfile" in several.stdout
    assert "c/Dockerfile" in several.stdout


def test_a_folder_that_cannot_be_searched_is_told_and_the_others_are_answered(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (services / "a/data").mkdir()
    real = os.scandir

    def scandir(place: str) -> object:
        if str(place).endswith("a/data"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    result = run("check", ".")
    assert result.code == 2
    assert "a/data: Permission denied" in result.err
    assert {name for name in "abc" if f"{name}/Dockerfile" in result.out} == set("abc")


def test_a_rule_that_fails_is_named(services: Path) -> None:
    (found,) = (target for target in targets(["a"]))
    with ask.one(Question({}), found) as target:
        project = ask.unchanged(Question({}), target)
    rule = type("Broken", (), {"code": "PYD999", "name": "broken", "check": lambda self, _: 1 / 0})()
    with pytest.raises(BugError, match="PYD999 broken failed"):
        engine.check(project, [rule])


def test_what_is_waited_for_takes_no_time_of_the_budget() -> None:
    with within(Budget(seconds=0.2)):
        with unhurried():
            time.sleep(0.4)
        assert sum(range(1_000))


def test_a_machine_that_is_busy_takes_no_time_of_the_budget() -> None:
    with within(Budget(seconds=0.2)):
        for _ in range(5):
            time.sleep(0.1)
            assert sum(range(200_000))


def test_what_waits_without_working_ends() -> None:
    begun = time.monotonic()
    with pytest.raises(BudgetError, match="waits for more than"), within(Budget(seconds=0.2)):
        time.sleep(30)
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("part", ["a=(\n", "<<EOF\n"], ids=["lists in lists", "documents in documents"])
def test_the_grammar_of_the_shell_hears_the_alarm(part: str) -> None:
    """It is no Python, and takes the square of the time for these."""
    begun = time.process_time()
    with pytest.raises(BudgetError), within(Budget(seconds=0.3)):
        syntax_tree(part * 40_000)
    assert time.process_time() - begun < 5
    found = syntax_tree("echo a")
    assert found is not None
    assert found.end_byte == len("echo a"), "the next text is read from its beginning"


def test_whoever_swallows_the_alarm_hears_it_again() -> None:
    def swallowing() -> None:
        with within(Budget(seconds=0.1)):
            try:
                _endless()
            except BudgetError:
                _endless()

    with pytest.raises(BudgetError):
        swallowing()


@pytest.mark.parametrize("value", ["601", "-1", '"60"', "true"])
def test_a_file_may_not_ask_for_more_time_than_a_file_may(run: Runner, services: Path, value: str) -> None:
    (services / "a/pydock.toml").write_text(f"budget-seconds = {value}\n")
    result = run("check", "a", "b")
    assert result.code == 2
    assert "budget-seconds" in result.err
    assert "b/Dockerfile" in result.out


def test_the_budget_of_a_file_counts_and_the_command_line_wins(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (services / "a/pydock.toml").write_text("budget-seconds = 0.3\n")
    _breaking(monkeypatch, _endless)
    assert "takes more than 0.3 s" in run("check", "a").err
    assert "takes more than 0.2 s" in run("check", "--budget-seconds", "0.2", "a").err


def test_memory_that_is_no_size_is_refused(run: Runner, services: Path) -> None:
    assert "not a size" in run("check", "--budget-memory", "much", "a").err
    with pytest.raises(OptionError):
        assert settings((), {"budget-memory": "much"}).budget


def test_a_write_that_fails_is_an_error_and_leaves_nothing_to_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "blocked").write_text("a file where a folder should be")
    with pytest.raises(PydockError):
        apply(str(tmp_path), (Change("blocked/requirements.lock.txt", None, "flask==3.1.0\n"),))
    assert not list((tmp_path / "state").rglob("*.json"))
    assert (tmp_path / "blocked").read_text() == "a file where a folder should be"
    assert unsettled([str(tmp_path)]) == ()


def test_a_write_that_fails_in_any_way_is_an_error_of_that_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tree, "write", lambda *_: 1 / 0)
    with pytest.raises(BugError, match="by zero"):
        apply(str(tmp_path), (Change("requirements.lock.txt", None, "flask==3.1.0\n"),))
