"""What one word of an install names: a package of an index, a folder, an archive, a repository.

Forms: https://pip.pypa.io/en/stable/cli/pip_install/#argument-handling and https://pip.pypa.io/en/stable/topics/vcs-support/,
read 2026-11.
"""

from __future__ import annotations

import posixpath
import re

from packaging.requirements import InvalidRequirement, Requirement

from pydock.packages.demand import UNREAD, Demand, Link, LocalProject, Places, normalised
from pydock.patterns import regex

_NAME = regex(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)(\]?))?")
_ENDED = regex(r"\s*[<>=!~;@ ]")
_REPOSITORY = regex(r"(git|hg|svn|bzr)\+(?:([\w.-]+)://)?")
_EGG = regex(r"[#&]egg=([A-Za-z0-9][\w.-]*)(?:\[([^\]]*)\])?")
_WHEEL = regex(r"([A-Za-z0-9][\w.]*)-\d[^/]*\.whl\Z")
_SDIST = regex(r"([A-Za-z0-9][\w.-]*?)-v?\d[^/]*\.(?:tar\.\w+|tgz|zip)\Z")
_ARCHIVE = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")
_EXTRAS = regex(r"(.*?)\[([^\[\]]*)\]\Z", re.DOTALL)
_PROGRAMS = {"git": "git", "hg": "hg", "svn": "svn", "bzr": "bzr"}


def is_place(text: str) -> bool:
    """Whether pip would read this argument as a local path."""
    bare = text.split("[", 1)[0]
    if "://" in bare:
        return False
    is_path = bare in {".", ".."} or bare.startswith(("./", "../", "~/")) or "/" in bare
    return (is_path and "@" not in text) or bare.endswith((".whl", ".tar.gz", ".zip"))


def of_operand(head: str, places: Places, *, is_known: bool = True, is_editable: bool = False) -> Demand:
    """What a word asks for; `head` is as much of its beginning as is known."""
    if is_editable or is_place(head) or "://" in head.partition(";")[0].partition(" @")[0] or _REPOSITORY.match(head):
        return of_place(head, places, is_editable=is_editable, is_known=is_known)
    if not is_known:
        return begun(head)
    try:
        return of_requirement(Requirement(head), places)
    except (InvalidRequirement, RecursionError):
        # Such as an expansion that pip makes itself, `flask==${VERSION}`.
        return incomplete(begun(head))


def incomplete(demand: Demand) -> Demand:
    """The same demand, as one of which a part could not be read."""
    return Demand(demand.names, demand.pins, demand.extras, is_complete=False)


def of_requirement(requirement: Requirement, places: Places) -> Demand:
    """What a requirement of PEP 508 asks for."""
    name = normalised(requirement.name)
    pins = {name: str(requirement.specifier)} if requirement.specifier else {}
    extras = {name: tuple(sorted(map(normalised, requirement.extras)))} if requirement.extras else {}
    markers = {name: str(requirement.marker)} if requirement.marker else {}
    if not requirement.url:
        return Demand((name,), pins, extras, markers)
    found = of_place(requirement.url, places)
    projects = tuple(
        LocalProject(each.path, (*each.extras, *extras.get(name, ())), each.is_editable) for each in found.projects
    )
    is_complete = found.is_complete or bool(found.archives or found.links)
    return Demand(
        (name,), {}, extras, markers, (), projects, found.archives, links=found.links, is_complete=is_complete
    )


def of_place(text: str, places: Places, *, is_editable: bool = False, is_known: bool = True) -> Demand:
    """What a path or an address asks for: what a local project needs is a matter of its own files."""
    if repository := _REPOSITORY.match(text):
        return _of_repository(text, repository, places)
    bare, extras = _without_extras(text)
    if "://" in bare and not bare.startswith("file:"):
        name = _of_archive(bare.partition("#")[0]) or _egg(bare)
        return Demand((name,) if name else (), is_complete=name is not None)
    path = re.sub(r"\Afile:(?://)?", "", bare).partition("#")[0]
    where = places.at(path) if path or is_known else None
    if where is None or (not is_known and not path.startswith((".", "/", "~"))):
        return UNREAD
    if not is_known:
        return Demand(archives=(f"{where}*",), is_complete=False)
    if path.endswith(_ARCHIVE):
        name = None if "*" in path else _of_archive(path)
        return Demand(
            (name,) if name else (),
            extras={name: extras} if name and extras else {},
            archives=(where,),
            is_complete=False,
        )
    return Demand(projects=(LocalProject(where, extras, is_editable),))


def _of_repository(text: str, match: re.Match[str], places: Places) -> Demand:
    scheme = match[2] or "ssh"
    bare = text.partition("#")[0]
    found = _EGG.search(text)
    name = normalised(found[1]) if found else normalised(_repository_name(bare))
    extras = _listed(found[2]) if found and found[2] else ()
    link = Link(bare, _PROGRAMS[match[1]], scheme.endswith("ssh"))
    files = (places.at(bare.split("://", 1)[1].partition("@")[0]),) if scheme == "file" else ()
    return Demand(
        (name,) if name else (),
        extras={name: extras} if name and extras else {},
        sources=tuple(each for each in files if each),
        links=(link,),
        is_complete=found is not None,
    )


def _repository_name(address: str) -> str:
    name = posixpath.basename(address.rstrip("/"))
    return name.partition("@")[0].removesuffix(".git") if "/" in address else ""


def begun(head: str) -> Demand:
    """A requirement of which only the beginning is known: `weasyprint==`."""
    match = _NAME.match(head)
    if match is None or (match[2] is None and not _ENDED.match(head, match.end())):
        return UNREAD
    name = normalised(match[1])
    extras = _listed(match[2] or "")
    return Demand((name,), {}, {name: extras} if extras else {}, is_complete=match[2] is None or match[3] == "]")


def _without_extras(text: str) -> tuple[str, tuple[str, ...]]:
    match = _EXTRAS.match(text)
    return (match[1], _listed(match[2])) if match and not text.endswith("*]") else (text, ())


def _listed(extras: str) -> tuple[str, ...]:
    return tuple(normalised(extra.strip()) for extra in extras.split(",") if extra.strip())


def _of_archive(path: str) -> str | None:
    """The name of the package in an archive, by the archive's own name."""
    name = posixpath.basename(path)
    found = _WHEEL.match(name) or _SDIST.match(name)
    return normalised(found[1]) if found else None


def _egg(address: str) -> str | None:
    found = _EGG.search(address)
    return normalised(found[1]) if found else None
