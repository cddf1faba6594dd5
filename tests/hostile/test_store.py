"""What a migration keeps: only a store of its own is used, nothing in it is believed, and it lies in no project."""

from __future__ import annotations

import hashlib
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pydock.errors import PydockError, UnreadableError
from pydock.migrate import store as module
from pydock.migrate.records import State
from pydock.migrate.records.record import Change, Record, is_inside
from pydock.migrate.store import opened
from pydock.migrate.store.database import APPLICATION, NAME, SCHEMA
from tests.command_line import SMELLY, Runner

OWN = "CREATE TABLE answers (key TEXT PRIMARY KEY, version TEXT NOT NULL, record TEXT NOT NULL) WITHOUT ROWID"


def _sqlite(path: Path, *statements: str, application: int = APPLICATION, version: int = SCHEMA) -> None:
    connection = sqlite3.connect(path)
    for statement in (*statements, f"PRAGMA application_id = {application}", f"PRAGMA user_version = {version}"):
        connection.execute(statement)
    connection.commit()
    connection.close()


def _kept(path: Path, value: str) -> None:
    """A store of the right form with one answer, an SQL expression, to the question that is asked here."""
    _sqlite(path, "PRAGMA journal_mode = WAL", OWN, f"INSERT INTO answers VALUES ('key', 'x', {value})")


def _real(path: Path) -> bytes:
    with opened(path.parent) as store:
        for number in range(200):
            store.keep(f"key {number}", Record(State.READY, decisions=("x" * 500,)))
        store.keep("key", Record(State.READY))
    return path.read_bytes()


def _truncated(path: Path) -> None:
    data = _real(path)
    path.write_bytes(data[: len(data) // 2])


def _overwritten(path: Path) -> None:
    data = _real(path)
    path.write_bytes(data[:4096] + os.urandom(len(data) - 4096))


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _linked(path: Path) -> None:
    (path.parent / "elsewhere").write_bytes(b"")
    path.symlink_to(path.parent / "elsewhere")


def _hard_linked(path: Path) -> None:
    (path.parent / "elsewhere").write_bytes(b"")
    path.hardlink_to(path.parent / "elsewhere")


def _with_journal(path: Path) -> None:
    _real(path)
    Path(f"{path}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)


def _links_beside(path: Path) -> None:
    _real(path)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
        Path(f"{path}{suffix}").symlink_to(path.parent / "elsewhere")


def _asked(out: Path) -> None:
    with opened(out) as store:
        for key in ("key", "other", "key 0", "key 199"):
            store.record(key)


STORES: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("remember the milk\n" * 100), "not a database"),
    "a truncated store": (_truncated, "malformed|not a database|disk image"),
    "a store with other pages": (_overwritten, "malformed|not a database|disk image|none of pydock's"),
    "a database of another program": (lambda path: _sqlite(path, OWN, application=1), "no store of pydock"),
    "a database of nobody": (lambda path: _sqlite(path, OWN, application=0, version=0), "no store of pydock"),
    "a store with a version below nothing": (lambda path: _sqlite(path, OWN, version=-5), "no store of pydock"),
    "a store of a later pydock": (lambda path: _sqlite(path, OWN, version=SCHEMA + 1), "a later pydock"),
    "a store without its table": (lambda path: _sqlite(path, "CREATE TABLE other (a)"), "its tables"),
    "a store without a column": (
        lambda path: _sqlite(path, "CREATE TABLE answers (key TEXT PRIMARY KEY, version TEXT) WITHOUT ROWID"),
        "its tables",
    ),
    "a store with one table more": (lambda path: _sqlite(path, OWN, "CREATE TABLE intents (a)"), "its tables"),
    "a store with a trigger": (
        lambda path: _sqlite(
            path, OWN, "CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM answers WHERE 1; END"
        ),
        "its tables",
    ),
    "a view in the place of the table": (
        lambda path: _sqlite(
            path,
            "CREATE VIEW answers AS WITH RECURSIVE n(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM n)"
            " SELECT key, key AS version, key AS record FROM n",
        ),
        "its tables",
    ),
    "a number for an answer": (lambda path: _kept(path, "7"), "none of pydock's"),
    "bytes for an answer": (lambda path: _kept(path, "x'ff00'"), "none of pydock's|decode"),
    "an answer that is no JSON": (lambda path: _kept(path, "'{'"), "none of pydock's"),
    "an answer with other types": (lambda path: _kept(path, """'{"state":"ready","changes":7}'"""), "none of pydock's"),
    "an answer without an end": (lambda path: _kept(path, f"'{'[' * 100_000}'"), "none of pydock's"),
    "an answer of a hundred megabytes": (lambda path: _kept(path, "zeroblob(100000000)"), "too big"),
    "a folder": (lambda path: path.mkdir(), "a folder"),
    "a named pipe": (_fifo, "a named pipe"),
    "a symbolic link": (_linked, "a symbolic link"),
    "a file with other names": (_hard_linked, "hard links"),
    "a store with a rollback journal": (_with_journal, "a rollback journal"),
    "a store with links beside it": (_links_beside, "a symbolic link"),
}


@pytest.mark.parametrize("what", STORES)
def test_a_store_that_is_none_of_pydock_s_is_refused_and_stays(tmp_path: Path, what: str) -> None:
    make, why = STORES[what]
    out = tmp_path / "out"
    out.mkdir()
    make(out / NAME)
    before = (out / NAME).read_bytes() if (out / NAME).is_file() else b""
    with pytest.raises(PydockError, match=why) as caught:
        _asked(out)
    assert str(out / NAME) in caught.value.message
    assert caught.value.hint
    assert len(caught.value.message) < 500, "a message is for a person"
    assert ((out / NAME).read_bytes() if (out / NAME).is_file() else b"") == before
    assert not (out / "elsewhere").exists() or (out / "elsewhere").read_bytes() == b""


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="an empty file, which a killed run leaves"),
        pytest.param(
            lambda path: _sqlite(path, "CREATE TABLE answers (key TEXT)", version=SCHEMA - 1),
            id="a store of an earlier pydock",
        ),
    ],
)
def test_what_holds_nothing_that_is_of_use_is_made_anew(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / NAME)
    with opened(tmp_path) as store:
        assert store.record("key") is None
        store.keep("key", Record(State.GOOD))
    with opened(tmp_path) as store:
        assert store.record("key") == Record(State.GOOD)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Another process writes into the store, and does not end."""
    script = (
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield
        other.communicate()


def test_a_store_that_another_process_holds_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _real(tmp_path / NAME)
    monkeypatch.setattr("pydock.migrate.store.database._PATIENCE", 0.1)
    with _locked(tmp_path / NAME), pytest.raises(PydockError, match="locked"), opened(tmp_path) as store:
        store.keep("key", Record(State.GOOD))


def test_a_run_that_does_not_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydock.migrate.store.database._PATIENCE", 0.1)
    with (
        module.alone(tmp_path),
        pytest.raises(PydockError, match="another run is writing there"),
        module.alone(tmp_path),
    ):
        raise AssertionError("two are alone")


def test_a_store_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refused(path: str, flags: int, mode: int = 0o777) -> int:
        if str(path).endswith(NAME):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(PydockError, match="Permission denied"), opened(tmp_path):
        raise AssertionError("it is not opened")


def test_a_store_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _real(tmp_path / NAME)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(UnreadableError, match="another user"), opened(tmp_path):
        raise AssertionError("it is not opened")


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("name", [NAME, f"{NAME}-wal", ".migrate.lock"])
def test_a_store_that_git_tracks_is_refused(tmp_path: Path, name: str, version: str) -> None:
    """In an index of version 4 a name may begin with what the one before it has."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), "-c", f"index.version={version}", *arguments], check=True)

    out = tmp_path / "more" / "out"
    out.mkdir(parents=True)
    git("init", "-q")
    for each in (".migrate.a", name, "z"):
        (out / each).touch()
    git("add", "-f", ".")
    git("update-index", "--index-version", version)
    with pytest.raises(UnreadableError, match="git tracks it"), opened(out):
        raise AssertionError("it is not opened")
    git("rm", "-q", "--cached", f"more/out/{name}")
    with opened(out) as store:
        assert store.record("key") is None


