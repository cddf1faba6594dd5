"""The tables: each is listed, dated and sourced, and `pydock data` prints what is in them."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

import pydock.data
from pydock.cli import main
from pydock.data import TABLES, rows, summary
from pydock.report.pages.data import document, overview, table

EACH = pytest.mark.parametrize("name", TABLES)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
# What is no reading of a source on a day says so.
UNDATED = re.compile(r"knowledge|builtin|: /usr/local|unknown|; Recommends$|^Debian bookworm; |copy of \d{4}-\d\d")


def test_every_file_of_the_folder_is_a_listed_table() -> None:
    folder = Path(pydock.data.__file__).parent
    assert {path.stem for path in folder.glob("*.csv")} == set(TABLES)


@EACH
def test_every_row_names_its_source(name: str) -> None:
    assert [row for row in rows(name) if not row["source"].strip()] == []


@EACH
def test_every_source_has_a_day_or_says_that_it_is_none(name: str) -> None:
    assert [source for source in summary(name).sources if not DATE.search(source) and not UNDATED.search(source)] == []


@EACH
def test_no_row_is_there_twice(name: str) -> None:
    seen = [tuple(value for key, value in row.items() if key != "source") for row in rows(name)]
    assert len(seen) == len(set(seen))


def test_the_overview_tells_on_which_day_support_ends_or_ended() -> None:
    text = overview(TABLES, date(2026, 11, 1))
    assert re.search(r"^3\.9 .*ended 2025-10-31$", text, re.M)
    assert re.search(r"^3\.12 .*until 2028-10-31$", text, re.M)
    assert re.search(r"^12 +bookworm .*ended 2026-07-11 +until 2028-06-30$", text, re.M)


def test_a_release_of_the_future_is_planned() -> None:
    assert re.search(r"^3\.15 .*planned, until 2031-10-31$", overview(TABLES, date(2026, 9, 1)), re.M)


def test_a_table_is_printed_whole_with_the_source_of_every_row() -> None:
    text = table("debian_releases")
    assert all(row["codename"] in text and row["source"] in text for row in rows("debian_releases"))


def test_json_holds_every_row_of_every_table() -> None:
    found = json.loads(document(TABLES))
    assert found["schema"] == 1
    assert {each["name"]: len(each["rows"]) for each in found["tables"]} == {name: len(rows(name)) for name in TABLES}
    assert all(set(row) == set(each["columns"]) for each in found["tables"] for row in each["rows"])


def test_the_command_takes_names_with_dashes_and_exits_with_0(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", "debian-releases", "--output-format", "json"])
    assert caught.value.code in {0, None}
    assert [each["name"] for each in json.loads(capfdbinary.readouterr().out)["tables"]] == ["debian_releases"]


def test_a_table_that_does_not_exist_is_named_with_those_that_do(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", "pythons"])
    out, err = capfdbinary.readouterr()
    assert (caught.value.code, out) == (2, b"")
    assert b"no table is called 'pythons'" in err
    assert b"python_releases" in err
