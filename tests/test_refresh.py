"""Tables made again from their sources: recorded answers in, rows out, and nothing half or wrong is believed."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from pydock.cli import main
from pydock.data import built_lines, rows
from pydock.data.newer_tables import KEYS, newer, problem
from pydock.refresh import run, tables
from tests.registries import LyingRegistry, lying_registry

# As the sources write, with less in it.
PYTHON = """\
---
title: Python
releases:
  - releaseCycle: "3.15"
    releaseDate: 2026-10-01
    eoas: 2028-10-01
    eol: 2031-10-31
    latest: "3.15.2"
    latestReleaseDate: 2026-11-20
  - releaseCycle: "3.14"
    releaseDate: 2025-10-07
    eol: 2030-10-31
    latest: "3.14.11"
  - releaseCycle: "3.13"
    releaseDate: 2024-10-07
    eol: 2029-10-31
    latest: "3.13.1"
  - releaseCycle: "2.6"
    releaseDate: 2008-10-01
    eol: 2013-10-29
    latest: "2.6.9"
---
> Python is a language.
"""
DEBIAN = """\
---
title: Debian
releases:
  - releaseCycle: "14"
    codename: "Forky"
    releaseDate: 2027-07-10
    eol: 2030-07-10
    eoes: 2032-06-30
  - releaseCycle: "13"
    codename: "Trixie"
    releaseDate: 2025-08-09
    eol: 2028-08-10
    eoes: 2030-06-30
  - releaseCycle: "6"
    codename: "Squeeze"
    releaseDate: 2011-02-06
    eol: 2014-05-31
    eoes: 2016-02-29
---
"""
LISTED = """\
Maintainers: Somebody

