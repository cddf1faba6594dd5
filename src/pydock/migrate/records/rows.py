"""A service as every report shows it: its record, its patch, and whom it shares the patch with."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

from pydock.migrate.find.services import Service
from pydock.migrate.records.record import Record
from pydock.values import Value


class Row(Value):
    """`patch` is relative to the output folder, "" where there is none; `diff` has its secrets masked.

    `command` applies the patch, in the folder where the run was started.
    """

    service: Service
    record: Record
    patch: str = ""
    partners: tuple[str, ...] = ()
    diff: str = ""
    command: str = ""

    @property
    def repository(self) -> str:
        return shown(self.service.repository)

    @property
    def saved(self) -> float | None:
        return self.record.measured.saved


def shown(path: str) -> str:
    """A path as a person would give it: relative where it is below the current folder."""
    relative = os.path.relpath(path, Path.cwd())
    return path if relative.startswith("..") else relative.replace(os.sep, "/")


def apply_command(repository: str, patch: Path) -> str:
    """How a person applies a patch."""
    place = shown(str(patch))
    return f"git -C {quote(shown(repository))} apply {quote(place) if place.startswith('/') else _here(place)}"


def _here(path: str) -> str:
    """A path that still holds when git has changed the folder."""
    return f'"$PWD"/{quote(path)}'
