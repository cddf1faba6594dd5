"""What is written, and where: all files of a service or none, only over what was read, and nowhere else."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from pydock.errors import ChangedError, UnwritableError
from pydock.files import Pending, settle, unsettled, write
from pydock.files.journal import Journal
from pydock.tree import Tree
from pydock.values import encode
from tests.command_line import ONLY, SMELLY, Runner

SERVICE = {
    "Dockerfile": "FROM python:3.12.7-slim-bookworm\nCOPY . /app\nWORKDIR /app\n"
    'RUN pip install -r requirements.txt\nEXPOSE 5000\nCMD ["python", "app.py"]\n',
    "requirements.txt": "flask==3.1.0\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\napp.run(host='0.0.0.0', port=5000)\n",
}
AFTER = {"Dockerfile": b"FROM b\n", "healthcheck.py": b"probe\n", "deep/new.txt": b"new\n"}


def _made(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _pending(after: Mapping[str, bytes] = AFTER) -> list[Pending]:
    return [Pending.at(path, b"FROM a\n" if path == "Dockerfile" else None, data) for path, data in after.items()]


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return _made(Path(os.path.realpath(tmp_path)) / "service", {"Dockerfile": "FROM a\n"})


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


def _killed_at(step: int, service: Path) -> bool:
    """Write in a process that is killed before its so-many-th call of the system; whether it was."""
    child = os.fork()
    if not child:
        calls = [0]

        def counted(name: str) -> None:
            real = getattr(os, name)

            def call(*arguments: object, **options: object) -> object:
                calls[0] += 1
                if calls[0] == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            setattr(os, name, call)

        for name in ("open", "write", "replace", "unlink", "mkdir", "chmod", "close"):
            counted(name)
        write(str(service), _pending())
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_kill_at_any_step_leaves_what_the_next_run_makes_whole(service: Path, state: Path) -> None:
    """Between two states is a folder only until the next run, and no temporary file is left by it."""
    before, after, finished = _snapshot(service), AFTER, 0
    step = 1
    while _killed_at(step, service):
        is_between = _snapshot(service).keys() - before.keys() != set() or _snapshot(service) != before
        is_told = bool(unsettled([service]))
        remarks = list(settle([service]))
        found = _snapshot(service)
        assert found in (before, after), f"killed before step {step}"
        assert is_told <= is_between, "only what is half-written is told"
        assert bool(remarks) == is_told, "what is told to be unsettled is what is finished"
        finished += bool(remarks)
        assert not list(state.glob("*")), "nothing is left to settle"
        for path in found.keys() - before.keys():
            (service / path).unlink()
        (service / "Dockerfile").write_bytes(b"FROM a\n")
        step += 1
    assert step > 20, "there are many steps to be killed at"
    assert finished >= 2, "at least between each two files that are put in place"
    assert _snapshot(service) == after


def _journal(state: Path, journal: Journal | bytes) -> None:
    state.mkdir(parents=True, mode=0o700, exist_ok=True)
    for folder in (state, state.parent):
        folder.chmod(0o700)
    (state / "left.json").write_bytes(journal if isinstance(journal, bytes) else encode(journal))


@pytest.mark.parametrize(
    ("there", "then"),
    [
        pytest.param({"Dockerfile": b"FROM a\n"}, {"Dockerfile": b"FROM a\n"}, id="what had not begun is not begun"),
        pytest.param({"Dockerfile": b"FROM b\n"}, AFTER, id="what had begun is finished"),
        pytest.param(AFTER, AFTER, id="what was done stays"),
        pytest.param(
            {"Dockerfile": b"FROM b\n", "healthcheck.py": b"mine\n"},
            {"Dockerfile": b"FROM b\n", "healthcheck.py": b"mine\n"},
            id="what a person wrote since is left alone",
        ),
        pytest.param({}, {}, id="what is gone stays gone"),
    ],
)
def test_a_journal_is_settled_by_what_is_there(
    service: Path, state: Path, there: dict[str, bytes], then: dict[str, bytes]
) -> None:
    (service / "Dockerfile").unlink()
    for path, data in there.items():
        (service / path).parent.mkdir(exist_ok=True)
        (service / path).write_bytes(data)
    pending = _pending()
    (service / pending[0].staged).write_text("half")
    _journal(state, Journal(str(service), tuple(pending)))
    list(settle([service]))
    assert _snapshot(service) == then
    assert not list(state.glob("*"))


def _hostile(service: Path, what: str) -> tuple[Journal | bytes, Path]:
    """A journal that nobody should believe, and the file that it is after."""
    outside = service.parent / "outside"
    outside.mkdir()
    (outside / "first").write_bytes(b"FROM b\n")

    def asked(root: Path, *paths: str) -> Journal:
        files = [Pending(path, b"", b"FROM b\n", ".pydock-x") for path in paths[:1]]
        files += [Pending(path, None, b"owned", ".pydock-y") for path in paths[1:]]
        return Journal(str(root), tuple(files))

    (service / "first").write_bytes(b"FROM b\n")
    (service / "out").symlink_to(outside)
    journals: dict[str, Journal | bytes] = {
        "a folder that the run is not about": asked(outside, "first", "victim"),
        "a parent folder": asked(service, "first", "../outside/victim"),
        "an absolute path": asked(service, "first", str(outside / "victim")),
        "a link that leads out": asked(service, "first", "out/victim"),
        "a root with a link in it": asked(service / "out", "first", "victim"),
        "a temporary file elsewhere": Journal(
            str(service), (Pending("first", b"", b"FROM b\n", "../outside/first"), Pending("v", None, b"", "x"))
        ),
        "other types": b'{"root": 1, "files": "all"}',
        "no JSON": b"\xff\xfe\x00",
        "half of one": encode(asked(service, "first", "victim"))[:-9],
        "very deep": b"[" * 100_000,
    }
    return journals[what], outside


@pytest.mark.parametrize(
    "what",
    [
        "a folder that the run is not about",
        "a parent folder",
        "an absolute path",
        "a link that leads out",
        "a root with a link in it",
        "a temporary file elsewhere",
        "other types",
        "no JSON",
        "half of one",
        "very deep",
    ],
)
def test_no_journal_makes_a_run_write_elsewhere(service: Path, state: Path, what: str) -> None:
    journal, outside = _hostile(service, what)
    _journal(state, journal)
    before = _snapshot(service)
    assert list(settle([service])) == []
    assert _snapshot(outside) == {"first": b"FROM b\n"}
    assert _snapshot(service) == before


def test_a_journal_in_a_project_is_not_looked_at(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the user's own folder lies in the project, which containers like to have so, another place is taken."""
    monkeypatch.setenv("XDG_STATE_HOME", str(service / "state"))
    monkeypatch.setenv("HOME", str(service))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (service / "healthcheck.py").write_bytes(b"probe\n")
    _journal(service / "state" / "pydock" / "writes", Journal(str(service), tuple(_pending())))
    before = _snapshot(service)
    assert list(settle([service])) == []
    assert _snapshot(service) == before
    Tree(service, {"new": "x"}).write(["new"])
    assert _snapshot(service).keys() - before.keys() == {"new"}


