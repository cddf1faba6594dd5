"""Seconds, bytes and requests: both versions measured."""

from __future__ import annotations

from pydock.bench.measure.figures import (
    BYTES,
    COUNTS,
    History,
    Limit,
    exceeded,
    figures,
    history_row,
    limits,
    read_history,
)
from pydock.bench.measure.progress import Progress
from pydock.bench.measure.runtime import Life
from pydock.bench.measure.scenarios import Scenario
from pydock.bench.measure.sizes import Weight, differences
from pydock.bench.measure.versions import Measured, Seconds, Version, Wishes, measure

__all__ = [
    "BYTES",
    "COUNTS",
    "History",
    "Life",
    "Limit",
    "Measured",
    "Progress",
    "Scenario",
    "Seconds",
    "Version",
    "Weight",
    "Wishes",
    "differences",
    "exceeded",
    "figures",
    "history_row",
    "limits",
    "measure",
    "read_history",
]
