"""What is written, and where: all files of a service or none, only over what was read, and nowhere else."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.errors import ChangedError, UnwritableError
from pydock.files import Pending, write
from tests.command_line import ONLY, SMELLY, Runner
from tests.hostile.folders import AFTER, made, pending, snapshot

SERVICE = {
    "Dockerfile": "FROM python:3.12.7-slim-bookworm\nCOPY . /app\nWORKDIR /app\n"
    'RUN pip install -r requirements.txt\nEXPOSE 5000\nCMD ["python", "app.py"]\n',
    "requirements.txt": "flask==3.1.0\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\napp.run(host='0.0.0.0', port=5000)\n",
}


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return made(Path(os.path.realpath(tmp_path)) / "service", {"Dockerfile": "FROM a\n"})


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where journals lie, for this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "pydock" / "writes"


@pytest.fixture
def in_time() -> Iterator[None]:
    """Reading what never comes would hang: then the test fails instead."""

    def late(*_: object) -> None:
        raise AssertionError("it waits for something to read")

    previous = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def _put(place: Path, what: str, stack: ExitStack) -> None:
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    if what == "a named pipe":
        os.mkfifo(place)
    else:
        # The name of a socket has at most 107 bytes.
        here = os.open(place.parent, os.O_RDONLY)
        stack.callback(os.close, here)
        stack.enter_context(socket.socket(socket.AF_UNIX)).bind(f"/proc/self/fd/{here}/{place.name}")


@pytest.mark.parametrize("what", ["a named pipe", "a socket"])
@pytest.mark.parametrize(
    "place",
    [
        "Dockerfile",
        ".dockerignore",
        "Dockerfile.dockerignore",
        "requirements.txt",
        "healthcheck.py",
        "pyproject.toml",
        ".gitignore",
        ".git/index",
        ".git/info/exclude",
    ],
)
def test_what_is_no_file_is_refused_before_anything_is_written(
    folder: Path, run: Runner, in_time: None, place: str, what: str
) -> None:
    project = made(folder / "svc", {**SERVICE, "build/made.py": "", ".gitignore": "build/\n", ".git/HEAD": ""})
    with ExitStack() as stack:
        _put(project / place, what, stack)
        before = snapshot(project)
        result = run("fix", "svc")
        after = snapshot(project)
    assert result.code == 2
    assert what in result.err
    assert Path(place).name in result.err
    assert after == before


@pytest.mark.parametrize("place", ["compose.yml", "pipe.py", "more/data"])
def test_what_is_no_file_and_has_to_be_none_is_passed_over(
    folder: Path, run: Runner, in_time: None, place: str
) -> None:
    project = made(folder / "svc", SERVICE)
    with ExitStack() as stack:
        _put(project / place, "a named pipe", stack)
        assert run("check", "svc").code == 1


@pytest.mark.parametrize("place", ["Dockerfile", "requirements.txt", "pyproject.toml", "compose.yml", ".gitignore"])
def test_what_is_no_file_in_one_service_is_no_matter_of_the_others(
    folder: Path, run: Runner, in_time: None, place: str
) -> None:
    made(folder / "services/good", SERVICE)
    bad = made(folder / "services/bad", SERVICE)
    with ExitStack() as stack:
        _put(bad / place, "a named pipe", stack)
        run("migrate", "services", "--out", "out")
    assert (folder / "out/patches/good.patch").is_file()
    said = (folder / "out/results.jsonl").read_text() + (folder / "out/summary.md").read_text()
    assert "a named pipe" in said


def test_a_file_that_changed_since_it_was_read_is_not_written_over(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Tree.write

    def meanwhile(self: Tree, *arguments: object) -> tuple[str, ...]:
        (project / "Dockerfile").write_text("FROM mine\n")
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Tree, "write", meanwhile)
    result = run("fix", "svc", *ONLY)
    assert result.code == 2
    assert "not what it was when it was read" in result.err
    assert (project / "Dockerfile").read_text() == "FROM mine\n"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "b").write_text("mine"), id="a file that was there has another text"),
        pytest.param(lambda folder: (folder / "b").unlink(), id="a file that was there is gone"),
        pytest.param(lambda folder: (folder / "new").write_text("mine"), id="a file that was not there is there now"),
        pytest.param(lambda folder: (folder / "b").write_text("old, and more"), id="a file has grown"),
    ],
)
def test_all_that_changed_since_it_was_read_is_seen(service: Path, change: object) -> None:
    (service / "b").write_text("old")
    base = Tree(service)
    assert [base.data(path) for path in ("Dockerfile", "b", "new")] == [b"FROM a\n", b"old", None]
    assert callable(change)
    change(service)
    before = snapshot(service)
    changes = {"Dockerfile": "FROM b\n", "b": "ours", "new": "ours"}
    with pytest.raises(ChangedError, match="not what it was"):
        base.over(changes).write(changes, base)
    assert snapshot(service) == before


@pytest.mark.parametrize("before", [b"old", None], ids=["a file that was read there", "a new file"])
def test_a_folder_that_became_a_link_since_it_was_read_is_not_followed(
    service: Path, tmp_path: Path, before: bytes | None
) -> None:
    outside = made(tmp_path / "outside", {"old": "old"})
    (service / "deep").symlink_to(outside)
    name = "deep/old" if before else "deep/new"
    with pytest.raises(UnwritableError, match="leads out"):
        write(str(service), [Pending.at("Dockerfile", b"FROM a\n", b"FROM b\n"), Pending.at(name, before, b"new")])
    assert snapshot(outside) == {"old": b"old"}
    assert (service / "Dockerfile").read_bytes() == b"FROM a\n"


def test_a_request_to_end_waits_until_all_files_are_in_place(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.replace, [0]

    def interrupted(*arguments: str) -> None:
        calls[0] += 1
        signal.raise_signal(signal.SIGINT)
        real(*arguments)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(str(service), pending())
    assert calls[0] == len(AFTER)
    assert snapshot(service) == AFTER


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), RuntimeError("x")], ids=repr)
def test_any_exception_in_the_middle_takes_back_what_was_written(
    service: Path, state: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real, calls = os.replace, [0]

    def failing(*arguments: str) -> None:
        calls[0] += 1
        if calls[0] == len(AFTER):
            raise error
        real(*arguments)

    before = snapshot(service)
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(UnwritableError if isinstance(error, OSError) else type(error)):
        write(str(service), pending())
    assert snapshot(service) == before
    assert not (service / "deep").exists()
    assert not list(state.glob("*"))


def test_other_names_of_a_file_keep_the_old_text_and_that_is_told(project: Path, run: Runner) -> None:
    (project / "other").hardlink_to(project / "Dockerfile")
    result = run("fix", "svc", *ONLY)
    assert "hard links" in result.err
    assert (project / "other").read_text() == SMELLY
    assert (project / "Dockerfile").read_text() != SMELLY


def test_an_owner_stays_or_what_became_of_it_is_told(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root may give a file to somebody else, so what the system is asked for is looked at."""
    asked: list[tuple[int, int]] = []
    real = os.lstat

    def another(path: str, **options: object) -> os.stat_result:
        found = list(real(path))
        if str(path).endswith("Dockerfile"):
            found[stat.ST_UID], found[stat.ST_GID] = 4242, 4343
        return os.stat_result(found)

    def refused(descriptor: int, user: int, group: int) -> None:
        asked.append((user, group))
        if user != -1:
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "lstat", another)
    monkeypatch.setattr(os, "fchown", refused)
    told = write(str(service), pending({"Dockerfile": b"FROM b\n"}))
    assert asked == [(4242, -1), (-1, 4343)]
    assert len(told) == 1
    assert "belonged to user 4242" in told[0]
