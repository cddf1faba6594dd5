"""`report.html`: one file that loads nothing, for those who decide and those who do the work.

The table is there without a script; the script sorts, filters, and opens a row from the JSON
that stands beside it. The page's own policy lets no other script or style run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path

from pydock import __version__
from pydock.data import summary
from pydock.migrate.deliver import charts
from pydock.migrate.deliver.details import details
from pydock.migrate.find.services import LeftOut, Service
from pydock.migrate.records.record import SHOWN, Inventory, Record, State
from pydock.migrate.records.rows import Row
from pydock.migrate.records.state import GRAVE
from pydock.migrate.records.totals import Totals
from pydock.report.formats import counted
from pydock.terminal import printable

_MOST_OPTIONS = 60
_MOST_USERS = 4
# (heading, class that says on how narrow a screen it goes, whether it is a number)
_COLUMNS = (
    ("Service", "", False),
    ("State", "", False),
    ("Next step", "", False),
    ("Python", "", False),
    ("System", "third", False),
    ("Stack", "second", False),
    ("Installs", "third", False),
    ("User", "second", False),
    ("Fixed", "second", True),
    ("Left", "second", True),
    ("Saved", "second", True),
)
_NEXT = {State.READY: "review and merge the patch", State.GOOD: "nothing to do"}


def row(entry: Row, number: int) -> str:
    """A row of the table; its details come with `data`."""
    record, inventory, service = entry.record, entry.record.inventory, entry.service
    name = text(service.name)
    where = text(" · ".join([service.dockerfile, *_users(service)]))
    button = f'<button type="button" class="toggle" aria-expanded="false" aria-controls="d{number}">{name}</button>'
    patch = f'<small><a href="{escape(entry.patch)}">patch</a></small>' if entry.patch else ""
    state = f'<span class="state {record.state}">{record.state.label}</span>'
    system = _aged(inventory.distribution, inventory.distribution_end, inventory.is_distribution_over)
    cells = (
        f'<td data-sort="{SHOWN.index(record.state)}">{state}{patch}</td>',
        f'<td class="next">{text(next_step(record))}</td>',
        _python(inventory),
        f'<td class="third">{system}</td>',
        f'<td class="second">{text(_joined(inventory.framework, inventory.server))}</td>',
        f'<td class="third">{text(_installs(inventory))}</td>',
        f'<td class="second">{text(inventory.user)}</td>',
        *(_number(sum(remark.outcome == "fixed" for remark in record.remarks) if is_fixed else _left(record))
          for is_fixed in (True, False)),
        _saved(entry),
    )  # fmt: skip
    words = escape(" ".join(_words(record)))
    return (
        f'<tr data-state="{record.state}" data-from="j{number}" data-words="{words}">'
        f'<th scope="row" data-sort="{name}">{button}<small>{where}</small></th>{"".join(cells)}</tr>\n'
    )


def data(entry: Row, number: int) -> str:
    """The details of a row as JSON that cannot end its element."""
    document = json.dumps(_seen(details(entry)), separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="j{number}">{document}</script>\n'


def _seen(part: object) -> object:
    """The same values with what would turn the order of letters spelled out; lines stay lines."""
    match part:
        case str():
            return "\n".join(map(printable, part.split("\n")))
        case list() | tuple():
            return [_seen(each) for each in part]
        case dict():
            return {name: _seen(each) for name, each in part.items()}
        case _:
            return part


def page(totals: Totals, rows: Sequence[str], datas: Sequence[str], left_out: Sequence[LeftOut]) -> str:
    """The page of rows and their data that were written before; the same on every day that says the same."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    title = "Migration: where the services stand"
    known = summary("python_releases").date
    unmeasured = "" if totals.savings else " unmeasured"
    head = "".join(_header(*column) for column in _COLUMNS)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#services">To the list of services</a>\n'
        f'<header><h1>{title}</h1><p class="lead">{_lead(totals)}</p></header>\n<main>\n'
        f'<section aria-label="States">{charts.states(totals)}{_tiles(totals)}</section>\n'
        f'<div class="charts">{"".join(charts.all_of(totals))}</div>\n{_tools(totals)}\n'
        f'<div class="scroll" id="services" tabindex="-1"><table class="list{unmeasured}">'
        f"<caption hidden>Services</caption><thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table>\n"
        '<p class="empty" id="empty" hidden>No service is like that.</p></div>\n</main>\n'
        f"<footer>{''.join(_left_out(left_out))}<p>pydock {__version__}; ends of life as of {known}.</p></footer>\n"
        f"{''.join(datas)}<script>{script}</script>\n</body>\n</html>\n"
    )


def text(words: str) -> str:
    """Text that is nothing but text in HTML."""
    return escape(printable(words.encode("utf-8", "replace").decode()))


def _users(service: Service) -> list[str]:
    """The compose services that are built from it, by name; what names them in full stands in the details."""
    return list(dict.fromkeys(use.origin.rpartition(": ")[2] for use in service.uses))[:_MOST_USERS]


