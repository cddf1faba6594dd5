"""One service stops no migration: what cannot be read, examined, written or committed is told, and the others go on."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.files import unsettled
from pydock.migrate.run.examine import examine
from pydock.migrate.store.fingerprint import fingerprint
from tests.command_line import SMELLY, Result, Runner
from tests.hostile.folders import made, snapshot
from tests.hostile.test_isolation import FAILURES, _breaking, _endless

# A service of which two files are written.
SERVICE = {"Dockerfile": f"{SMELLY}COPY . .\nCMD python app.py\n", "app.py": "print('hello')\n"}


@pytest.fixture
def services(folder: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three services, examined in this process."""
    monkeypatch.setattr("pydock.migrate.run.worker_pool.examined", lambda task, limits: examine(task))
    for name in "abc":
        made(folder / "services" / name, SERVICE)
    return folder / "services"


def _applied(run: Runner) -> Result:
    return run("migrate", "services", "--out", "out", "--apply")


def _written(services: Path) -> dict[str, bool]:
    """Whether all files of a service are written; that only some are is an error."""
    found = {}
    for name in "abc":
        has = {
            (services / name / ".dockerignore").exists(),
            (services / name / "Dockerfile").read_text() != SERVICE["Dockerfile"],
        }
        assert len(has) == 1, f"{name} is between two states"
        found[name] = has.pop()
    return found


EXAMINED = {what: made for what, made in FAILURES.items() if "memory" not in what and "end" not in what}


@pytest.mark.parametrize(("failure", "said"), EXAMINED.values(), ids=EXAMINED)
def test_what_cannot_be_examined_is_told_and_the_others_are_written(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], None], said: str
) -> None:
    with monkeypatch.context() as broken:
        _breaking(broken, failure)
        result = _applied(run)
    assert result.code == 2
    assert "error: a: " in result.err
    assert said in result.err
    assert _written(services) == {"a": False, "b": True, "c": True}
    assert run("migrate", "services", "--out", "out", "--apply", "--retry").code == 1
    assert _written(services) == dict.fromkeys("abc", True)


READING = {
    "a file system that fails": OSError(errno.EIO, os.strerror(errno.EIO)),
    "a recursion without end": RecursionError("deep"),
    "memory that the system refuses": MemoryError(),
    "what nobody foresaw": ZeroDivisionError("by zero"),
    "files without an end": None,
}


@pytest.mark.parametrize("error", READING.values(), ids=READING)
def test_what_cannot_be_read_for_its_key_is_told_and_the_others_are_written(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:

    def failing(tree: Tree) -> str:
        if tree.root is not None and tree.root.name == "a":
            if error is None:
                _endless()
            raise error or AssertionError
        return fingerprint(tree)

    monkeypatch.setattr("pydock.migrate.run.migration.fingerprint", failing)
    result = run("migrate", "services", "--out", "out", "--apply", "--limit", "1")
    assert result.code == 2
    assert "error: a: " in result.err
    assert ("takes more than 1 s" in result.err) == (error is None)
    assert _written(services) == {"a": False, "b": True, "c": True}
    monkeypatch.undo()


# Calls of the system at the door of writes, and what they may say.
ERRORS = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT)
DOORS = [*product(("open", "replace"), ERRORS), *product(("fsync",), (errno.ENOSPC, errno.EIO, errno.EDQUOT))]


@pytest.mark.parametrize(
    ("call", "number"), DOORS, ids=lambda each: os.strerror(each) if isinstance(each, int) else each
)
def test_a_write_that_fails_costs_its_own_service_and_no_later_run(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    place, real = str(services / "a") + os.sep, getattr(os, call)

    def failing(target: object, *arguments: object, **options: object) -> object:
        path = os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else str(target)
        if path.startswith(place) and (call != "open" or ".pydock-" in path):
            raise OSError(number, os.strerror(number), path)
        return real(target, *arguments, **options)

    before = snapshot(services / "a")
    with monkeypatch.context() as broken:
        broken.setattr(os, call, failing)
        result = _applied(run)
    assert result.code == 2
    assert f"error: a: not written: {services}/a" in result.err
    assert os.strerror(number) in result.err
    assert snapshot(services / "a") == before
    assert _written(services) == {"a": False, "b": True, "c": True}
    assert unsettled([services]) == ()
    assert _applied(run).code == 1
    assert _written(services) == dict.fromkeys("abc", True)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), KeyError("x")], ids=repr)
def test_an_exception_in_the_middle_of_a_write_costs_its_own_service(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real = os.replace

    def failing(source: str, target: str) -> None:
        if str(target) == str(services / "a/Dockerfile"):
            raise error
        real(source, target)

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", failing)
        result = _applied(run)
    assert result.code == 2
    assert "error: a: not written: " in result.err
    assert _written(services) == {"a": False, "b": True, "c": True}
    assert _applied(run).code == 1
    assert _written(services) == dict.fromkeys("abc", True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_request_to_end_waits_for_the_files_of_one_service(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    real = os.replace

    def interrupted(source: str, target: str) -> None:
        if str(target).startswith(str(services / "b")):
            signal.raise_signal(number)
        real(source, target)

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", interrupted)
        result = _applied(run)
    assert result.code == code
    assert "interrupted; written by then: services/a/.dockerignore" in result.err
    assert _written(services) == {"a": True, "b": True, "c": False}
    assert _applied(run).code == 1
    assert _written(services) == dict.fromkeys("abc", True)


def test_other_names_and_owners_of_files_are_told_by_a_migration_too(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (services / "other").hardlink_to(services / "a/Dockerfile")
    result = _applied(run)
    assert (
        "note: a: a/Dockerfile has a new file of its own: other names of it (hard links) keep the old text"
        in result.err
    )
    assert (services / "other").read_text() == SERVICE["Dockerfile"]


def test_what_cannot_be_committed_is_told_and_other_repositories_are_committed(
    run: Runner, services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydock.migrate import deliver

    committed: list[str] = []

    def commit(repository: Path, name: str, parts: list[object]) -> tuple[str, ...]:
        if repository.name == "a":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        committed.append(repository.name)
        return ("",) * len(parts)

    for name in "abc":
        (services / name / ".git").mkdir()
    monkeypatch.setattr(deliver, "commit", commit)
    monkeypatch.setattr(deliver, "uncommitted", lambda repository, folder: ())
    result = run("migrate", "services", "--out", "out", "--branch", "pydock", "--apply")
    assert "a: not committed: pydock failed on it: OSError: [Errno 28] No space left on device" in result.err
    assert committed == ["b", "c"]
    assert _written(services) == dict.fromkeys("abc", True)