Tags: 3.16.0a2-trixie, 3.16-rc-trixie
Tags: 3.15.2-trixie, 3.15-trixie, 3-trixie, trixie
SharedTags: 3.15.2, 3.15, 3, latest
Tags: 3.15.2-slim-trixie, 3.15-slim-trixie, 3-slim-trixie, slim-trixie, 3.15.2-slim, 3.15-slim, 3-slim, slim
Tags: 3.15.2-bookworm, 3.15-bookworm, 3-bookworm, bookworm
Tags: 3.15.2-slim-bookworm, 3.15-slim-bookworm, 3-slim-bookworm, slim-bookworm
"""
TAGS = [
    f"{patch}{slim}-{suite}"
    for patch in ("3.15.0", "3.15.2", "3.14.8", "3.14.10")
    for slim in ("", "-slim")
    for suite in ("trixie", "bookworm")
] + ["latest", "3.15-rc", "3.16.0a2-trixie", "3.15.2-alpine3.24", "3.15.2-windowsservercore", "3.15.2-forky"]
SOURCE = "somewhere, 2026-12-01"
SUITES = [row["codename"] for row in rows("debian_releases")]


def _row(found: list[dict[str, str]], **wanted: str) -> dict[str, str]:
    return next(row for row in found if wanted.items() <= row.items())


def test_releases_of_python_are_those_of_their_source_and_none_is_lost() -> None:
    found = tables.python_releases(PYTHON, rows("python_releases"), SOURCE)
    assert _row(found, minor="3.14")["latest"] == "3.14.11"
    assert _row(found, minor="3.14")["source"] == SOURCE
    # A source that is older than what is known takes nothing back.
    assert _row(found, minor="3.13")["latest"] == _row([*rows("python_releases")], minor="3.13")["latest"]
    assert [row["minor"] for row in found] == [row["minor"] for row in rows("python_releases")]


def test_releases_of_debian_are_those_of_their_source() -> None:
    found = tables.debian_releases(DEBIAN, rows("debian_releases"), SOURCE)
    assert [row["codename"] for row in found] == [*SUITES, "forky"]
    assert _row(found, codename="forky")["end_of_lts"] == "2032-06-30"
    assert _row(found, codename="trixie")["end_of_life"] == "2028-08-10"


def test_tags_of_images_are_those_of_the_registry_and_what_they_mean_is_what_is_listed() -> None:
    found = tables.python_images(LISTED, TAGS, SUITES, rows("python_images"), SOURCE)
    new = {row["suite"]: row for row in found if row["minor"] == "3.15"}
    assert {suite: (row["patch"], row["slim"], row["floating"]) for suite, row in new.items()} == {
        "bookworm": ("3.15.2", "yes", "no"),
        "trixie": ("3.15.2", "yes", "yes"),
    }
    assert _row(found, minor="3.14", suite="trixie")["patch"] == "3.14.10"
    # What is not listed any more means what it meant.
    assert _row(found, minor="3.9", suite="trixie")["floating"] == "yes"
    patches = tables.python_image_patches(TAGS, SUITES, rows("python_image_patches"), SOURCE)
    assert _row(patches, minor="3.14", suite="trixie")["patches"].endswith("3.14.7 3.14.8 3.14.10")
    assert _row(patches, minor="3.15", suite="trixie")["patches"] == "3.15.0 3.15.2"


@pytest.mark.parametrize("text", ["", "---\n", "---\nreleases: 1\n---\n", "---\nreleases: [1, {}]\n---\n", "<html>"])
def test_what_is_no_list_of_releases_changes_nothing(text: str) -> None:
    assert tables.python_releases(text, rows("python_releases"), SOURCE) == [*rows("python_releases")]
    assert tables.debian_releases(text, rows("debian_releases"), SOURCE) == [*rows("debian_releases")]


def _lines(name: str, cells: Mapping[str, str] | None = None, *, without: int = 0) -> list[str]:
    """A table as it is, of a later day, with other cells in its last row."""
    found = [{**row, "source": SOURCE} for row in rows(name)][without:]
    found[-1].update(cells or {})
    place = Path(os.environ["XDG_STATE_HOME"]) / "written.csv"
    with place.open("w", newline="") as file:
        writer = csv.DictWriter(file, built_lines(name)[0].split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    return place.read_text().splitlines()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "pydock/data"


@pytest.mark.parametrize("name", KEYS)
def test_a_newer_table_takes_the_place_of_what_came_with_pydock(name: str, state: Path) -> None:
    lines = _lines(name)
    assert newer(name, built_lines(name)) == built_lines(name)
    state.mkdir(mode=0o700, parents=True)
    state.parent.chmod(0o700)
    (state / f"{name}.csv").write_text("\n".join(lines) + "\n")
    assert newer(name, built_lines(name)) == lines
    # In a folder that others can write to, anybody may have put it there.
    state.chmod(0o777)
    assert newer(name, built_lines(name)) == built_lines(name)


BROKEN = {
    "an older day": {"source": "x, 2020-01-01"},
    "a tag that is none": {"patch": "3.14.7;rm -rf"},
    "a tag of no codename": {"suite": "../x"},
    "neither yes nor no": {"floating": "perhaps"},
    "no day": {"source": "somewhere"},
}


@pytest.mark.parametrize("cells", BROKEN.values(), ids=BROKEN)
def test_a_table_with_a_row_that_means_nothing_is_not_taken(cells: dict[str, str]) -> None:
    name = "python_images"
    lines = _lines(name, cells)
    lines = [line.replace(SOURCE, cells.get("source", SOURCE)) for line in lines]
    assert problem(name, lines, built_lines(name))


def test_half_a_table_is_not_taken() -> None:
    name = "python_images"
    assert "it lacks 2.7" in problem(name, _lines(name, without=3), built_lines(name))
    assert problem(name, [], built_lines(name))
    assert problem(name, ["a,b", "1,2"], built_lines(name)) == "it has other columns"
    assert problem(name, [*_lines(name), _lines(name)[-1]], built_lines(name)) == "it has a row twice"


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingRegistry]:
    """A server in the place of all sources."""
    with lying_registry() as found:
        answers = {"PYTHON": PYTHON, "DEBIAN": DEBIAN, "LISTED": LISTED}
        for name, text in answers.items():
            monkeypatch.setattr(run, name, f"http://{found.address}/{name}")
            found.answers[f"/{name}"] = (200, {}, text.encode())
        monkeypatch.setattr("pydock.registries.client._HUB_ADDRESS", found.address)
        first = {"Link": '</v2/library/python/tags/list?last=x&n=1000>; rel="next"'}
        found.answers["/v2/library/python/tags/list?n=1000"] = (200, first, json.dumps({"tags": TAGS[:9]}).encode())
        found.answers["/v2/library/python/tags/list?last=x&n=1000"] = (200, {}, json.dumps({"tags": TAGS[9:]}).encode())
        yield found


def test_every_table_is_made_and_kept_where_only_this_user_can_write(sources: LyingRegistry, state: Path) -> None:
    found = list(run.refreshed(date(2026, 12, 1)))
    assert {each.table: each.why_not for each in found} == dict.fromkeys(KEYS, "")
    assert {each.after for each in found} == {"2026-12-01"}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {path.name for path in state.iterdir()} == {f"{name}.csv" for name in KEYS}
    code = (
        "from pydock.images.tags import latest_patch, minors_of",
        "print(minors_of('3')[0], latest_patch('3.15', 'trixie'))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True)
    assert done.stdout == "3.15 3.15.2\n"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/LISTED", (503, {}, b"")),
        ("/v2/library/python/tags/list?n=1000", (200, {}, b'{"tags": null}')),
        ("/v2/library/python/tags/list?n=1000", (401, {}, b"")),
    ],
    ids=["a list that is not there", "no tags", "a registry that wants a login"],
)
def test_a_source_that_fails_leaves_its_tables_as_they_are(
    path: str, answer: tuple[int, dict[str, str], bytes], sources: LyingRegistry, state: Path
) -> None:
    sources.answers[path] = answer
    found = {each.table: each.why_not for each in run.refreshed(date(2026, 12, 1))}
    assert not found["python_releases"]
    assert found["python_images"]
    assert found["python_image_patches"]
    assert {path.name for path in state.iterdir()} == {"python_releases.csv", "debian_releases.csv"}


def test_the_command_says_what_it_could_not_have(
    sources: LyingRegistry, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    sources.answers.clear()
    monkeypatch.delenv("PYDOCK_OFFLINE", raising=False)
    with pytest.raises(SystemExit) as caught:
        main(["data", "--refresh"])
    out, err = capfd.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert "python_releases of" in err
    assert "says 404" in err
    assert "no table could be made again" in err
    monkeypatch.setenv("PYDOCK_OFFLINE", "1")
    with pytest.raises(SystemExit) as caught:
        main(["data", "--refresh"])
    assert caught.value.code == 2
    assert "PYDOCK_OFFLINE asks nobody" in capfd.readouterr().err