def next_step(record: Record) -> str:
    """What a person does with a service, in one line."""
    if record.state is State.DECISION and record.decisions:
        more = f" (and {len(record.decisions) - 1} more)" if len(record.decisions) > 1 else ""
        return f"decide: {record.decisions[0]}{more}"
    if record.reason is not None:
        return record.reason.message
    said = _NEXT.get(record.state, "")
    grave = next((each.message for each in record.remarks if each.outcome == "yours" and each.name in GRAVE), "")
    return f"{said}; then: {grave}" if said and grave else said


def _lead(totals: Totals) -> str:
    """The situation in three sentences, for those who read nothing else."""
    states = totals.states
    over = sum(count for _, _, is_over, count in totals.by_version() if is_over)
    parts = [
        (states[State.READY], "can be merged after a review"),
        (states[State.DECISION], "first need a decision"),
        (states[State.REFUSED], "first need work by hand"),
        (states[State.GOOD], "need nothing"),
        (states[State.FAILED], "could not be examined"),
    ]
    facts = [
        (over, "on a Python that gets no security fixes"),
        (totals.roots, "running as root"),
        (totals.unpinned, "installing versions that nobody wrote down"),
    ]
    sentences = [
        f"Of {counted(totals.services, 'service')}, {_listed(parts)}.",
        f"There are {_listed(facts)}." if any(count for count, _ in facts) else "",
    ]
    if totals.savings:
        measured = counted(len(totals.savings), "image")
        sentences.append(f"{measured} measured: {charts.megabytes(totals.saved)} together.")
    return text(" ".join(filter(None, sentences)))


def _listed(parts: Sequence[tuple[int, str]]) -> str:
    said = [f"{count} {what}" for count, what in parts if count]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)


def _tiles(totals: Totals) -> str:
    """The states with their counts; each filters the list."""
    tiles = ""
    for state in SHOWN:
        count = totals.states[state]
        percent = 100 * count / totals.services if totals.services else 0
        share = "below 1 %" if count and percent < 1 else f"{percent:.0f} %"
        tiles += (
            f'<button type="button" class="{state}" value="{state}" aria-pressed="false">'
            f"<b>{totals.states[state]}</b>{state.label} <small>{share}</small></button>"
        )
    return f'<div class="states" role="group" aria-label="Show only services that are">{tiles}</div>'


def _tools(totals: Totals) -> str:
    pythons = [(f"python:{version}", f"Python {version}") for version, _, _, _ in totals.by_version()]
    pythons.append(("python:over", "Python without fixes"))
    found = [(code, f"{code} {name}") for code, name, _ in sorted(totals.common(_MOST_OPTIONS))]
    return (
        '<div class="tools" data-needs-script hidden role="search" aria-label="Services">'
        '<label>Search <input id="search" type="search" autocomplete="off"></label>'
        f"{_select('Python', pythons)}{_select('Finding', found)}"
        '<button type="button" id="reset">Show all</button>'
        '<output id="count" role="status" aria-live="polite"></output></div>'
    )


def _select(label: str, options: Iterable[tuple[str, str]]) -> str:
    listed = "".join(f'<option value="{escape(value)}">{text(shown)}</option>' for value, shown in options)
    return f'<label>{label} <select><option value="">any</option>{listed}</select></label>'


def _header(name: str, narrow: str, is_number: bool) -> str:
    classes = " ".join(filter(None, (narrow, "number" if is_number else "")))
    attribute = f' class="{classes}"' if classes else ""
    return f'<th scope="col" aria-sort="none"{attribute}><button type="button">{name}</button></th>'


def _python(inventory: Inventory) -> str:
    aged = _aged(inventory.python, inventory.python_end, inventory.is_python_over)
    return f'<td data-sort="{escape(inventory.python)}">{aged}</td>'


def _aged(what: str, end: str, is_over: bool) -> str:
    ended = f'<small class="over">ended {text(end)}</small>' if is_over else ""
    return f"{text(what)}{ended}"


def _joined(*words: str) -> str:
    return ", ".join(dict.fromkeys(word for word in words if word))


def _installs(inventory: Inventory) -> str:
    pinned = {True: "pinned", False: "not pinned", None: ""}[inventory.is_pinned]
    return _joined(inventory.manager, pinned if inventory.manager else "")


def _left(record: Record) -> int:
    return sum(remark.outcome != "fixed" for remark in record.remarks)


def _number(value: int) -> str:
    return f'<td class="second number">{value}</td>'


def _saved(entry: Row) -> str:
    if entry.saved is None:
        return '<td class="second number" data-sort=""></td>'
    return f'<td class="second number" data-sort="{entry.saved:.0f}">{charts.megabytes(entry.saved)}</td>'


def _words(record: Record) -> Iterator[str]:
    """What the list is filtered by beside its text."""
    if record.inventory.python:
        yield f"python:{'.'.join(record.inventory.python.split('.')[:2])}"
    if record.inventory.is_python_over:
        yield "python:over"
    yield from sorted({remark.code for remark in record.remarks})


def _left_out(left_out: Sequence[LeftOut]) -> Iterator[str]:
    if left_out:
        yield f"<details><summary>{counted(len(left_out), 'path')} left out</summary><ul>"
        yield from (f"<li>{text(each.path)}: {text(each.why)}</li>" for each in left_out)
        yield "</ul></details>"


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / "assets" / name).read_text("utf-8")
