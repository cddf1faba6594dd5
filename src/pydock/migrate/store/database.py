"""What is known from earlier runs: one SQLite file, safe to be killed at any moment and to be used by two runs at once.

In its journal mode WAL readers and a writer do not wait for each other, and a transaction that
was not finished is not there (https://www.sqlite.org/wal.html, read 2026-11).

It holds answers and nothing that would ever be done by itself. Nothing of it is trusted: whose it is,
what it is and how it is built are looked at first (`_refuse_foreign`, `_prepare`), each answer when it
is read (`Record.read`). https://www.sqlite.org/security.html, read 2026-11.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydock import __version__
from pydock.errors import UnreadableError, UnwritableError
from pydock.files import kind, lock
from pydock.migrate.records.record import Record
from pydock.migrate.store.gitindex import is_tracked

NAME = ".migrate.sqlite3"
_LOCK = ".migrate.lock"
_BESIDE = ("", "-wal", "-shm", "-journal")
SCHEMA = 3
# "pydk", where `file` and SQLite look for it: https://www.sqlite.org/pragma.html#pragma_application_id
APPLICATION = 0x7079646B
_PATIENCE = 120.0
# No answer is larger, and none is read that is.
_LARGEST = 64 * 2**20
_TABLE = "CREATE TABLE answers (key TEXT PRIMARY KEY, version TEXT NOT NULL, record TEXT NOT NULL) WITHOUT ROWID"
_ANEW = "remove it to start anew: it holds what earlier runs found, and nothing else is lost"


class Store:
    """Records by key."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def record(self, key: str) -> Record | None:
        """Raises UnreadableError for what no run has written there."""
        row = self._connection.execute("SELECT record FROM answers WHERE key = ?", (key,)).fetchone()
        try:
            return Record.read(row[0]) if row else None
        except ValueError as error:
            raise UnreadableError(f"{self._path}: an answer in it is none of pydock's: {error}", _ANEW) from error

    def keep(self, key: str, record: Record) -> None:
        row = (key, __version__, record.written())
        self._connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", row)

    def forget(self, key: str) -> None:
        self._connection.execute("DELETE FROM answers WHERE key = ?", (key,))

    def forget_other_versions(self) -> None:
        self._connection.execute("DELETE FROM answers WHERE version <> ?", (__version__,))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else writes results or into repositories meanwhile; others wait, and whoever is killed lets go."""
    path = folder / _LOCK
    descriptor = _make(path)
    try:
        _wait(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path) -> None:
    try:
        is_locked = lock(descriptor, seconds=_PATIENCE)
    except OSError as error:
        raise UnwritableError(f"{path}: {error.strerror}", "name another folder with --out") from error
    if not is_locked:
        why = f"{path.parent}: another run is writing there, and does not end"
        raise UnwritableError(why, "wait for it, or end it")


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The store of an output folder, which is made where it is not there.

    Raises UnwritableError when the folder cannot be written to, UnreadableError when it holds a file in the place of
    the store that is none, or that somebody else may have put there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableError(
            f"{error.filename or folder}: {error.strerror}", "--out names a folder to write to"
        ) from error
    path = folder / NAME
    os.close(_make(path))
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
        with alone(folder):
            _prepare(connection, path)
        yield Store(connection, path)
    except sqlite3.Error as error:
        if _is_full(error):
            raise UnwritableError(f"{path}: no space is left there", "what was kept before is still there") from error
        raise UnreadableError(f"{path}: {error}", _ANEW) from error
    finally:
        connection.close()


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _make(path: Path) -> int:
    """Opens a file of one's own that others cannot read: texts of services are in it, and some have secrets in them."""
    try:
        for each in (Path(f"{path}{suffix}") for suffix in _BESIDE):
            if os.path.lexists(each):
                _refuse_foreign(each, path)
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise UnwritableError(f"{path}: {error.strerror}", "--out names a folder to write to") from error


def _refuse_foreign(each: Path, path: Path) -> None:
    """Raise for what may have come with a repository, or from somebody else."""
    status = each.lstat()
    why = ""
    if not stat.S_ISREG(status.st_mode):
        why = f"{kind(status.st_mode)}, no store of pydock"
    elif hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        why = "it belongs to another user"
    elif status.st_nlink > 1:
        why = "it has other names (hard links)"
    elif is_tracked(each):
        why = "git tracks it, so it came with the repository"
    elif each != path and each.name.endswith("-journal") and path.stat().st_size:
        # SQLite would remove files that such a journal names. With WAL, which is never off here, there is none; beside
        # an empty store one is left by a run that was killed at once, and is not read.
        why = "a rollback journal, which pydock's stores have not"
    if why:
        raise UnreadableError(f"{each}: {why}", f"{_ANEW}; or name another folder with --out")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what no pydock has made, or a later one; make it anew where it is empty or of an earlier one."""
    # Nothing of the file itself is run, whatever its schema says.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    application, version, schema = _format(connection)
    if (application, version) != (0, 0) or schema:
        if application != APPLICATION or version < 0:
            raise UnreadableError(f"{path}: no store of pydock", _ANEW)
        if version > SCHEMA:
            raise UnreadableError(f"{path}: a later pydock has made it", "use that one, or another folder for --out")
        if version == SCHEMA and schema != [("table", "answers", _TABLE)]:
            raise UnreadableError(f"{path}: its tables are not those of pydock", _ANEW)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Texts may hold secrets: nothing of one that is replaced stays in the file.
    connection.execute("PRAGMA secure_delete = ON")
    if version != SCHEMA:
        _make_anew(connection)


def _make_anew(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for form, name in connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view')"
    ).fetchall():
        quoted = name.replace('"', '""')
        connection.execute(f'DROP {form} IF EXISTS "{quoted}"')
    connection.execute(_TABLE)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.execute("COMMIT")


def _format(connection: sqlite3.Connection) -> tuple[int, int, Sequence[tuple[str, str, str]]]:
    """What the file says it is: whose, in which version, and with which tables and else."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version, connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
