"""What a migration keeps: whole after any kill, finished by the next run, never somebody else's file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pydock.errors import ChangedError
from pydock.migrate.deliver import apply
from pydock.migrate.records import State
from pydock.migrate.records.record import Change, Record
from pydock.migrate.store import Store, opened


def _made(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


CHANGES = (Change("Dockerfile", "old\n", "new\n"), Change("healthcheck.py", None, "probe\n"))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with opened(tmp_path / "out") as found:
        yield found


def test_what_a_person_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    folder = _made(tmp_path / "service", {"Dockerfile": "mine\n"})
    with pytest.raises(ChangedError, match="not what it was"):
        apply(str(folder), CHANGES)
    assert [path.name for path in folder.iterdir()] == ["Dockerfile"]
    assert (folder / "Dockerfile").read_text() == "mine\n"


def test_a_record_comes_back_from_the_store_as_it_was(tmp_path: Path, store: Store) -> None:
    record = Record(State.READY, decisions=("a",), changes=(Change("D", None, "caf\udce9"),), fingerprint="x")
    store.keep("key", record)
    assert store.record("key") == record
    assert store.record("other") is None


def test_an_interrupted_store_is_whole(tmp_path: Path) -> None:
    """Killed in the middle of a transaction, the file holds what was committed before."""
    with opened(tmp_path / "out") as store:
        store.keep("one", Record(State.READY))
    script = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN'); c.execute('DELETE FROM answers'); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "out" / ".migrate.sqlite3")], check=False)
    with opened(tmp_path / "out") as store:
        assert store.record("one") is not None
    with sqlite3.connect(tmp_path / "out" / ".migrate.sqlite3") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
