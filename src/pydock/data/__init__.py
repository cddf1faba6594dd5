"""Dated tables of facts, one CSV file each; every row names its source."""

import csv
from functools import cache
from pathlib import Path


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `<name>.csv`, read once; a cell that holds several names separates them by spaces."""
    text = (Path(__file__).parent / f"{name}.csv").read_text(encoding="utf-8")
    header, *lines = csv.reader(text.splitlines())
    return tuple(dict(zip(header, line, strict=True)) for line in lines)
