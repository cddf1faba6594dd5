"""CPython releases: until when a version gets security fixes, and what follows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from pydock.data import rows


@dataclass(frozen=True, slots=True)
class Release:
    """A minor version of CPython with the dates of its life."""

    minor: str
    latest: str
    released: date
    end_of_life: date


@cache
def releases() -> tuple[Release, ...]:
    """Every minor version in the table, oldest first."""
    return tuple(
        Release(
            row["minor"], row["latest"], date.fromisoformat(row["released"]), date.fromisoformat(row["end_of_life"])
        )
        for row in rows("python_releases")
    )


def release(minor: str) -> Release | None:
    return next((entry for entry in releases() if entry.minor == minor), None)


def next_supported(minor: str, today: date) -> Release | None:
    """The oldest later minor version that still gets security fixes."""
    known = [entry.minor for entry in releases()]
    later = releases()[known.index(minor) + 1 :] if minor in known else ()
    return next((entry for entry in later if entry.released <= today < entry.end_of_life), None)


@dataclass(frozen=True, slots=True)
class Suite:
    """A Debian release with the dates of its life."""

    codename: str
    end_of_life: date
    end_of_lts: date


@cache
def suite(codename: str) -> Suite | None:
    for row in rows("debian_releases"):
        if row["codename"] == codename:
            return Suite(codename, date.fromisoformat(row["end_of_life"]), date.fromisoformat(row["end_of_lts"]))
    return None
