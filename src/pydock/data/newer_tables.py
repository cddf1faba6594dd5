"""Tables that `pydock data --refresh` has made from their sources, in a folder of the user's own.

One takes the place of the table that came with pydock where it is newer and lacks nothing of it: nobody else can have
put it there, but what a source says may be wrong, and half a table would make facts vanish.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from pydock.patterns import regex

FOLDER = "data"
# The columns that tell rows apart, by the tables that have sources to be made from.
KEYS = {
    "python_releases": ("minor",),
    "debian_releases": ("codename",),
    "python_images": ("minor", "suite"),
    "python_image_patches": ("minor", "suite"),
}
DAY = regex(r"\d{4}-\d\d-\d\d")
_LARGEST = 1024 * 1024
_PATCH = r"\d+\.\d+\.\d+"
_CELLS = {
    "minor": r"\d+\.\d+", "latest": _PATCH, "patch": _PATCH, "patches": rf"{_PATCH}(?: {_PATCH})*", "number": r"\d+",
    "codename": "[a-z]+", "suite": "[a-z]+", "slim": "yes|no", "floating": "yes|no", "released": DAY.pattern,
    "end_of_life": DAY.pattern, "end_of_lts": DAY.pattern, "source": r"[^\n]*" + DAY.pattern + r"[^\n]*",
}  # fmt: skip


def newest_day(lines: Sequence[str]) -> str:
    """The newest day that the source of a row was read."""
    return max((day for row in csv.reader(lines[1:]) for day in DAY.findall(row[-1])), default="")


def newer(name: str, built: list[str]) -> list[str]:
    """The lines of a table as it was refreshed, or those that came with pydock."""
    from pydock.files import own_folders  # takes a while, and most tables are never refreshed

    for folder in own_folders(FOLDER, ()):
        if (lines := _read(Path(folder, f"{name}.csv"))) and not problem(name, lines, built):
            return lines
    return built


def problem(name: str, lines: Sequence[str], built: Sequence[str]) -> str:
    """Why lines are no table to take the place of the one that came with pydock, "" where they are."""
    if not lines or lines[0] != built[0]:
        return "it has other columns"
    if newest_day(lines) <= newest_day(built):
        return "it is not newer"
    columns = built[0].split(",")
    found, known = (list(csv.reader(each[1:])) for each in (lines, built))
    for row in found:
        wrong = len(row) != len(columns) or not all(map(_fits, columns, row))
        if wrong:
            return f"a row means nothing: {','.join(row)[:80]}"
    places = [columns.index(key) for key in KEYS[name]]
    keys = [tuple(row[at] for at in places) for row in found]
    lost = {tuple(row[at] for at in places) for row in known}.difference(keys)
    if lost or len(set(keys)) < len(keys):
        return f"it lacks {' '.join(min(lost))}" if lost else "it has a row twice"
    return ""


def _fits(column: str, cell: str) -> bool:
    return re.fullmatch(_CELLS[column], cell) is not None


def _read(path: Path) -> list[str]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return []
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
