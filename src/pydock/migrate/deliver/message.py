"""The message of a commit on a branch: what changes in each service, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from pydock.migrate.find.services import Service
from pydock.migrate.records.record import Record, Remark
from pydock.terminal import printable

_WIDTH = 72


def message(members: Sequence[tuple[Service, Record]], dirty: Sequence[str] = ()) -> str:
    """A subject line, a paragraph for each service with its changes, and what a reviewer has to know."""
    names = [service.name for service, _ in members]
    what = names[0] if len(names) == 1 else f"{len(names)} services"
    lines = [printable(f"Rewrite the image of {what}")[:_WIDTH], ""]
    for service, record in members:
        if len(members) > 1:
            lines += [f"{printable(service.dockerfile)}:", ""]
        lines += [*_fixes(record), ""]
        lines += [*_open(record)]
    if dirty:
        listed = ", ".join(dirty)
        lines += [*_wrapped(f"Made while these files had changes that are not committed: {listed}"), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _fixes(record: Record) -> Iterator[str]:
    """Each fix once, with what it costs not to have it and what to know about it."""
    groups: dict[tuple[str, str], Remark] = {}
    for remark in record.remarks:
        if remark.outcome == "fixed":
            groups.setdefault((remark.code, remark.title), remark)
    for (code, title), remark in groups.items():
        why = f" (before: {remark.cost})" if remark.cost else ""
        yield from _wrapped(f"- {code} {title}{why}", "  ")
        for note in (*(f"doubt: {doubt}" for doubt in remark.doubts), *remark.notes):
            yield from _wrapped(f"  {note}", "  ")


def _open(record: Record) -> Iterator[str]:
    if record.decisions:
        yield "To be decided:"
        for decision in record.decisions:
            yield from _wrapped(f"- {decision}", "  ")
        yield ""


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        printable(text), _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
