"""The tables that pydock knows its facts from, for people and for programs.

As JSON, one object:

schema     1; a field that goes or changes its meaning makes it 2, a new field does not
version    of pydock
tables     one object a table: name, about, date (the newest day a source was read), sources (in the order of
           the rows), columns, rows (objects of text by column, each with the `source` of its facts)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date

from pydock import __version__
from pydock.data import Summary, rows, summary
from pydock.report.pages.tables import data_table

SCHEMA = 1


def overview(names: Iterable[str], today: date) -> str:
    """Which Python and Debian releases are supported on a day, the exact tags, and the list of tables."""
    found = [summary(name) for name in names]
    parts = [
        (f"Python releases on {today}", "python_releases", _pythons(today)),
        (f"Debian releases on {today}", "debian_releases", _debians(today)),
        ("Exact tags of the official Python image", "python_images", _images()),
    ]
    sections = [f"{title}\n\n{data_table(lines)}\n\n{_from(name, today)}\n" for title, name, lines in parts]
    lines = [
        ("Table", "Rows", "Date", "Age", "What it says"),
        *((each.name, str(each.count), each.date, _age(each, today), each.about) for each in found),
    ]
    listed = f"All tables; `pydock data NAME` prints one with the source of every row\n\n{data_table(lines)}\n"
    return "\n".join([*sections, listed])


def table(name: str) -> str:
    """One table with all its rows."""
    entries = rows(name)
    lines = [tuple(entries[0]), *(tuple(entry.values()) for entry in entries)]
    short = summary(name)
    return f"{name}: {short.about}; {short.count} rows, {short.date}\n\n{data_table(lines)}\n"


def document(names: Iterable[str]) -> str:
    """The object described above."""
    found = [summary(name) for name in names]
    tables = [
        {
            "name": each.name,
            "about": each.about,
            "date": each.date,
            "sources": each.sources,
            "columns": tuple(rows(each.name)[0]),
            "rows": rows(each.name),
        }
        for each in found
    ]
    return json.dumps({"schema": SCHEMA, "version": __version__, "tables": tables}, indent=2, ensure_ascii=False) + "\n"


def _age(found: Summary, today: date) -> str:
    days = (today - date.fromisoformat(found.date)).days
    return f"{days} days{', refreshed' if found.is_refreshed else ''}"


def _from(name: str, today: date) -> str:
    found = summary(name)
    origins = dict.fromkeys(source.partition(" ")[0].rstrip(",") for source in found.sources)
    return f"{found.date} ({_age(found, today)}), from {', '.join(origins)}"


def _pythons(today: date) -> Sequence[Sequence[str]]:
    lines = [("Python", "Latest", "Released", "Security fixes")]
    for row in rows("python_releases"):
        lines.append((row["minor"], row["latest"], row["released"], _life(row, "released", "end_of_life", today)))
    return lines


def _debians(today: date) -> Sequence[Sequence[str]]:
    lines: list[tuple[str, ...]] = [("Debian", "Codename", "Released", "Security fixes", "Long-term support")]
    for row in rows("debian_releases"):
        lives = [_life(row, "released", key, today) for key in ("end_of_life", "end_of_lts")]
        lines.append((row["number"], row["codename"], row["released"], *lives))
    return lines


def _life(row: dict[str, str], first: str, last: str, today: date) -> str:
    if date.fromisoformat(row[first]) > today:
        return f"planned, until {row[last]}"
    return f"ended {row[last]}" if date.fromisoformat(row[last]) <= today else f"until {row[last]}"


def _images() -> Sequence[Sequence[str]]:
    lines = [("Tag", "Slim", "What X.Y means")]
    for row in rows("python_images"):
        slim = f"{row['patch']}-slim-{row['suite']}" if row["slim"] == "yes" else ""
        meaning = f"{row['minor']} is {row['suite']}" if row["floating"] == "yes" else ""
        lines.append((f"{row['patch']}-{row['suite']}", slim, meaning))
    return lines
