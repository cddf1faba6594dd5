"""A service of a compose file with every short form written long, and its paths as the build context names them.

https://docs.docker.com/reference/compose-file/services/, read 2026-11.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydock.context.compose.interpolation import begins_unset, moved
from pydock.patterns import regex

Entry = Mapping[str, Any]
_REMOTE = regex(r"\w[\w+.-]*://|git@|github\.com/|[\w.-]+\.git\b|service:")
_WINDOWS = regex(r"[A-Za-z]:[\\/]|\\\\")
# Compose is mostly run in the folder of its file.
_HERE = (moved("$PWD"), moved("${PWD}"))
_PARTS = regex(r"(?:[A-Za-z]:(?=[\\/]))?[^:]*")
_PORT = regex(r"(?:(?P<ip>\[[^\]]*\]|[^\[\]]*?):)??(?:(?P<published>[^:]*):)?(?P<target>[^:/]+)(?:/(?P<protocol>\w+))?")
_RANGE = regex(r"(\d{1,5})-(\d{1,5})")
_MOST_PORTS = 1_000


class ProjectFolder:
    """The folder that a compose file names paths from; all of them are told from `root` on."""

    def __init__(self, root: str, path: str) -> None:
        self.root = root
        self.path = path

    def located(self, path: str) -> str:
        """A path as the build context names it: it begins with a dot, or it is absolute or none of this machine."""
        for here in _HERE:
            if path.startswith(here):
                path = f".{path[len(here) :]}"
        if not path or path[0] in "/~" or begins_unset(path) or _WINDOWS.match(path):
            return path
        inside = posixpath.relpath(posixpath.join(self.root, self.path, path), self.root)
        return inside if inside.startswith(".") and inside[1:2] in {"", "."} else f"./{inside}"


def canonical(entry: Entry, folder: ProjectFolder) -> Entry:
    """A service with long forms."""
    return {name: _LONG[name](value, folder) if name in _LONG else value for name, value in entry.items()}


def said(value: object) -> str:
    """A scalar as Go prints it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        case _:
            return str(value)


def pairs(value: object, folder: ProjectFolder | None = None) -> dict[str, str | None]:
    """Names and values of a mapping or a list, None for a name alone."""
    if isinstance(value, dict):
        return {name: None if each is None else said(each) for name, each in value.items()}
    split = (said(each).partition("=") for each in listed(value))
    return {name: rest if equals else None for name, equals, rest in split}


def listed(value: object) -> list[Any]:
    """A list, of one where no list is written."""
    return value if isinstance(value, list) else [] if value is None or isinstance(value, dict) else [value]


def volume(value: object, folder: ProjectFolder) -> Entry:
    """An entry of `volumes:`."""
    if isinstance(value, dict):
        is_bind = value.get("type") == "bind"
        return {**value, "source": folder.located(said(value.get("source")))} if is_bind else value
    parts = [part for part in _PARTS.findall(said(value)) if part]
    if len(parts) < 2:
        return {"type": "volume", "target": "".join(parts)}
    source, target, options = parts[0], parts[1], ",".join(parts[2:]).split(",")
    # What has no value may be a folder; a named volume is hardly ever told by a variable.
    is_bind = source[0] in "./~" or begins_unset(source) or _WINDOWS.match(source) is not None
    kind = {"type": "bind" if is_bind else "volume", "source": folder.located(source) if is_bind else source}
    return {**kind, "target": target, **({"read_only": True} if "ro" in options else {})}


def _build(value: object, folder: ProjectFolder) -> object:
    entry: dict[str, Any] = {**value} if isinstance(value, dict) else {"context": value} if value else {}
    if isinstance(context := entry.get("context"), str) and not is_remote(context):
        entry["context"] = folder.located(context)
    elif context is None and "dockerfile_inline" not in entry and entry:
        entry["context"] = folder.located(".")
    for name in ("args", "labels", "additional_contexts"):
        if name in entry:
            entry[name] = pairs(entry[name])
    return entry


def is_remote(context: str) -> bool:
    """Whether a build context is no folder of this machine."""
    return _REMOTE.match(context) is not None


def _env_files(value: object, folder: ProjectFolder) -> object:
    entries = [each if isinstance(each, dict) else {"path": each} for each in listed(value)]
    return [{"required": True, **each, "path": folder.located(said(each.get("path")))} for each in entries]


def _dependencies(value: object, folder: ProjectFolder) -> object:
    found: Mapping[str, Any] = value if isinstance(value, dict) else {said(name): {} for name in listed(value)}
    default = {"condition": "service_started", "required": True}
    return {name: {**default, **each} if isinstance(each, dict) else default for name, each in found.items()}


def _names(value: object, folder: ProjectFolder) -> object:
    return value if isinstance(value, dict) else {said(name): None for name in listed(value)}


def _texts(value: object, folder: ProjectFolder) -> object:
    return [said(each) for each in listed(value)]


def _mounts_of_files(value: object, folder: ProjectFolder) -> object:
    return [each if isinstance(each, dict) else {"source": said(each)} for each in listed(value)]


def _extends(value: object, folder: ProjectFolder) -> object:
    entry = {"service": value} if isinstance(value, str) else value
    if isinstance(entry, dict) and isinstance(entry.get("file"), str):
        return {**entry, "file": folder.located(entry["file"])}
    return entry


def _develop(value: object, folder: ProjectFolder) -> object:
    watched = value.get("watch") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(watched, list):
        return value
    entries = [each for each in watched if isinstance(each, dict)]
    return {**value, "watch": [{**each, "path": folder.located(said(each.get("path")))} for each in entries]}


def _ports(value: object, folder: ProjectFolder) -> object:
    found: list[Entry] = []
    for each in listed(value):
        if isinstance(each, dict):
            published = {"published": said(each["published"])} if each.get("published") is not None else {}
            found.append({"mode": "ingress", "protocol": "tcp", **each, **published})
        elif match := _PORT.fullmatch(said(each)):
            found += _of_port(match["ip"], match["published"], match["target"], match["protocol"])
        if len(found) > _MOST_PORTS:
            break
    return found


def _of_port(host: str | None, published: str | None, target: str, protocol: str | None) -> Iterator[Entry]:
    """A published port, or each of a range of them."""
    inside, outside = _RANGE.fullmatch(target), _RANGE.fullmatch(published or "")
    first, last = (int(inside[1]), min(int(inside[2]), int(inside[1]) + _MOST_PORTS)) if inside else (0, 0)
    is_one = outside is None or int(outside[2]) - int(outside[1]) != last - first
    for at in range(last - first + 1):
        number: str | int = first + at if inside else int(target) if target.isdigit() else target
        here = published if outside is None or is_one else str(int(outside[1]) + at)
        entry: dict[str, Any] = {"mode": "ingress", "target": number, "protocol": (protocol or "tcp").lower()}
        if here:
            entry["published"] = here
        if host:
            entry["host_ip"] = host.strip("[]")
        yield entry


_LONG: Mapping[str, Callable[[object, ProjectFolder], object]] = {
    "annotations": pairs,
    "build": _build,
    "configs": _mounts_of_files,
    "depends_on": _dependencies,
    "develop": _develop,
    "dns": _texts,
    "env_file": _env_files,
    "environment": pairs,
    "expose": _texts,
    "extends": _extends,
    "labels": pairs,
    "links": _texts,
    "networks": _names,
    "ports": _ports,
    "profiles": _texts,
    "secrets": _mounts_of_files,
    "sysctls": pairs,
    "tmpfs": _texts,
    "volumes": lambda value, folder: [volume(each, folder) for each in listed(value)],
    "volumes_from": _texts,
}
