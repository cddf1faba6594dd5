"""A database that is made during the build is compared by what it says, not by when it was made."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pydock.bench import Outcome, Verdict
from pydock.bench.compare.contents import compare_files
from pydock.bench.facts.image import Config, Declared, File, Image
from pydock.bench.facts.inside import program

FIRST, SECOND = 1_790_000_000.0, 1_790_003_600.0
TABLE = "CREATE TABLE applied (id INTEGER PRIMARY KEY, name TEXT, at)"
Rows = Sequence[tuple[object, ...]]


def _database(path: Path, rows: Rows, made: float, schema: str = TABLE) -> None:
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(schema)
    connection.executemany(f"INSERT INTO applied VALUES ({', '.join('?' * len(rows[0]))})", rows)
    connection.commit()
    connection.close()
    os.utime(path, (made, made))


def _image(path: Path) -> Image:
    question = json.dumps({"paths": [str(path)], "under": []})
    told = subprocess.run(
        [sys.executable, "-c", program("files"), question], capture_output=True, text=True, check=True
    ).stdout
    return Image(Config(), files={"/app/db.sqlite3": File(*json.loads(told)["contents"][str(path)])})


def _compared(tmp_path: Path, before: Rows, after: Rows, **schema: str) -> Outcome:
    _database(tmp_path / "before" / "db.sqlite3", before, FIRST)
    _database(tmp_path / "after" / "db.sqlite3", after, SECOND, **schema)
    images = (_image(tmp_path / side / "db.sqlite3") for side in ("before", "after"))
    return compare_files(next(images), next(images), Declared())


MOMENTS: dict[str, tuple[object, object]] = {
    "a time in text": ("2026-09-21 14:13:20.5", "2026-09-21 15:13:20.25"),
    "a day in text": ("2026-09-21", "2026-09-22"),
    "a time inside of JSON": ('{"at": "2026-09-21T14:13:20Z"}', '{"at": "2026-09-21T15:13:21Z"}'),
    "seconds": (FIRST, SECOND),
    "milliseconds": (int(FIRST * 1000), int(SECOND * 1000)),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_the_moment_of_a_build_is_no_difference(tmp_path: Path, name: str) -> None:
    before, after = MOMENTS[name]
    found = _compared(tmp_path, [(1, "0001_initial", before)], [(1, "0001_initial", after)])
    assert found.verdict is Verdict.SAME
    assert found.notes == ("the same tables and rows, but for the moments of the build: /app/db.sqlite3",)


def test_the_order_of_the_pages_is_no_difference(tmp_path: Path) -> None:
    found = _compared(tmp_path, [(1, "a", ""), (2, "b", "")], [(2, "b", ""), (1, "a", "")])
    assert found.verdict is Verdict.SAME


DAMAGES: dict[str, Rows] = {
    "a row that is lost": [(1, "a", "2026-09-21 14:13:20")],
    "a value that is another": [(1, "a", "2026-09-21 14:13:20"), (2, "c", "1999-12-31 23:59:59")],
    "a time that is not the build's": [(1, "a", "2026-09-21 14:13:20"), (2, "b", "2001-01-01 00:00:00")],
    "a time that is gone": [(1, "a", None), (2, "b", "1999-12-31 23:59:59")],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_the_rows_say_is_a_difference_of_the_table(tmp_path: Path, name: str) -> None:
    before = [(1, "a", "2026-09-21 15:13:20"), (2, "b", "1999-12-31 23:59:59")]
    found = _compared(tmp_path, before, DAMAGES[name])
    assert found.verdict is Verdict.DIFFERENT
    assert found.differences[0].before.startswith("table applied, 2 rows")


def test_another_schema_is_a_difference(tmp_path: Path) -> None:
    found = _compared(tmp_path, [(1, "a", "")], [(1, "a", "")], schema=TABLE.replace(", at)", ", at DATETIME)"))
    assert found.verdict is Verdict.DIFFERENT
    assert found.differences[0].after.startswith("table schema")


def test_a_file_that_only_begins_like_a_database_is_compared_as_it_is(tmp_path: Path) -> None:
    for side in ("before", "after"):
        (tmp_path / side).write_bytes(b"SQLite format 3\0" + side.encode())
    found = compare_files(_image(tmp_path / "before"), _image(tmp_path / "after"), Declared())
    assert found.verdict is Verdict.DIFFERENT
    assert "sha256" in found.differences[0].before


def test_a_database_with_an_open_log_is_compared_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    _database(path, [(1, "a", "")], FIRST)
    path.with_name("db.sqlite3-wal").write_bytes(b"x")
    assert not _image(path).files["/app/db.sqlite3"].is_database
