"""Whom a request would make a resolver ask, and why it may not."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from pydock.hosts import Origin, is_allowed, origin, usual
from pydock.project.pins import Request
from pydock.project.secrets import mask


def refusal(request: Request) -> str:
    """Why a resolver is not asked, "" where it may be.

    It would put values of this machine where a line has `${NAME}`, and ask every address that stands
    in a line.
    """
    for line in (*request.requirements, *request.constraints, *_indexes(request)):
        if "$" in line:
            return f"{_shown(line)} has a variable in it, which only the build knows"
    for address in _addresses(request):
        asked = origin(address)
        if asked is None:
            return f"{_shown(address)} is no plain address of a server"
        if not is_allowed(asked, request.hosts):
            return f"only the project names {asked}, which is asked with --allow-hosts {asked}"
    return ""


def asked(request: Request) -> tuple[Origin, ...]:
    """The hosts that are asked first, each once; what their answers name comes on top."""
    named = (found for address in _addresses(request) if (found := origin(address)))
    index = () if request.indexes.index or request.indexes.is_closed else usual()
    return tuple(dict.fromkeys((*index, *named)))


def _indexes(request: Request) -> tuple[str, ...]:
    where = request.indexes
    return *filter(None, [where.index]), *where.extra, *where.links


def _addresses(request: Request) -> Iterator[str]:
    """All that is no name of a package, as it would be read: what is neither is an address that is not plain."""
    yield from _indexes(request)
    for line in (*request.requirements, *request.constraints):
        try:
            url = Requirement(line).url
        except InvalidRequirement:
            url = line
        if url is not None:
            yield url


def _shown(line: str) -> str:
    """A line without what may be a secret in it: of an address no more than who is asked."""
    name, at, address = line.rpartition("@ ")
    if "://" not in address:
        return mask(line)
    parts = urlsplit(address)
    return f"{name}{at}{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
