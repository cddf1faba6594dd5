"""Faults of what is around a run: a message on standard error, the right exit code, never 1 and never a traceback."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pydock import engine, files
from pydock.context import Tree
from pydock.errors import UnwritableError
from pydock.migrate import store
from pydock.migrate.records import State
from pydock.migrate.records.record import Record
from pydock.questions import many
from tests.command_line import ONLY, SMELLY, Runner
from tests.hostile.folders import FINDINGS, shell

STREAMS = {
    "check without a standard output": ("pydock check svc >&-", 2, "standard output: it is closed"),
    "help without a standard output": ("pydock --help >&-", 2, "standard output: it is closed"),
    "check into a full device": ("pydock check svc > /dev/full", 2, "standard output: No space left on device"),
    "help into a full device": ("pydock --help > /dev/full", 2, "standard output: No space left on device"),
    "--output into a full device": ("pydock check svc --output /dev/full", 2, "/dev/full: No space left on device"),
    "check without a standard error": ("pydock check svc 2>&-", FINDINGS, ""),
    "check with a full standard error": ("pydock check svc nothing 2> /dev/full", 2, ""),
    "check without a standard input": ("pydock check svc <&-", FINDINGS, ""),
    "standard input asked for and closed": ("pydock check - <&-", 2, "<stdin>"),
    "no stream at all": ("pydock check svc <&- >&- 2>&-", 2, ""),
    "results of which one line is read": ("pydock check svc | head -1", FINDINGS, ""),
    "help that nobody reads": ("pydock --help | :", 141, ""),
    "talk that nobody reads": ("pydock check svc nothing 2>&1 >/dev/null | :", 2, ""),
}  # fmt: skip


@pytest.mark.parametrize("what", STREAMS)
def test_a_stream_that_fails(project: Path, what: str) -> None:
    command, code, said = STREAMS[what]
    if command.endswith("| :"):
        # The reader is gone before anything is written.
        command = command.replace("pydock", "(sleep 0.3; exec pydock", 1).replace(" |", ") |", 1)
    result = shell(command, project.parent)
    err = result.stderr.decode()
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert said in err
    assert result.returncode == code


@pytest.mark.parametrize("command", ["pydock fix svc >&-", "pydock fix svc > /dev/full", "pydock fix svc <&-"])
def test_what_has_no_results_needs_no_stream_for_them(project: Path, command: str) -> None:
    result = shell(command, project.parent)
    assert result.returncode in {0, 1}
    assert b"fixed" in result.stderr
    assert (project / "Dockerfile").read_text() != SMELLY


def test_a_closed_stream_is_no_file_of_the_run(project: Path) -> None:
    """The first file that is opened gets the number of a closed stream, and would be written into."""
    result = shell("pydock fix svc <&- >&- 2>&-", project.parent)
    assert result.returncode in {0, 1}
    whole = project.parent / "whole"
    whole.mkdir()
    (whole / "Dockerfile").write_text(SMELLY)
    shell("pydock fix whole", project.parent)
    assert {path.name: path.read_bytes() for path in project.iterdir()} == {
        path.name: path.read_bytes() for path in whole.iterdir()
    }


def _fails(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(many, "answer", fail)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a bug"),
        MemoryError(),
        RecursionError("deep"),
        EOFError(),
        OSError(5, "Input/output error"),
        KeyError("x"),
    ],
    ids=repr,
)
def test_what_nobody_foresaw_is_two_and_one_line(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    _fails(monkeypatch, error)
    result = run("check", "svc")
    assert result.code == 2
    assert result.data == b""
    assert "Traceback" not in result.err
    assert result.err.startswith("error: ")
    assert result.err.count("\n") <= 2


def test_the_places_of_a_crash_are_shown_to_who_asks(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYDOCK_TRACEBACK", "1")
    _fails(monkeypatch, RuntimeError("a bug"))
    result = run("check", "svc")
    assert result.code == 2
    assert result.err.count("Traceback") == 1
    assert 'test_faults.py", line' in result.err


def test_the_places_of_a_crash_are_shown_without_what_the_crash_quotes(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "k9zq7hXv2Lm9Kd"
    (project / "Dockerfile").write_text(f"FROM python:3.12.7-slim-bookworm\nENV DB_PASSWORD={secret}\n")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"at ENV DB_PASSWORD={secret}") from KeyError(secret)

    monkeypatch.setenv("PYDOCK_TRACEBACK", "1")
    monkeypatch.setattr(engine, "check", fail)
    result = run("check", "svc")
    assert result.code == 2
    assert "Traceback of RuntimeError" in result.err
    assert "RuntimeError: at ENV DB_PASSWORD=****" in result.err
    assert secret not in result.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_request_to_end_is_answered_with_what_was_written(
    folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    for name in ("a", "b", "c"):
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text(SMELLY)
    real, calls = Tree.write, [0]

    def write(self: Tree, *arguments: object) -> tuple[str, ...]:
        calls[0] += 1
        if calls[0] == 2:
            signal.raise_signal(number)
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Tree, "write", write)
    result = run("fix", ".", *ONLY)
    assert result.code == code
    assert "interrupted; written by then: a/Dockerfile\n" in result.err
    assert [(folder / name / "Dockerfile").read_text() == SMELLY for name in ("a", "b", "c")] == [False, True, True]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    calls[0] = 2
    assert "interrupted" not in run("fix", ".", *ONLY).err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
@pytest.mark.parametrize("command", ["fix . --jobs 2", "migrate . --out ../out --apply"])
def test_several_processes_end_together_and_say_what_they_wrote(
    folder: Path, command: str, number: signal.Signals
) -> None:
    services = folder / "services"
    for at in range(40):
        (services / f"s{at:02}").mkdir(parents=True)
        (services / f"s{at:02}" / "Dockerfile").write_text(SMELLY)
    arguments = [sys.executable, "-m", "pydock", *command.split()]
    with subprocess.Popen(
        arguments, cwd=services, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        first = services / "s00" / "Dockerfile"
        while process.poll() is None and first.read_text() == SMELLY:
            time.sleep(0.001)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    text = err.decode()
    assert "Traceback" not in text
    written = [path.parent.name for path in sorted(services.glob("*/Dockerfile")) if path.read_text() != SMELLY]
    assert process.returncode == 128 + number or len(written) == 40, "unless it was done before it heard of it"
    if process.returncode == 128 + number:
        assert "interrupted; written by then: s" in text
        assert len(set(re.findall(r"s\d\d(?=/Dockerfile)", text))) == min(len(written), 20)
        assert ("more" in text) == (len(written) > 20)
    assert not list(services.rglob(".pydock-*"))


def _full(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    real = os.open

    def full(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if part in str(path) and flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", full)


@pytest.mark.parametrize(
    ("part", "command"),
    [
        pytest.param(".migrate.sqlite3", ("migrate", "svc", "--out", "out"), id="for the store"),
        pytest.param("/out/.pydock-", ("migrate", "svc", "--out", "out"), id="for a report"),
        pytest.param("/patches/.pydock-", ("migrate", "svc", "--out", "out"), id="for a patch"),
        pytest.param("/svc/.pydock-", ("fix", "svc"), id="for a file of the project"),
        pytest.param("/writes/", ("fix", "svc"), id="for a journal"),
        pytest.param(".pydock-", ("check", "svc", "--output", "out.txt"), id="for findings"),
    ],
)
def test_a_full_disk_is_called_so_and_changes_nothing(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, part: str, command: tuple[str, ...]
) -> None:
    _full(monkeypatch, part)
    result = run(*command)
    assert result.code == 2
    assert "No space left on device" in result.err
    assert "Traceback" not in result.err
    assert {path.name: path.read_text() for path in project.iterdir()} == {"Dockerfile": SMELLY}
    assert not list(project.parent.rglob(".pydock-*"))


def test_a_store_for_which_no_space_is_left_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(UnwritableError, match="no space is left"):
        _fill(tmp_path)


def _fill(folder: Path) -> None:
    with store.opened(folder) as kept:
        kept._connection.execute("PRAGMA max_page_count = 1")
        kept.keep("key", Record(State.GOOD, decisions=("x" * 100_000,)))


def test_a_lock_that_nobody_gives_back_ends_a_run(project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydock.migrate.store.database._PATIENCE", 0.1)
    (project.parent / "out").mkdir()
    with store.alone(project.parent / "out"):
        result = run("migrate", "svc", "--out", "out")
    assert result.code == 2
    assert "another run is writing there" in result.err


def test_settling_passes_over_what_another_run_is_writing(project: Path) -> None:
    from pydock.files.journal import Journal, noted

    root = os.path.realpath(project)
    after = SMELLY.replace("flask", "x").encode()
    pending = files.Pending.at("Dockerfile", SMELLY.encode(), after), files.Pending.at("new", None, b"")
    with noted(Journal(root, pending), [root]) as note:
        (project / "Dockerfile").write_bytes(after)
        script = "import sys; from pydock.files import settle; print(list(settle(sys.argv[1:])))"
        done = subprocess.run([sys.executable, "-c", script, root], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"
        note.remove()
    assert not (project / "new").exists()
