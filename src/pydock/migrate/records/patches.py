"""Patches: one for each service, or one for several that change the same file."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence

from pydock.migrate.find.services import Service
from pydock.migrate.records.record import Change, Record
from pydock.project.secrets import Mask
from pydock.report import Changed
from pydock.report.formats import headed
from pydock.values import Value

_LONGEST = 120


class Touched(Value):
    """What a service changes: absolute paths with a digest of what they become; why that is no patch, or ""."""

    service: Service
    files: tuple[tuple[str, str], ...]
    withheld: str = ""

    @classmethod
    def by(cls, service: Service, record: Record) -> Touched:
        files = tuple((_whole(service, change), _digest(change.after)) for change in record.changes)
        return cls(service, files, record.withheld)


def together(touched: Sequence[Touched], *, is_clash: bool) -> tuple[tuple[Service, ...], ...]:
    """Groups of services that change the same file; with `is_clash` only where they change it differently.

    Services that share nothing are groups of one. The order of the services is kept.
    """
    sharing: dict[str, list[tuple[int, str]]] = {}
    for at, each in enumerate(touched):
        for path, digest in each.files:
            sharing.setdefault(path, []).append((at, digest))
    leaders = list(range(len(touched)))

    def leader(at: int) -> int:
        while leaders[at] != at:
            at = leaders[at]
        return at

    for entries in sharing.values():
        if not is_clash or len({digest for _, digest in entries}) > 1:
            for at, _ in entries[1:]:
                one, other = sorted((leader(entries[0][0]), leader(at)))
                leaders[other] = one
    groups: dict[int, list[Service]] = {}
    for at, each in enumerate(touched):
        groups.setdefault(leader(at), []).append(each.service)
    return tuple(tuple(group) for group in groups.values())


def merged(records: Iterable[Record]) -> tuple[Change, ...]:
    """The changes of several services as one, each file from its first text to its last."""
    found: dict[str, Change] = {}
    for change in (change for record in records for change in record.changes):
        first = found.get(change.path)
        found[change.path] = Change(change.path, first.before if first else change.before, change.after)
    return tuple(found.values())


def patch(changes: Iterable[Change]) -> str:
    """What `git apply` takes in the folder of the repository."""
    return "".join(line for change in changes for line in headed(Changed(change.path, change.before, change.after)))


def masked(change: Change, mask: Mask) -> Change:
    """The same for the eye, without secrets."""
    return Change(change.path, None if change.before is None else mask(change.before), mask(change.after))


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A file name for each service name, safe on every system and once only."""
    taken: set[str] = set()
    found = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9._+-]+", "-", name.replace("/", "--")).strip(".-")[:_LONGEST] or "service"
        wanted, number = plain, 1
        while wanted.lower() in taken:
            number += 1
            wanted = f"{plain}-{number}"
        taken.add(wanted.lower())
        found[name] = wanted
    return found


def _whole(service: Service, change: Change) -> str:
    return os.path.normpath(os.path.join(service.repository, change.path))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
