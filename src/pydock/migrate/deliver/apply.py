"""Writes changes into the folders of services: a service's files all or none, even where the run is killed."""

from __future__ import annotations

from pathlib import Path

from pydock.budget import undisturbed
from pydock.context import Tree
from pydock.errors import ChangedError
from pydock.migrate.records.record import Change


def apply(repository: str, changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Write the changes of a service; returns in words what could not be kept.

    Raises ChangedError where a file is not what it was when the service was examined, UnwritableError where one
    cannot be written, BugError for what nobody foresaw; nothing is written then.
    """
    with undisturbed():
        read = Tree(Path(repository))
        for change in changes:
            if read.text(change.path) != change.before:
                raise ChangedError(f"{change.path} is not what it was when it was read", "run pydock migrate again")
        texts = {change.path: change.after for change in changes}
        return read.over(texts).write(texts, read)
