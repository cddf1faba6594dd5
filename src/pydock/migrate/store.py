"""What is known from earlier runs: one SQLite file, safe to be killed at any moment and to be used by two runs at once.

In its journal mode WAL readers and a writer do not wait for each other, and a transaction that
was not finished is not there (https://www.sqlite.org/wal.html, read 2026-11).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydock import __version__
from pydock.errors import UnreadableError
from pydock.migrate.record import Change, Record
from pydock.values import convert

NAME = ".migrate.sqlite3"
_LOCK = ".migrate.lock"
SCHEMA = 2
_CHANGE = ("path", "before", "after")
_PATIENCE = 120.0
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, version TEXT NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intents (number INTEGER PRIMARY KEY, repository TEXT NOT NULL, changes TEXT NOT NULL);
"""


class Store:
    """Records by key, and what was about to be written into repositories."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def record(self, key: str) -> Record | None:
        row = self._connection.execute("SELECT record FROM answers WHERE key = ?", (key,)).fetchone()
        try:
            return Record.read(row[0]) if row else None
        except UnreadableError:
            # What is damaged is examined again.
            return None

    def keep(self, key: str, record: Record) -> None:
        row = (key, __version__, record.written())
        self._connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", row)

    def forget(self, key: str) -> None:
        self._connection.execute("DELETE FROM answers WHERE key = ?", (key,))

    def forget_other_versions(self) -> None:
        self._connection.execute("DELETE FROM answers WHERE version <> ?", (__version__,))

    def intend(self, repository: str, changes: tuple[Change, ...]) -> int:
        """Note what is about to be written, so that a run that is killed can be finished by the next."""
        text = json.dumps([(change.path, change.before, change.after) for change in changes])
        cursor = self._connection.execute("INSERT INTO intents (repository, changes) VALUES (?, ?)", (repository, text))
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def intents(self) -> tuple[tuple[int, str, tuple[Change, ...]], ...]:
        rows = self._connection.execute("SELECT number, repository, changes FROM intents ORDER BY number")
        return tuple((number, repository, changes_of(text)) for number, repository, text in rows)

    def settle(self, number: int) -> None:
        self._connection.execute("DELETE FROM intents WHERE number = ?", (number,))


def changes_of(text: str) -> tuple[Change, ...]:
    """The changes that `intend` wrote; none where that is damaged, so that it stops no later run."""
    try:
        found = json.loads(text)
        return tuple(convert(dict(zip(_CHANGE, each, strict=True)), Change) for each in found)
    except (ValueError, TypeError, RecursionError):
        return ()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else writes results or into repositories meanwhile; others wait, and whoever is killed lets go."""
    connection = sqlite3.connect(folder / _LOCK, timeout=_PATIENCE, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    except sqlite3.OperationalError as error:
        raise UnreadableError(f"{folder}: another run is writing there, and does not end") from error
    finally:
        connection.close()


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The store of an output folder, which is made where it is not there.

    Raises UnreadableError when the folder cannot be written to or holds a file that is no store.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Texts of services are in it, and some services have secrets in their texts.
        os.close(os.open(folder / NAME, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise UnreadableError(
            f"{error.filename or folder}: {error.strerror}", "--out names a folder to write to"
        ) from error
    connection = sqlite3.connect(folder / NAME, timeout=_PATIENCE, isolation_level=None)
    try:
        with alone(folder):
            _prepare(connection)
        yield Store(connection)
    except sqlite3.DatabaseError as error:
        raise UnreadableError(f"{folder / NAME}: {error}", "remove it to start anew; nothing else is lost") from error
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] not in {0, SCHEMA}:
        connection.executescript("DROP TABLE IF EXISTS answers; DROP TABLE IF EXISTS intents;")
    connection.executescript(_TABLES)
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
