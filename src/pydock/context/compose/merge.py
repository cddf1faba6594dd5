"""One service over another, as compose merges files and what a service extends.

https://docs.docker.com/reference/compose-file/merge/, read 2026-11; what that leaves open is as in
https://github.com/compose-spec/compose-go/blob/main/override/merge.go, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydock.context.compose.canonical import said
from pydock.yaml_text import Override, Reset

Path = tuple[str, ...]
# What is taken whole from the file on top.
_WHOLE = {("command",), ("entrypoint",), ("healthcheck", "test")}


def merged(below: Any, above: Any, path: Path = ()) -> Any:
    """What a service, or a part of one at `path`, is with another one on top of it."""
    if path in _WHOLE:
        return above
    if above is None:
        return below
    if path == ("logging",) and _driver(below) != _driver(above) and _driver(below) and _driver(above):
        return above
    match below, above:
        case dict(), dict():
            both = {**below, **above}
            return {
                name: merged(below[name], value, (*path, name)) if name in below and name in above else value
                for name, value in both.items()
            }
        case list(), list():
            return unique([*below, *above], path)
        case _:
            return above


def _driver(value: object) -> object:
    return value.get("driver") if isinstance(value, dict) else None


def unique(entries: list[Any], path: Path) -> list[Any]:
    """A list of which each entry tells another thing: the last one that tells it, in the place of the first."""
    identity = _IDENTITY.get(path)
    if identity is None:
        return entries
    found: dict[object, Any] = {}
    for entry in entries:
        found[identity(entry)] = entry
    return list(found.values())


def _target(entry: Any) -> object:
    return said(entry.get("target")) if isinstance(entry, dict) else said(entry)


def _port(entry: Any) -> object:
    if not isinstance(entry, dict):
        return said(entry)
    names = ("host_ip", "published", "target", "protocol")
    return tuple(said(entry.get(name, "0.0.0.0" if name == "host_ip" else "")) for name in names)


def _name(entry: Any) -> object:
    return said(entry).partition("=")[0]


def _mounted(entry: Any) -> object:
    return said(entry.get("target") or entry.get("source")) if isinstance(entry, dict) else said(entry)


_IDENTITY: Mapping[Path, Callable[[Any], object]] = {
    ("volumes",): _target,
    ("ports",): _port,
    ("env_file",): lambda entry: said(entry.get("path")) if isinstance(entry, dict) else said(entry),
    ("configs",): _mounted,
    ("secrets",): _mounted,
    **{(name,): _name for name in ("cap_add", "cap_drop", "dns", "expose", "links", "profiles", "tmpfs")},
}


def unmarked(value: Any, path: Path = (), resets: set[Path] | None = None) -> tuple[Any, set[Path]]:
    """A document without `!reset` and `!override`, and the places where a file below loses what it has."""
    found = set[Path]() if resets is None else resets
    match value:
        case Override():
            found.add(path)
            return unmarked(value.value, path, set())[0], found
        case dict():
            kept = {said(name): each for name, each in value.items() if not isinstance(each, Reset)}
            found |= {(*path, said(name)) for name, each in value.items() if isinstance(each, Reset)}
            return {name: unmarked(each, (*path, name), found)[0] for name, each in kept.items()}, found
        case list():
            entries = (each for each in value if not isinstance(each, Reset))
            return [unmarked(each, (*path, ""), found)[0] for each in entries], found
        case _:
            return value, found


def without(value: Any, resets: Iterable[Path]) -> Any:
    """A mapping without what stands at these places."""
    for path in resets:
        value = _without(value, path)
    return value


def _without(value: Any, path: Path) -> Any:
    if not isinstance(value, dict) or not path or path[0] not in value:
        return value
    if len(path) == 1:
        return {name: each for name, each in value.items() if name != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}
