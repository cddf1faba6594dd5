"""The demand of requirements files and of the projects and locks that are given in the place of one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.packages.demand import UNREAD, Demand, Places, joined
from pydock.packages.operands import begun, of_place, of_requirement
from pydock.packages.requirements import Entry, Kind, RequirementSet, read
from pydock.values import replace

_SOURCES = ("-f", "--find-links")


def of_list(path: str, places: Places) -> Demand:
    """What a requirements file asks for, with what it includes."""
    return of_set(read(path, places.text), places)


def of_set(found: RequirementSet, places: Places) -> Demand:
    """What requirements that are read ask for; a file that is not there is one of its files."""
    demand = joined([_of_entry(entry, places) for entry in found.entries])
    is_complete = demand.is_complete and not (found.missing or found.loop or found.troubles)
    files = (*found.files, *found.missing)
    sources = (*demand.sources, *_sources(found.constraints, places))
    return Demand(
        demand.names,
        demand.pins,
        demand.extras,
        demand.markers,
        tuple(dict.fromkeys(posixpath.normpath(file) for file in files)),
        demand.projects,
        demand.archives,
        sources,
        demand.links,
        demand.scripts,
        is_complete,
    )


def _of_entry(entry: Entry, places: Places) -> Demand:
    match entry.kind:
        case Kind.REQUIREMENT if entry.requirement:
            return of_requirement(entry.requirement, places)
        case Kind.EDITABLE:
            return of_place(entry.value, places, is_editable=True)
        case Kind.PLACE:
            return of_place(entry.value, places)
        case Kind.INVALID:
            return replace(begun(entry.text), is_complete=False)
        case Kind.INCLUDE | Kind.CONSTRAINT:
            # The address of a list.
            return UNREAD
        case _:
            return Demand(sources=tuple(_sources([entry], places)))


def _sources(entries: Iterable[Entry], places: Places) -> Iterable[str]:
    """The local folders that options of a file name as sources of packages."""
    for entry in entries:
        named = entry.text.replace("=", " ", 1).partition(" ")[0] in _SOURCES
        if entry.kind is Kind.OPTION and named and "://" not in entry.value and (path := places.at(entry.value)):
            yield path
