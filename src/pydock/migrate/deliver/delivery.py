"""Writes what a run came to: patches, `results.jsonl`, `summary.md` and `report.html`, each whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydock.context import Tree
from pydock.errors import UnwritableError
from pydock.files import put
from pydock.migrate.deliver import page, results, summary
from pydock.migrate.find.services import LeftOut, Service
from pydock.migrate.records.patches import file_names, merged, patch, together
from pydock.migrate.records.record import Change, State
from pydock.migrate.records.rows import Row, apply_command, shown
from pydock.migrate.records.totals import Totals
from pydock.migrate.run.migration import Known
from pydock.values import Value

PATCHES = "patches"
_STAGED = ".pydock-*"


class Group(Value):
    """Services whose changes belong into one patch; `withheld` says why it is not written, "" where it is."""

    services: tuple[Service, ...]
    file: str
    withheld: str = ""


def groups(known: Known) -> tuple[Group, ...]:
    """Every service that changes something, together with those that change the same file."""
    reasons = {each.service.name: each.withheld for each in known.touched}
    names = file_names(service.name for service in known.found.services)
    found = []
    for members in together(known.touched, is_clash=False):
        withheld = next((reasons[each.name] for each in members if reasons[each.name]), "")
        found.append(Group(members, f"{names[members[0].name]}.patch", withheld))
    return tuple(found)


def changes_of(known: Known, group: Group) -> tuple[Change, ...]:
    """The changes of a group, each file once."""
    return merged(known.record(service) for service in group.services)


def deliver(known: Known, out: Path, arranged: Sequence[Group]) -> Totals:
    """Write everything below `out`: patches first, the page last; leftovers of earlier runs are removed.

    Raises UnwritableError when something cannot be written.
    """
    _write_patches(known, out, arranged)
    totals = Totals()
    lines: list[str] = []
    rows: list[str] = []
    datas: list[str] = []
    listed: dict[State, list[str]] = {}
    for row in _rows(known, out, arranged):
        totals.add(row)
        if row.record.state is not State.OTHER:
            lines.append(results.line(row))
            listed.setdefault(row.record.state, []).append(summary.lines(row))
            rows.append(page.row(row, len(rows)))
            datas.append(page.data(row, len(datas)))
    left_out = [LeftOut(shown(each.path), each.why) for each in known.found.left_out]
    written = {
        "results.jsonl": "".join(lines),
        "summary.md": summary.summary(totals, listed, left_out),
        "report.html": page.page(totals, rows, datas, left_out),
    }
    for name, text in written.items():
        put(out / name, _data(text))
    return totals


def _write_patches(known: Known, out: Path, arranged: Sequence[Group]) -> None:
    """One at a time; what is there already stays, and what no service has any more goes."""
    folder = out / PATCHES
    if folder.is_symlink():
        raise UnwritableError(f"{folder}: a symbolic link", "pydock writes into folders that it has made")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UnwritableError(f"{folder}: {error.strerror}", "--out names a folder to write to") from error
    wanted = {group.file for group in arranged if not group.withheld}
    for path in (*out.glob(_STAGED), *folder.glob(_STAGED), *folder.glob("*.patch")):
        if path.name not in wanted:
            path.unlink(missing_ok=True)
    for group in arranged:
        if not group.withheld:
            data = _data(_patch(known, group))
            if Tree(folder).data(group.file) != data:
                put(folder / group.file, data)


def _data(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _patch(known: Known, group: Group) -> str:
    """The patch of a group: that of its only service as it is kept, or one of all of them."""
    if len(group.services) == 1:
        return known.record(group.services[0]).patch
    return patch(changes_of(known, group))


def _rows(known: Known, out: Path, arranged: Sequence[Group]) -> Iterator[Row]:
    by_name = {service.name: group for group in arranged for service in group.services}
    for service, record in known.records():
        group = by_name.get(service.name)
        if group is None:
            yield Row(service, record)
            continue
        partners = tuple(each.name for each in group.services if each.name != service.name)
        file = "" if group.withheld else f"{PATCHES}/{group.file}"
        command = apply_command(service.repository, out / file) if file else ""
        yield Row(service, record, file, partners, record.diff, command)
