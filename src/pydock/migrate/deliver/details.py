"""What an opened row of the page shows, as JSON values; the page puts them in as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydock.migrate.records.record import Record, Remark, State
from pydock.migrate.records.rows import Row
from pydock.report.bench import figure_text

_LONGEST_DIFF = 200_000
_FIGURES = {
    "size": "on disk",
    "compressed": "as pushed",
    "cold": "cold build",
    "rebuild": "code change",
    "start": "start",
}


def details(row: Row) -> dict[str, object]:
    """The values that the page's script reads."""
    record = row.record
    document: dict[str, object] = {
        "state": str(record.state),
        "notes": list(_notes(row)),
        "decisions": list(record.decisions),
        "fixed": _grouped(record.remarks, "fixed"),
        "held": _grouped(record.remarks, "held"),
        "yours": _grouped(record.remarks, "yours"),
        "inventory": list(_inventory(row)),
        "measured": list(_measured(record)),
        "command": row.command,
        "diff": _cut(row.diff),
    }
    return document


def _notes(row: Row) -> Iterator[tuple[str, str]]:
    record = row.record
    if record.reason is not None:
        place = f" at line {record.reason.line} of {row.service.dockerfile}" if record.reason.line else ""
        title = "Could not be examined" if record.state is State.FAILED else f"Refused{place}"
        yield title, ". ".join(filter(None, (record.reason.message, record.reason.hint)))
        if record.state is State.REFUSED and record.changes:
            yield "The patch has the smaller fixes only", "The stages stay as they are."
    if record.withheld and record.withheld not in record.decisions:
        yield "No patch is written", record.withheld
    if row.partners:
        yield "One patch for several services", f"It changes files that these share: {', '.join(row.partners)}"


def _grouped(remarks: Sequence[Remark], outcome: str) -> list[dict[str, object]]:
    """The remarks with this outcome; those that say the same are one, with the number of their places."""
    groups: dict[tuple[str, str], list[Remark]] = {}
    for remark in remarks:
        if remark.outcome == outcome:
            groups.setdefault((remark.code, remark.title or remark.message), []).append(remark)
    return [_entry(group, outcome) for group in groups.values()]


def _entry(group: Sequence[Remark], outcome: str) -> dict[str, object]:
    first = group[0]
    place = f"{first.path}:{first.line}: {first.message}"
    if outcome == "fixed":
        text, remarks = first.title or first.message, [f"before: {first.cost}" if first.cost else "", *first.notes]
    elif outcome == "held":
        text, remarks = first.title, [place, *(f"doubt: {doubt}" for doubt in first.doubts)]
    else:
        text, remarks = place, [first.advice]
    return {"code": first.code, "text": text, "places": len(group), "remarks": [each for each in remarks if each]}


def _inventory(row: Row) -> Iterator[tuple[str, str]]:
    inventory = row.record.inventory
    pinned = {True: "pinned", False: "not pinned", None: ""}[inventory.is_pinned]
    yield "Base image", inventory.base
    yield "Python", _until(inventory.python, inventory.python_end, is_over=inventory.is_python_over)
    yield (
        "System",
        _until(inventory.distribution, inventory.distribution_end, is_over=inventory.is_distribution_over),
    )
    yield "Framework", ", ".join(filter(None, (inventory.framework, inventory.server)))
    yield "Installs with", ", ".join(filter(None, (inventory.manager, pinned)))
    yield "Runs as", inventory.user
    yield "Stages", str(inventory.stages or "")
    yield "Health check", "yes" if inventory.has_healthcheck else "no" if inventory.stages else ""
    yield "Built in", row.service.context
    yield "Used by", ", ".join(map(str, row.service.uses))


def _until(what: str, end: str, *, is_over: bool) -> str:
    told = f"no security fixes since {end}" if is_over else f"supported until {end}"
    return f"{what}, {told}" if what and end else what


def _measured(record: Record) -> Iterator[tuple[str, str]]:
    measured = record.measured
    for name, label in _FIGURES.items():
        before, after = measured.before.get(name), measured.after.get(name)
        if before is not None:
            now = f", now {figure_text(name, after)}" if after is not None else ""
            yield label, f"{figure_text(name, before)}{now}"
    if measured.verdict:
        yield "compared", "; ".join([measured.verdict, *measured.differences])
    if measured.failure:
        yield "not measured", measured.failure


def _cut(diff: str) -> str:
    text = diff.encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST_DIFF else f"{text[:_LONGEST_DIFF]}\n... the patch has the rest\n"
