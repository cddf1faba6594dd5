"""The demand of a local project, of any build backend, with its groups and its console scripts; nothing is run."""

from __future__ import annotations

import configparser
import posixpath
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from pydock.packages import poetry
from pydock.packages.demand import UNREAD, Demand, LocalProject, Places, joined, normalised
from pydock.packages.lists import of_set
from pydock.packages.metadata import asked_for, manifest_of
from pydock.packages.operands import of_requirement
from pydock.packages.setup_script import argument, lines
from pydock.values import Value, replace

# As many local projects as one install is followed into.
_MOST_PROJECTS = 200
# A lock may be large: as many as one service has at the same time.
_MOST_TABLES = 16
_LEGACY = ("setup.cfg", "setup.py")
ALL_EXTRAS = "*"


class Groups(Value):
    """The dependency groups that an install takes: all that are not optional but `without`, and `only` these.

    `has_main` is false where the project's own dependencies are left out, `has_project` where the project itself is.
    `names` are what is asked for beside the default ones.
    """

    names: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    has_defaults: bool = False
    has_all: bool = False
    has_main: bool = True
    has_project: bool = True


NO_GROUPS = Groups()


def with_projects(demand: Demand, places: Places, groups: Groups = NO_GROUPS) -> Demand:
    """A demand with that of all local projects that it and they name; `groups` says what of each is installed."""
    seen: dict[LocalProject, None] = {}
    parts, pending = [demand], list(demand.projects)
    while pending:
        project = pending.pop()
        if project in seen:
            continue
        seen[project] = None
        if len(seen) > _MOST_PROJECTS:
            parts.append(UNREAD)
            break
        parts.append(of_project(project, places, groups))
        pending += parts[-1].projects
    return joined(parts)


def of_project(project: LocalProject, places: Places, groups: Groups = NO_GROUPS) -> Demand:
    """What an install of a project asks for: its own name, its dependencies, those of extras and of groups."""
    table = read_table(places.text(posixpath.join(project.path, "pyproject.toml")))
    parts = [_own(project.path, table, places)] if groups.has_project else []
    if groups.has_main:
        parts.append(_main(project, table, places))
    parts += _of_groups(project, table, groups, places)
    files = tuple(
        path
        for name in ("pyproject.toml", *_LEGACY)
        if places.text(path := posixpath.join(project.path, name)) is not None
    )
    return joined([*parts, Demand(files=files)])


@lru_cache(maxsize=_MOST_TABLES)
def read_table(text: str | None) -> Mapping[str, Any]:
    """The content of a TOML file, nothing where it cannot be read; many questions go to one, and nobody changes it."""
    try:
        return tomllib.loads(text or "")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {}