@pytest.mark.parametrize("form", ["a link to it", "open to others", "a file"])
def test_a_folder_for_journals_that_others_can_reach_is_not_used(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    state = tmp_path / "state"
    state.mkdir()
    if form == "a link to it":
        (state / "pydock").symlink_to(theirs)
    elif form == "a file":
        (state / "pydock").write_text("")
    else:
        (state / "pydock").mkdir()
        (state / "pydock").chmod(0o777)
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    Tree(service, {"Dockerfile": "FROM b\n"}).write(["Dockerfile"])
    assert (service / "Dockerfile").read_text() == "FROM b\n"
    assert list(theirs.iterdir()) == []
    if (state / "pydock").is_dir() and not (state / "pydock").is_symlink():
        assert stat.S_IMODE((state / "pydock").stat().st_mode) == 0o700


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
    project = _made(folder / "svc", {**SERVICE, "build/made.py": "", ".gitignore": "build/\n", ".git/HEAD": ""})
    with ExitStack() as stack:
        _put(project / place, what, stack)
        before = _snapshot(project)
        result = run("fix", "svc")
        after = _snapshot(project)
    assert result.code == 2
    assert what in result.err
    assert Path(place).name in result.err
    assert after == before


@pytest.mark.parametrize("place", ["compose.yml", "pipe.py", "more/data"])
def test_what_is_no_file_and_has_to_be_none_is_passed_over(
    folder: Path, run: Runner, in_time: None, place: str
) -> None:
    project = _made(folder / "svc", SERVICE)
    with ExitStack() as stack:
        _put(project / place, "a named pipe", stack)
        assert run("check", "svc").code == 1


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
    before = _snapshot(service)
    changes = {"Dockerfile": "FROM b\n", "b": "ours", "new": "ours"}
    with pytest.raises(ChangedError, match="not what it was"):
        base.over(changes).write(changes, base)
    assert _snapshot(service) == before


def test_a_request_to_end_waits_until_all_files_are_in_place(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.replace, [0]

    def interrupted(*arguments: str) -> None:
        calls[0] += 1
        signal.raise_signal(signal.SIGINT)
        real(*arguments)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(str(service), _pending())
    assert calls[0] == len(AFTER)
    assert _snapshot(service) == AFTER


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

    before = _snapshot(service)
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(UnwritableError if isinstance(error, OSError) else type(error)):
        write(str(service), _pending())
    assert _snapshot(service) == before
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
    told = write(str(service), _pending({"Dockerfile": b"FROM b\n"}))
    assert asked == [(4242, -1), (-1, 4343)]
    assert len(told) == 1
    assert "belonged to user 4242" in told[0]
