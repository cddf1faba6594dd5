"""The full set of packages that a lock brings for what is asked: everything that hangs on it.

Formats: https://github.com/python-poetry/poetry/blob/2.2.1/src/poetry/packages/locker.py,
https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile, https://pdm-project.org/latest/usage/lockfile/,
https://packaging.python.org/en/latest/specifications/pylock-toml/, https://github.com/sarugaku/plette (Pipfile.lock),
read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydock.packages.demand import Demand, Places, normalised
from pydock.packages.projects import read_table, section
from pydock.patterns import regex

_PYLOCK = regex(r"(?:.*/)?pylock(?:\.[^/.]+)?\.toml\Z")


def is_pylock(path: str) -> bool:
    """Whether a path is named as a lock that installers take in the place of a list."""
    return _PYLOCK.match(path) is not None


def of_pylock(path: str, places: Places) -> Demand:
    """What a pylock.toml brings: all of it."""
    found = _packages(read_table(places.text(path)).get("packages"))
    if not found:
        return Demand(files=(path,), is_complete=False)
    return Demand(tuple(found), _pins(found), files=(path,))


def of_pipfile_lock(path: str, places: Places, categories: Iterable[str] = ("default",)) -> Demand:
    """What these parts of a Pipfile.lock bring."""
    try:
        data = json.loads(places.text(path) or "")
    except (ValueError, RecursionError):
        return Demand(files=(path,), is_complete=False)
    names: dict[str, str] = {}
    for category in categories:
        for name, entry in section(data, category).items() if isinstance(data, dict) else ():
            version = entry.get("version") if isinstance(entry, dict) else None
            names.setdefault(normalised(name), version if isinstance(version, str) else "")
    pins = {name: version for name, version in names.items() if version}
    return Demand(tuple(names), pins, files=(path,), is_complete=isinstance(data, dict))


def locked(demand: Demand, path: str, places: Places) -> Demand:
    """A demand with all that hangs on it by a poetry.lock, uv.lock or pdm.lock, in the lock's versions.

    A lock that is not known or holds none of it changes nothing but what is read.
    """
    found = _packages(read_table(places.text(path)).get("package"))
    names = dict.fromkeys(demand.names)
    pending = list(names)
    while pending:
        for name in _requirements(found.get(pending.pop(), [])):
            if name not in names and name in found:
                names[name] = None
                pending.append(name)
    return Demand(
        tuple(names),
        {**demand.pins, **{name: pin for name, pin in _pins(found).items() if name in names}},
        demand.extras,
        demand.markers,
        (*demand.files, path),
        demand.projects,
        demand.archives,
        demand.sources,
        demand.links,
        demand.scripts,
        demand.is_complete and bool(found),
    )


def local_packages(names: Iterable[str], path: str, places: Places) -> Mapping[str, str]:
    """The folders, relative to a uv.lock, of the packages in these names and in all that hangs on them that are local.

    A workspace's members have `source = { editable = "libs/prices" }`, or directory, or virtual.
    """
    found = _packages(read_table(places.text(path)).get("package"))
    reached = locked(Demand(tuple(map(normalised, names))), path, places).names
    folders: dict[str, str] = {}
    for name in reached:
        for entry in found.get(name, []):
            source = section(entry, "source")
            folder = next((source[kind] for kind in ("editable", "directory", "virtual") if kind in source), None)
            if isinstance(folder, str):
                folders[name] = folder
    return folders


def _packages(entries: object) -> dict[str, list[Mapping[str, Any]]]:
    """The packages of a lock by name; several where markers decide between versions."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            found.setdefault(normalised(entry["name"]), []).append(entry)
    return found


def _pins(found: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, str]:
    versions = {name: {str(entry.get("version", "")) for entry in entries} for name, entries in found.items()}
    return {name: f"=={next(iter(each))}" for name, each in versions.items() if len(each) == 1 and "" not in each}


def _requirements(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The names that a package of a lock requires: a table in poetry.lock, a list in the others."""
    for entry in entries:
        needed = entry.get("dependencies")
        for each in needed if isinstance(needed, list | dict) else ():
            name = each.get("name") if isinstance(each, dict) else each
            if isinstance(name, str) and (match := re.match(r"[\w.-]+", name)):
                yield normalised(match[0])
