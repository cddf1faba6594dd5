"""Journals: what a killed run had begun is finished by the next one, and no journal makes it do more."""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.errors import UnwritableError
from pydock.files import Pending, settle, unsettled, write
from pydock.files.journal import Journal
from pydock.values import encode
from tests.hostile.folders import AFTER, made, pending, snapshot


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return made(Path(os.path.realpath(tmp_path)) / "service", {"Dockerfile": "FROM a\n"})


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where journals lie, for this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "pydock" / "writes"


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

        for name in ("open", "write", "replace", "unlink", "mkdir", "chmod", "close", "fsync"):
            counted(name)
        write(str(service), pending())
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_kill_at_any_step_leaves_what_the_next_run_makes_whole(service: Path, state: Path) -> None:
    """Between two states is a folder only until the next run, and no temporary file is left by it."""
    before, after, finished = snapshot(service), AFTER, 0
    step = 1
    while _killed_at(step, service):
        is_between = snapshot(service).keys() - before.keys() != set() or snapshot(service) != before
        is_told = bool(unsettled([service]))
        remarks = list(settle([service]))
        found = snapshot(service)
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
    assert snapshot(service) == after


def _calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is asked of the system from now on, with the file or folder that it is about."""
    seen: list[tuple[str, str]] = []

    def noted(name: str, place: Callable[..., str]) -> None:
        real = getattr(os, name)

        def call(*arguments: object, **options: object) -> object:
            seen.append((name, place(*arguments)))
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    noted("fsync", lambda descriptor: os.readlink(f"/proc/self/fd/{descriptor}"))
    noted("replace", lambda _, target: str(target))
    noted("unlink", str)
    return seen


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc to tell which file is meant")
def test_each_step_is_on_the_disk_before_the_next_one(
    service: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal and its folder, the new files, their folders, and only then is the journal gone."""
    files = pending()
    seen = _calls(monkeypatch)
    write(str(service), files)
    staged = [("fsync", str(service / Path(each.path).parent / each.staged)) for each in files]
    places = [("replace", str(service / each.path)) for each in files]
    (journal,) = [path for name, path in seen if name == "unlink" and path.startswith(str(state))]
    folders = [("fsync", str(service)), ("fsync", str(service / "deep"))]
    begin = seen.index(("fsync", journal))
    assert [each for each in seen[begin:] if each[0] != "unlink" or each[1] == journal] == [
        ("fsync", journal),
        ("fsync", str(state)),
        *staged,
        *places,
        *folders,
        ("unlink", journal),
    ]
    assert ("fsync", str(state.parent)) in seen[:begin], "the folder of journals is new here"


@pytest.mark.parametrize("what", ["the journal", "a new file", "a folder"])
def test_what_the_disk_does_not_take_is_an_error_and_nothing_is_written(
    service: Path, state: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    state.mkdir(parents=True, mode=0o700)
    real, calls = os.fsync, [0]
    at = {"the journal": 1, "a new file": 3, "a folder": 3 + len(AFTER)}[what]

    def failing(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] == at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    state.parent.chmod(0o700)
    monkeypatch.setattr(os, "fsync", failing)
    before = snapshot(service)
    with pytest.raises(UnwritableError, match="Input/output error"):
        write(str(service), pending())
    assert snapshot(service) == before
    assert not list(state.glob("*"))


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
    files = pending()
    (service / files[0].staged).write_text("half")
    _journal(state, Journal(str(service), tuple(files)))
    list(settle([service]))
    assert snapshot(service) == then
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
    before = snapshot(service)
    assert list(settle([service])) == []
    assert snapshot(outside) == {"first": b"FROM b\n"}
    assert snapshot(service) == before


def test_a_journal_in_a_project_is_not_looked_at(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the user's own folder lies in the project, which containers like to have so, another place is taken."""
    monkeypatch.setenv("XDG_STATE_HOME", str(service / "state"))
    monkeypatch.setenv("HOME", str(service))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (service / "healthcheck.py").write_bytes(b"probe\n")
    _journal(service / "state" / "pydock" / "writes", Journal(str(service), tuple(pending())))
    before = snapshot(service)
    assert list(settle([service])) == []
    assert snapshot(service) == before
    Tree(service, {"new": "x"}).write(["new"])
    assert snapshot(service).keys() - before.keys() == {"new"}


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
