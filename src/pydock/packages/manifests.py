"""What the files of other managers ask for: Pipfile, conda's environment.yml, pixi.toml.

Formats: https://pipenv.pypa.io/en/latest/pipfile.html, https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html,
https://pixi.sh/latest/reference/pixi_manifest/, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydock.packages.demand import Demand, LocalProject, Places, joined, normalised
from pydock.packages.lists import of_list
from pydock.packages.operands import of_operand, of_place
from pydock.packages.projects import read_table, section
from pydock.patterns import regex
from pydock.values import Value
from pydock.yaml_text import document

_CONDA = regex(r"\s*(?:[^\s:]+::)?([A-Za-z0-9_][\w.-]*)\s*(.*)\Z")
# Python itself and the likes of it are no packages of an environment.
_RUNTIME = frozenset({"python", "pypy"})


class CondaFile(Value):
    """An environment.yml: the environment's name and path, where the file says them, and what is asked for."""

    demand: Demand
    name: str | None = None
    prefix: str | None = None


def of_pipfile(path: str, places: Places, categories: Iterable[str] = ("packages",)) -> Demand:
    """What these parts of a Pipfile ask for."""
    text = places.text(path)
    table = read_table(text)
    parts = [_of_entry(name, entry, places) for each in categories for name, entry in section(table, each).items()]
    return joined([*parts, Demand(files=(path,), is_complete=bool(table) or text == "")])


def _of_entry(name: str, entry: object, places: Places) -> Demand:
    known = normalised(name)
    if not isinstance(entry, Mapping):
        return Demand((known,), {} if entry == "*" else {known: str(entry)})
    extras = entry.get("extras")
    listed = tuple(normalised(str(each)) for each in extras) if isinstance(extras, list) else ()
    found = Demand((known,), extras={known: listed} if listed else {})
    path, address, version = entry.get("path"), entry.get("git"), entry.get("version")
    if isinstance(path, str) and (where := places.at(path)):
        is_editable = entry.get("editable") is True
        return joined([found, Demand(projects=(LocalProject(where, listed, is_editable),))])
    if isinstance(address, str):
        return joined([found, Demand(links=of_place(f"git+{address}", places).links)])
    if isinstance(version, str) and version != "*":
        return Demand((known,), {known: version}, found.extras)
    return found


def of_conda_file(path: str, places: Places) -> CondaFile:
    """What an environment.yml asks for, what pip installs in it included."""
    text = places.text(path)
    data = document(text or "")
    entries = data.get("dependencies")
    parts = [Demand(files=(path,), is_complete=isinstance(entries, list))]
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str):
            parts.append(of_conda_word(entry))
        elif isinstance(entry, Mapping) and isinstance(listed := entry.get("pip"), list):
            parts += _of_pip_lines(listed, places)
    name, prefix = data.get("name"), data.get("prefix")
    return CondaFile(
        joined(parts), name if isinstance(name, str) else None, prefix if isinstance(prefix, str) else None
    )


def _of_pip_lines(listed: Iterable[Any], places: Places) -> Iterator[Demand]:
    for line in map(str, listed):
        option, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if option in {"-r", "--requirement"} and (path := places.at(value.strip())):
            yield of_list(path, places)
        elif option in {"-e", "--editable"}:
            yield of_place(value.strip(), places, is_editable=True)
        elif not line.startswith("-"):
            yield of_operand(line.strip(), places)


def of_conda_word(text: str) -> Demand:
    """What one specification of conda asks for: `numpy=1.26`, `conda-forge::gdal>=3`."""
    match = _CONDA.match(text)
    if match is None:
        return Demand(is_complete=False)
    name = normalised(match[1])
    if name in _RUNTIME:
        return Demand()
    return Demand((name,), {name: match[2].strip()} if match[2].strip() else {})


def of_pixi(path: str, places: Places, environment: str = "default") -> Demand:
    """What an environment of a pixi.toml, or of the tables of pixi in a pyproject.toml, asks for."""
    table = read_table(places.text(path))
    root = section(table, "tool", "pixi") or table
    chosen = section(root, "environments").get(environment, ())
    features = chosen.get("features", ()) if isinstance(chosen, Mapping) else chosen
    tables = [root, *(section(root, "feature", str(each)) for each in features if isinstance(features, list))]
    parts = [Demand(files=(path,), is_complete=bool(table))]
    for each in tables:
        parts += [of_conda_word(name) for name in section(each, "dependencies")]
        parts += [_of_entry(name, entry, places) for name, entry in section(each, "pypi-dependencies").items()]
    return joined(parts)