def _index(*entries: bytes) -> bytes:
    """An index of version 4, whose names begin with all that the one before has."""
    head = b"DIRC" + (4).to_bytes(4) + len(entries).to_bytes(4)
    data = head + b"".join(b"\0" * 62 + entry for entry in entries)
    return data + hashlib.sha1(data).digest()


INDEXES = {
    "names that grow": (_index(*[b"\0" + b"x" * 100 + b"\0"] * 20_000), "a name without an end"),
    "a number that grows": (_index(b"\xff" * 1_000_000 + b"\0"), "a number without an end"),
    "fewer names than it says": (_index(b"\0x\0")[:60], "checksum"),
    "no index": (b"remember the milk", "checksum|version"),
}


@pytest.mark.parametrize("what", INDEXES)
def test_an_index_of_git_without_an_end_is_told(what: str, tmp_path: Path) -> None:
    data, why = INDEXES[what]
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/index").write_bytes(data)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NAME).touch()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableError, match=why), opened(tmp_path / "out"):
        raise AssertionError("it is not opened")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    ("path", "is_good"),
    [
        ("Dockerfile", True),
        ("a/b.c/..d/e", True),
        (".github/x", True),
        ("", False),
        ("/etc/passwd", False),
        ("../x", False),
        ("a/../../x", False),
        ("a//b", False),
        ("./a", False),
        ("a/", False),
        (".git/hooks/post-checkout", False),
        ("a/.GIT/config", False),
        ("a\0b", False),
    ],
)
def test_an_answer_names_files_inside_of_its_repository_only(path: str, is_good: bool) -> None:
    assert is_inside(path) is is_good
    text = Record(State.READY, changes=(Change("Dockerfile", None, "x"), Change(path, None, "x"))).written()
    if is_good:
        assert Record.read(text).changes[1].path == path
    else:
        with pytest.raises(ValueError, match="no path inside"):
            Record.read(text)


def _services(folder: Path) -> Path:
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(SMELLY)
    return folder


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_store_in_the_project_makes_plain_migrate_write_nothing(folder: Path, run: Runner) -> None:
    """What earlier versions finished because a store said so."""
    services = _services(folder / "services")
    (services / "migration").mkdir()
    _sqlite(
        services / "migration" / NAME,
        "CREATE TABLE answers (key TEXT PRIMARY KEY, version TEXT NOT NULL, record TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE intents (number INTEGER PRIMARY KEY, repository TEXT NOT NULL, changes TEXT NOT NULL)",
        f"INSERT INTO intents VALUES (1, '{folder}', '[[\"victim\", null, \"owned\"]]')",
        application=0,
        version=2,
    )
    before = _files(folder)
    assert run("migrate", "services").code in {0, 1}
    assert _files(folder) == before
    refused = run("migrate", "services", "--out", "services/migration")
    assert refused.code == 2
    assert "no store of pydock" in refused.err
    assert "victim" not in _files(folder)
