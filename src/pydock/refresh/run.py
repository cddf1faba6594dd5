"""Sources asked, tables made of what they say, and kept where they are tables still."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator
from datetime import date
from http.client import HTTPException
from pathlib import Path

from pydock.data import FOLDER, built_lines, newest_day, problem, rows
from pydock.files import own_folder
from pydock.hosts import Origin, origin
from pydock.network import Gate, exchanged, failure, gate
from pydock.refresh import tables
from pydock.registries import HUB, Client, RefusedError
from pydock.terminal import console
from pydock.values import Value

PYTHON = "https://raw.githubusercontent.com/endoflife-date/endoflife.date/master/products/python.md"
DEBIAN = "https://raw.githubusercontent.com/endoflife-date/endoflife.date/master/products/debian.md"
LISTED = "https://raw.githubusercontent.com/docker-library/official-images/master/library/python"
_SECONDS = 20


class Refresh(Value):
    """A table with its day before and after; `why_not` says why it stays as it was."""

    table: str
    before: str
    after: str = ""
    count: int = 0
    why_not: str = ""


class UnansweredError(Exception):
    """A source that gives no answer; a refresh goes on with the others."""


def refreshed(today: date) -> Iterator[Refresh]:
    """Every table that has sources, made from them and kept.

    Raises UnwritableError where there is no place for them.
    """
    place = Path(own_folder(FOLDER, ()))
    told: set[Origin] = set()

    def tell(asked: Origin) -> None:
        if asked not in told:
            told.add(asked)
            console.complain(f"{asked} is asked about releases", kind="note")

    with gate((), tell, _SECONDS) as way:
        yield _made(place, "python_releases", lambda: _python(way, today))
        yield _made(place, "debian_releases", lambda: _debian(way, today))
        yield from _images(place, way, today)


def _python(way: Gate, today: date) -> list[tables.Row]:
    source = f"endoflife-date/endoflife.date products/python.md, {today}"
    return tables.python_releases(_text(way, PYTHON), rows("python_releases"), source)


def _debian(way: Gate, today: date) -> list[tables.Row]:
    source = f"endoflife-date/endoflife.date products/debian.md, {today}"
    return tables.debian_releases(_text(way, DEBIAN), rows("debian_releases"), source)


def _images(place: Path, way: Gate, today: date) -> Iterator[Refresh]:
    """Both tables of images, or none: one of them alone would say that tags are missing that are there."""
    images, patches = "python_images", "python_image_patches"
    try:
        listed, tags = _text(way, LISTED), Client(way, (), _SECONDS).tags(HUB, "library/python")
    except (UnansweredError, RefusedError) as error:
        yield from (Refresh(name, newest_day(built_lines(name)), why_not=str(error)) for name in (images, patches))
        return
    suites = [row["codename"] for row in rows("debian_releases")]
    source = f"library/python of docker-library/official-images, and all tags of docker.io/library/python, {today}"
    yield _made(place, patches, lambda: tables.python_image_patches(tags, suites, rows(patches), source))
    yield _made(place, images, lambda: tables.python_images(listed, tags, suites, rows(images), source))


def _text(way: Gate, address: str) -> str:
    """Raises UnansweredError."""
    asked = origin(address)
    assert asked is not None
    way.admit(asked)
    try:
        said = exchanged(way, "GET", address, {}, _SECONDS)
    except (OSError, HTTPException) as error:
        raise UnansweredError(f"{asked} {failure(error)}") from None
    if said.status != 200:
        raise UnansweredError(f"{asked} says {said.status}")
    return said.body.decode("utf-8", "replace")


def _made(place: Path, name: str, rows_of_sources: Callable[[], list[tables.Row]]) -> Refresh:
    built = built_lines(name)
    before = newest_day(built)
    try:
        found = rows_of_sources()
    except UnansweredError as error:
        return Refresh(name, before, why_not=str(error))
    text = io.StringIO()
    writer = csv.DictWriter(text, built[0].split(","), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    lines = text.getvalue().splitlines()
    if why_not := problem(name, lines, built):
        return Refresh(name, before, why_not=f"what its source says is no such table: {why_not}")
    half = place / f"{name}.{os.getpid()}"
    half.write_text(text.getvalue(), encoding="utf-8")
    half.replace(place / f"{name}.csv")
    return Refresh(name, before, newest_day(lines), len(lines) - 1)
