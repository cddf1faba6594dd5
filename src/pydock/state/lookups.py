"""Whether a need is met at one place of a build, and by whom."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pydock.images.base import FOLDERS, in_suite, is_debian_program
from pydock.state.answers import Answer, Found, ancestors, is_below
from pydock.state.effect import Kind
from pydock.state.needs import (
    Below,
    Buildable,
    Distribution,
    Distributions,
    File,
    Folder,
    InSuite,
    Library,
    Matching,
    Module,
    Need,
    NotAMount,
    OlderRelease,
    Package,
    PackageLists,
    Place,
    Program,
    Source,
    SourceLink,
    Thing,
    Toolchain,
    User,
    Variable,
    Writable,
)
from pydock.state.numbers import BASE, NOBODY, Numbers

if TYPE_CHECKING:
    from pydock.state.image import State

KINDS: dict[type, Kind] = {
    File: Kind.FILE,
    Folder: Kind.FILE,
    Place: Kind.FILE,
    User: Kind.USER,
    Package: Kind.PACKAGE,
    Library: Kind.LIBRARY,
    Distribution: Kind.DISTRIBUTION,
    SourceLink: Kind.DISTRIBUTION,
    Module: Kind.DISTRIBUTION,
    PackageLists: Kind.LISTS,
    Variable: Kind.VARIABLE,
}
# A user or a package lies nowhere.
KINDS_WITH_PLACES = frozenset({Kind.FILE, Kind.DISTRIBUTION})
# Where a Debian image has files of its own that no table lists.
_SYSTEM_FOLDERS = ("/etc", "/usr", "/bin", "/lib", "/lib64", "/proc", "/sys", "/dev", "/var/lib", "/sbin")
_OF_BASE = Numbers.of(BASE)
_NOT_THE_SYSTEMS = ("/usr/src", "/usr/local/bin", "/usr/local/share")


def find(state: State, need: Need) -> Found:
    """Whether a need is met, and by whom."""
    match need:
        case Program(name) | OlderRelease(name):
            return _program(state, name)
        case Place(path) | Writable(path):
            found = find(state, File(path))
            return found if found.answer is Answer.YES else find(state, Folder(path))
        case Matching(pattern):
            return _matching(state, pattern)
        case Buildable(path):
            return _buildable(state, path)
        case Module(environment, name):
            return _module(state, environment, name)
        case Source(suite):
            return _source(state, suite)
        case InSuite(package):
            known = in_suite(package, state.base.suite)
            return Found(Answer.UNKNOWN if known is None else Answer.YES if known else Answer.NO)
        case NotAMount(path):
            return Found(Answer.NO if path in state.mounts else Answer.YES)
        case Below() | Distributions() | Variable() | Toolchain():
            return Found(Answer.YES, _all_makers(state, need))
        case _:
            return _thing(state, need)


def _all_makers(state: State, need: Below | Distributions | Variable | Toolchain) -> Numbers:
    match need:
        case Below(path):
            return _makers_below(state, path)
        case Distributions(environment):
            return _makers_of_distributions(state, environment)
        case Variable(name):
            return state.setters.get(name) or NOBODY
        case Toolchain():
            return state.makers(Toolchain())


def _thing(state: State, thing: Thing) -> Found:
    if thing in state.things:
        return Found(Answer.YES, state.things[thing])
    in_base = _in_base(state, thing)
    if in_base:
        return Found(Answer.YES, _OF_BASE)
    if isinstance(thing, Library) and Package(thing.package) in state.things:
        return Found(Answer.YES, state.things[Package(thing.package)])
    makers = openers(state, KINDS[type(thing)], getattr(thing, "path", "/"))
    if makers or in_base is None:
        return Found(Answer.UNKNOWN, makers or _OF_BASE)
    return Found(Answer.NO)


def _in_base(state: State, thing: Thing) -> bool | None:
    match thing:
        case Folder(path) if path in FOLDERS:
            return state.base.has_folder(path)
        case File(path) | Folder(path):
            is_mounted = any(is_below(path, place) for place in state.mounts)
            return None if is_mounted or _is_unlisted(state, path) else False
        case User(name):
            return state.base.has_user(name)
        case Package(name):
            return state.base.has_package(name)
        case Library(package):
            return state.base.has_library(package)
        case PackageLists():
            return None if not state.base.is_known else False
        case Distribution(environment, name) if environment == "/usr/local":
            return name in {"pip"} if state.base.is_known else None
        case _:
            return False


def _is_unlisted(state: State, path: str) -> bool:
    """Whether the base image may have something there that no table lists."""
    is_systems = any(is_below(path, place) for place in _SYSTEM_FOLDERS)
    is_systems &= not any(is_below(path, place) for place in _NOT_THE_SYSTEMS)
    return is_systems or not state.base.is_known


def _program(state: State, name: str) -> Found:
    if "/" in name:
        path = state.at(name)
        return find(state, File(path)) if path else Found(Answer.UNKNOWN)
    for folder in state.path:
        if makers := state.makers(File(f"{folder}/{name}")):
            return Found(Answer.YES, makers)
    in_base = state.base.has_program(name)
    if in_base:
        return Found(Answer.YES, _OF_BASE)
    possible = NOBODY
    for folder in state.path:
        possible |= openers(state, Kind.FILE, f"{folder}/{name}")
    if is_debian_program(name):
        # What pip brings along is no program of Debian's.
        possible -= state.installers
    if possible or in_base is None:
        return Found(Answer.UNKNOWN, possible or _OF_BASE)
    return Found(Answer.NO)


def _module(state: State, environment: str, name: str) -> Found:
    distribution = name.partition(".")[0].replace("_", "-").lower()
    if makers := state.makers(Distribution(environment, distribution)):
        return Found(Answer.YES, makers)
    brought = state.known.tallies.modules(environment)
    makers = brought | openers(state, Kind.DISTRIBUTION, environment)
    if not makers and not state.base.is_known:
        return Found(Answer.UNKNOWN, _OF_BASE)
    return Found(Answer.UNKNOWN if makers else Answer.NO, makers)


def _source(state: State, suite: str) -> Found:
    lists = [path for path in state.files_below("/etc/apt") if suite in (state.text(path) or suite)]
    makers = Numbers.joined(state.makers(File(path)) for path in lists)
    if openers(state, Kind.LISTS, "/"):
        return Found(Answer.UNKNOWN, makers)
    if not makers and not state.base.is_known:
        return Found(Answer.UNKNOWN, _OF_BASE)
    return Found(Answer.YES if makers else Answer.NO, makers)


def _matching(state: State, pattern: str) -> Found:
    stem = pattern
    for mark in "*?[":
        stem = stem.partition(mark)[0]
    folder = posixpath.dirname(stem) or "/"
    makers = Numbers.joined(
        state.makers(File(path)) for path in state.files_below(folder) if fnmatchcase(path, pattern)
    )
    if makers:
        return Found(Answer.YES, makers)
    possible = openers(state, Kind.FILE, folder)
    if not possible and _is_unlisted(state, folder):
        return Found(Answer.UNKNOWN, _OF_BASE)
    return Found(Answer.UNKNOWN if possible else Answer.NO, possible)


def _buildable(state: State, path: str) -> Found:
    """https://pip.pypa.io/en/stable/reference/build-system/, read 2026-11."""
    asked = [find(state, File(posixpath.join(path, name))) for name in ("pyproject.toml", "setup.py")]
    makers = Numbers.joined(found.makers for found in asked)
    for answer in (Answer.YES, Answer.UNKNOWN):
        if any(found.answer is answer for found in asked):
            return Found(answer, makers)
    return Found(Answer.NO)


def _makers_below(state: State, place: str) -> Numbers:
    known = state.makers(File(place)) | state.makers(Folder(place)) | openers(state, Kind.FILE, place)
    return state.makers_below(place) | known


def _makers_of_distributions(state: State, environment: str) -> Numbers:
    return state.known.tallies.installed(environment) | openers(state, Kind.DISTRIBUTION, environment)


def openers(state: State, kind: Kind, path: str) -> Numbers:
    """The steps that may have made a thing of this kind at a path."""
    found = NOBODY
    for place in ancestors(path) if state.opened else ():
        if (opened := state.opened.get((kind, place))) is not None:
            found |= opened
    return found
