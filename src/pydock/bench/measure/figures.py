"""Every measured number under one name: what limits are set on and what a history records."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence

from pydock.bench.measure.scenarios import Scenario
from pydock.bench.measure.versions import Measured
from pydock.errors import OptionError
from pydock.values import Value

BYTES = frozenset({"size", "compressed", "memory"})
COUNTS = frozenset({"layers"})
SECONDS = ("cold", "unchanged", "rebuild", "dependency", "start", "healthy", "stop")
NAMES = ("size", "compressed", "layers", *SECONDS, "memory")
_BUILDS = {
    "cold": Scenario.COLD,
    "unchanged": Scenario.SAME,
    "rebuild": Scenario.CODE,
    "dependency": Scenario.DEPENDENCY,
}
_BYTE_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SECOND_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0}
# Rows of earlier benches: by version and situation, each figure by its name.
History = Sequence[Mapping[str, Mapping[str, Mapping[str, float | None]]]]


class Limit(Value):
    """The most that a figure may be: bytes, seconds, or a count, as `text` says it."""

    name: str
    most: float
    text: str


def figures(measured: Measured) -> dict[str, float | None]:
    """The numbers of one version by name, None for what was not measured: bytes, seconds, counts."""
    found: dict[str, float | None] = dict.fromkeys(NAMES)
    if weight := measured.weight:
        found |= {"size": weight.size, "compressed": weight.compressed, "layers": weight.layers}
    for name, scenario in _BUILDS.items():
        if seconds := measured.builds.get(scenario):
            found[name] = seconds.median
    lives = measured.lives
    found["start"] = _median(life.answers if life.answers is not None else life.listens for life in lives)
    found["healthy"] = _median(life.healthy for life in lives)
    found["memory"] = _median(life.memory for life in lives)
    found["stop"] = _median(life.stopped.seconds for life in lives if life.stopped)
    return found


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def limits(text: str) -> tuple[Limit, ...]:
    """The limits of a text such as "size=200MB,rebuild=5s".

    Raises OptionError for a name or a value that means nothing.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", value)
        if name not in NAMES or not equals:
            raise OptionError(f"--limit {part}: no such figure", f"limits are set on {', '.join(NAMES)}")
        units: Mapping[str, float] = _BYTE_UNITS if name in BYTES else {"": 1} if name in COUNTS else _SECOND_UNITS
        if match is None or match[2].lower() not in units:
            raise OptionError(f"--limit {part}: not a number", "such as size=200MB, layers=20, rebuild=5s")
        found.append(Limit(name, float(match[1]) * units[match[2].lower()], value))
    return tuple(found)


def exceeded(measured: Measured, wanted: Iterable[Limit]) -> tuple[tuple[Limit, float | None], ...]:
    """The limits that a version is over, each with its figure; one that was not measured is not kept either."""
    known = figures(measured)
    return tuple(
        (limit, known[limit.name]) for limit in wanted if (value := known[limit.name]) is None or value > limit.most
    )


def history_row(versions: Sequence[Measured], path: str, engine: str, moment: str) -> str:
    """One line of JSON for a history file."""
    sides = {
        measured.name: {name: _rounded(value) for name, value in figures(measured).items()} for measured in versions
    }
    return json.dumps({"time": moment, "path": path, "engine": engine, "versions": sides}) + "\n"


def read_history(text: str, path: str) -> History:
    """The rows of a history file for one Dockerfile, the oldest first; lines that are none are passed over."""
    rows = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and row.get("path") == path and isinstance(row.get("versions"), dict):
            rows.append(row)
    return tuple(rows)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