def section(table: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """A table below others, an empty one where there is none."""
    for name in names:
        inner = table.get(name)
        if not isinstance(inner, Mapping):
            return {}
        table = inner
    return table


def _main(project: LocalProject, table: Mapping[str, Any], places: Places) -> Demand:
    known = section(table, "project", "optional-dependencies") or section(table, "tool", "poetry", "extras")
    extras = tuple(known) if ALL_EXTRAS in project.extras else project.extras
    manifest = manifest_of(project.path, ",".join(extras), places.text)
    if manifest is None:
        return UNREAD
    found = of_set(asked_for(manifest, places.text), places)
    local = (*_sources_of_uv(project.path, table), *_folders_of_poetry(project.path, table))
    parts = [_flit(table, extras, places), *local]
    if not found.is_complete and posixpath.basename(manifest.partition("[")[0]) == "pyproject.toml":
        # setuptools asks setup.cfg and setup.py for what is dynamic.
        others = [posixpath.join(project.path, name) for name in _LEGACY]
        legacy = [of_set(asked_for(path, places.text), places) for path in others if places.text(path) is not None]
        parts += legacy
        if legacy and any(each.names and each.is_complete for each in legacy) and "dependencies" in _dynamic(table):
            found = replace(found, is_complete=True)
            parts = [replace(part, is_complete=True) for part in parts]
    elif parts[0].names:
        found = replace(found, is_complete=True)
    return joined([found, *parts])


def _dynamic(table: Mapping[str, Any]) -> tuple[str, ...]:
    named = section(table, "project").get("dynamic")
    return tuple(map(str, named)) if isinstance(named, list) else ()


def _flit(table: Mapping[str, Any], extras: Iterable[str], places: Places) -> Demand:
    """The tables of flit before PEP 621 (https://flit.pypa.io/en/stable/pyproject_toml.html#old-style-metadata)."""
    old = section(table, "tool", "flit", "metadata")
    optional = section(old, "requires-extra")
    return joined([of_texts(old.get("requires"), places), *(of_texts(optional.get(each), places) for each in extras)])


def _sources_of_uv(folder: str, table: Mapping[str, Any]) -> Iterator[Demand]:
    """Local folders that stand for packages (https://docs.astral.sh/uv/concepts/projects/dependencies/#path)."""
    for name, source in section(table, "tool", "uv", "sources").items():
        if isinstance(source, Mapping) and isinstance(path := source.get("path"), str):
            where = posixpath.normpath(posixpath.join(folder, path))
            if path.endswith((".whl", ".gz", ".zip")):
                yield Demand((normalised(name),), archives=(where,))
            else:
                yield Demand((normalised(name),), projects=(LocalProject(where),))


def _folders_of_poetry(folder: str, table: Mapping[str, Any]) -> Iterator[Demand]:
    """Local folders by path (https://python-poetry.org/docs/dependency-specification/#path-dependencies)."""
    for name, source in section(table, "tool", "poetry", "dependencies").items():
        if isinstance(source, Mapping) and isinstance(path := source.get("path"), str):
            where = posixpath.normpath(posixpath.join(folder, path))
            if path.endswith((".whl", ".gz", ".zip")):
                yield Demand((normalised(name),), archives=(where,))
            else:
                yield Demand((normalised(name),), projects=(LocalProject(where, (), source.get("develop") is True),))


def _of_groups(project: LocalProject, table: Mapping[str, Any], groups: Groups, places: Places) -> Iterator[Demand]:
    standard = section(table, "dependency-groups")
    of_poetry = section(table, "tool", "poetry", "group")
    of_pdm = section(table, "tool", "pdm", "dev-dependencies")
    old = section(table, "tool", "poetry", "dev-dependencies")
    wanted = [name for name in (*standard, *of_pdm) if groups.has_all]
    wanted += [
        name for name, group in of_poetry.items() if groups.has_all or (groups.has_defaults and not _is_optional(group))
    ]
    wanted += [*(["dev"] if groups.has_defaults else []), *groups.names]
    for name in dict.fromkeys(map(str, wanted)):
        if name in groups.without:
            continue
        if name in of_poetry:
            yield _of_poetry(section(of_poetry, name), places)
        elif name == "dev" and old:
            yield _of_poetry({"dependencies": old}, places)
        elif name in standard:
            yield of_group(standard, name, places)
        elif name in of_pdm:
            yield of_texts(of_pdm[name], places)
        elif name != "dev":
            yield UNREAD


def _is_optional(group: object) -> bool:
    return isinstance(group, Mapping) and group.get("optional") is True


def of_group(groups: Mapping[str, Any], name: str, places: Places) -> Demand:
    """One group of [dependency-groups] with what it includes."""
    parts: list[Demand] = []
    pending, seen = [name], set()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        entries = groups.get(current)
        if not isinstance(entries, list):
            return UNREAD
        parts.append(of_texts([each for each in entries if isinstance(each, str)], places))
        included = [each for each in entries if isinstance(each, dict) and "include-group" in each]
        pending += [str(each["include-group"]) for each in included]
    return joined(parts)


def _of_poetry(tables: Mapping[str, Any], places: Places) -> Demand:
    parts = []
    if not isinstance(tables.get("dependencies", {}), Mapping):
        return UNREAD
    for name, wanted in poetry.dependencies(tables, ()):
        try:
            parts.append(of_requirement(Requirement(poetry.requirement(name, wanted)), places))
        except (ValueError, InvalidRequirement):
            parts.append(Demand((normalised(name),), is_complete=False))
    return joined(parts)


def of_texts(texts: object, places: Places) -> Demand:
    """The demand of a list of requirements; of nothing where there is no list."""
    if texts is None:
        return Demand()
    if not isinstance(texts, list):
        return UNREAD
    parts = []
    for text in texts:
        try:
            parts.append(of_requirement(Requirement(str(text)), places))
        except (InvalidRequirement, RecursionError):
            parts.append(UNREAD)
    return joined(parts)


def _own(folder: str, table: Mapping[str, Any], places: Places) -> Demand:
    """The project itself, by name, and its console scripts."""
    project, old = section(table, "project"), section(table, "tool", "poetry")
    flit = section(table, "tool", "flit")
    scripts = [*section(project, "scripts"), *section(project, "gui-scripts"), *section(old, "scripts")]
    scripts += section(flit, "scripts")
    name = project.get("name") or old.get("name") or section(flit, "metadata").get("module")
    known, more = _of_setup_script(places.text(posixpath.join(folder, "setup.py")))
    configured, others = _of_configuration(places.text(posixpath.join(folder, "setup.cfg")))
    name = name if isinstance(name, str) else known or configured
    named = tuple(dict.fromkeys(map(str, (*scripts, *more, *others))))
    return Demand((normalised(name),) if name else (), scripts=named)


def _of_configuration(text: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The name and the console scripts in setup.cfg."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text or "")
    except configparser.Error:
        return None, ()
    name = parser.get("metadata", "name", fallback=None)
    found = _entry_points(parser.get("options.entry_points", "console_scripts", fallback="") or "")
    files = (parser.get("options", "scripts", fallback="") or "").splitlines()
    return name, (*found, *(posixpath.basename(file.strip()) for file in files if file.strip()))


def _of_setup_script(text: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The name and the console scripts in setup.py, as far as they stand there in plain words."""
    if text is None:
        return None, ()
    name, points, files = (_argument(text, each) for each in ("name", "entry_points", "scripts"))
    console = points.get("console_scripts") if isinstance(points, Mapping) else points
    if isinstance(console, str) and not isinstance(points, Mapping):
        _, _, console = console.partition("[console_scripts]")
        console = console.partition("[")[0]
    try:
        found = _entry_points("\n".join(lines(console)) if console else "")
        programs = tuple(posixpath.basename(file) for file in lines(files)) if files else ()
    except ValueError:
        found, programs = (), ()
    return name if isinstance(name, str) else None, (*found, *programs)


def _argument(text: str, name: str) -> object:
    try:
        return argument(text, name)
    except ValueError:
        return None


def _entry_points(text: str) -> tuple[str, ...]:
    """The names of entry points that are written `name = module:function`, one a line."""
    return tuple(line.partition("=")[0].strip() for line in text.splitlines() if "=" in line)
