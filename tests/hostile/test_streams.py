"""Every command, with streams that are full, closed, or that nobody reads: a message, the right exit code, never 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pydock import questions
from pydock.bench import Proof, Verdict
from pydock.bench.measure import Measured
from pydock.cli import commands, main
from pydock.report.bench import Bench
from tests.hostile.folders import shell

# A command line for each command, and whether it prints results.
COMMANDS: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "check": (("check", "svc"), True),
    "check --output-format": (("check", "svc", "--output-format", "sarif"), True),
    "check --write-baseline": (("check", "svc", "--write-baseline", "-"), True),
    "fix": (("fix", "svc"), False),
    "fix --diff": (("fix", "--diff", "svc"), True),
    "fix --output": (("fix", "svc", "--output", "-"), True),
    "fix --output-format": (("fix", "svc", "--output-format", "json"), True),
    "fix --explain-plan": (("fix", "svc", "--explain-plan"), True),
    "facts": (("facts", "svc"), True),
    "explain": (("explain",), True),
    "explain PYD302": (("explain", "PYD302"), True),
    "rules": (("rules",), True),
    "codemods": (("codemods",), True),
    "data": (("data",), True),
    "schema": (("schema",), True),
    "verify": (("verify", "svc"), True),
    "verify --output-format": (("verify", "svc", "--output-format", "json"), True),
    "bench": (("bench", "--as-is", "svc"), True),
    "migrate": (("migrate", "svc", "--out", "out"), False),
    "--help": (("--help",), True),
    "--version": (("--version",), True),
}
# They speak a protocol on both streams, and end with them: tests/test_server.py and tests/test_agent.py.
SPEAKING = {"server", "mcp"}
GOOD = {0, 1}


def test_every_command_is_here() -> None:
    told = {arguments[0] for arguments, _ in COMMANDS.values() if not arguments[0].startswith("-")}
    assert set(commands.MODULES) == told | SPEAKING


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has answered already."""
    measured = Measured("as it is", steps=(("RUN true", 1.0),))
    told = Bench("svc", "engine", 1, "2026-11-30T00:00:00+00:00", (measured,))
    monkeypatch.setattr(questions, "proof", lambda question, target: Proof(Verdict.SAME, ()))
    monkeypatch.setattr("pydock.cli.bench._measured", lambda versions, wishes: told)


def _run(arguments: tuple[str, ...], stream: int, state: str) -> tuple[int, str]:
    """The exit code in a process of its own, whose stream is in this state, and what the other one heard."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _tamper(stream, state, writing)
        code = 99
        try:
            main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        heard = file.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), heard


def _tamper(stream: int, state: str, other: int) -> None:
    """Python has None for a stream that is closed at its start."""
    os.dup2(other, 3 - stream)
    os.close(stream)
    if state == "full":
        os.open("/dev/full", os.O_WRONLY)
    elif state == "not read":
        reading, writing = os.pipe()
        os.close(reading if reading != stream else writing)
        if reading == stream:
            # The number that was free went to the end that is read: give it to the other one.
            reading, writing = os.pipe()
            os.dup2(writing, stream)
            os.close(reading)
        else:
            os.dup2(writing, stream)
    sys.stdout, sys.stderr = (
        None if number == stream and state == "closed" else os.fdopen(number, "w", closefd=False) for number in (1, 2)
    )


@pytest.mark.parametrize("state", ["full", "closed", "not read"])
@pytest.mark.parametrize("command", COMMANDS)
def test_results_that_cannot_be_written_are_told(project: Path, command: str, state: str) -> None:
    arguments, has_results = COMMANDS[command]
    code, err = _run(arguments, 1, state)
    assert "Traceback" not in err
    assert "bug of pydock" not in err
    if not has_results:
        assert code in GOOD
    elif state == "not read":
        assert code == 141
        assert "error: " not in err
    else:
        assert code == 2
        what = {"full": "No space left on device", "closed": "it is closed"}[state]
        assert f"error: standard output: {what}\n" in err


@pytest.mark.parametrize("state", ["full", "closed", "not read"])
@pytest.mark.parametrize("command", COMMANDS)
def test_talk_that_nobody_can_hear_changes_nothing(project: Path, command: str, state: str) -> None:
    code, out = _run(COMMANDS[command][0], 2, state)
    assert code in GOOD
    assert "Traceback" not in out
    assert bool(out) == COMMANDS[command][1]


@pytest.mark.parametrize("command", ["check - <&-", "fix - <&-", "fix --diff - <&-", "facts - <&-"])
def test_a_standard_input_that_is_closed_is_an_empty_file(project: Path, command: str) -> None:
    result = shell(f"pydock {command}", project.parent)
    assert result.returncode == 2
    assert b"Traceback" not in result.stderr
    assert b"<stdin>" in result.stderr
