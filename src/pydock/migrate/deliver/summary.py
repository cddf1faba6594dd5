"""`summary.md`: the totals and one line a service, to be read in a pull request or a chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from pydock.migrate.deliver.charts import megabytes
from pydock.migrate.find.services import LeftOut
from pydock.migrate.records.record import SHOWN, State
from pydock.migrate.records.rows import Row
from pydock.migrate.records.totals import Totals
from pydock.patterns import regex
from pydock.report.formats import counted
from pydock.terminal import printable

_SPECIAL = regex(r"([\\`*_\[\]|~#])")
_MOST_FINDINGS = 10
_MOST_LEFT_OUT = 50
_HEADINGS = {
    State.DECISION: "Ready after a decision",
    State.REFUSED: "Refused",
    State.FAILED: "Failed",
    State.READY: "Ready",
    State.GOOD: "Already good",
}


def lines(row: Row) -> str:
    """A service in the list of its state."""
    record = row.record
    link = f" ([patch]({row.patch}))" if row.patch else ""
    text = f"- **{_plain(row.service.name)}**{link}"
    if record.reason:
        place = f"line {record.reason.line}: " if record.reason.line else ""
        text += f": {place}{_plain(record.reason.message)}"
    if record.withheld and record.withheld not in record.decisions:
        text += f". No patch: {_plain(record.withheld)}"
    decided = "".join(f"\n  - to decide: {_plain(decision)}" for decision in record.decisions)
    return f"{text}{decided}\n"


def summary(totals: Totals, services: dict[State, list[str]], left_out: Sequence[LeftOut]) -> str:
    """The document; `services` are the lines of each state."""
    parts = [f"# {totals.services} services\n", "".join(_table(totals)), "".join(_facts(totals))]
    for state, heading in _HEADINGS.items():
        if entries := services.get(state):
            parts.append(f"## {heading} ({len(entries)})\n\n{''.join(entries)}")
    if left_out:
        parts.append(f"## Left out ({len(left_out)})\n\n{''.join(_left_out(left_out))}")
    return "\n".join(parts)


def _table(totals: Totals) -> Iterator[str]:
    yield "| state | services |\n|---|---:|\n"
    yield from (f"| {state.label} | {totals.states[state]} |\n" for state in SHOWN)


def _facts(totals: Totals) -> Iterator[str]:
    over = sum(count for _, _, is_over, count in totals.by_version() if is_over)
    yield f"- {over} run a Python without security fixes, {totals.roots} run as root, "
    yield f"{totals.unpinned} install versions that nobody wrote down.\n"
    if totals.savings:
        yield f"- {counted(len(totals.savings), 'image')} measured: {megabytes(totals.saved)} together.\n"
    if totals.states[State.OTHER]:
        yield f"- {totals.states[State.OTHER]} more Dockerfiles have no Python in them.\n"
    common = ", ".join(f"{name} ({count})" for _, name, count in totals.common(_MOST_FINDINGS))
    yield f"- Most common: {common or 'nothing was found'}.\n"


def _left_out(left_out: Sequence[LeftOut]) -> Iterable[str]:
    yield from (f"- {_plain(each.path)}: {_plain(each.why)}\n" for each in left_out[:_MOST_LEFT_OUT])
    if len(left_out) > _MOST_LEFT_OUT:
        yield f"- and {len(left_out) - _MOST_LEFT_OUT} more\n"


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    text = escape(printable(text.encode("utf-8", "replace").decode()), quote=False)
    return " ".join(_SPECIAL.sub(r"\\\1", text).split()).replace("@", "&#64;")
