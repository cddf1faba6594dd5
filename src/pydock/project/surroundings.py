"""The compose services that a service is started with: its database, its broker.

Facts: https://docs.docker.com/reference/compose-file/services/ and .../interpolation/, read 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import all_services, environment, services, words
from pydock.text import expand
from pydock.values import Value, replace

_PORT = regex(r"(?<!\d)(\d+)(?:/tcp)?\Z")
_NAME = regex(r"[A-Za-z][\w.-]*")


class Needed(Value):
    """A service beside the one that is looked at.

    `names` are those by which others reach it; `test` is its health check as the Engine API takes it, None where the
    image decides, ("NONE",) where compose turns it off. `files` are (place in the container, path in the build
    context) of what compose mounts. `why_not` says why it cannot be started, "" where it can.
    """

    name: str
    image: str = ""
    names: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    user: str = ""
    test: tuple[str, ...] | None = None
    files: tuple[tuple[str, str], ...] = ()
    ports: tuple[int, ...] = ()
    is_job: bool = False
    why_not: str = ""


class Surroundings(Value):
    """What a service is started with: other services in the order of their start, and its own environment."""

    services: tuple[Needed, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    origin: str = ""


def surroundings(project: Project) -> Surroundings:
    """What compose starts with the one service that runs the image as it is; nothing where no service is that."""
    own = [each for each in services(project) if each.command is None and each.entrypoint is None]
    if not own:
        return Surroundings()
    service = own[0]
    entries = all_services(project, service.path)
    folder = posixpath.dirname(service.path)
    values = dict(_assignments(project.tree.text(posixpath.join(folder, ".env")) or ""))
    images = frozenset(each.name for each in services(project))
    found = tuple(
        _needed(project, folder, name, entries[name], values, is_own=name in images)
        for name in _order(entries, service.name)
    )
    given = tuple(_environment(project, folder, entries[service.name], values))
    finished = {name for name, condition in _dependencies(entries[service.name]) if condition.endswith("successfully")}
    marked = tuple(each if each.name not in finished else replace(each, is_job=True) for each in found)
    return Surroundings(marked, given, service.origin)


def _order(entries: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """What a service depends on, the first to start first; of services without that, those that it names."""
    found: list[str] = []

    def visit(service: str, on_the_way: frozenset[str]) -> None:
        for other, _ in _dependencies(entries[service]):
            if other in entries and other not in on_the_way:
                visit(other, on_the_way | {other})
                if other not in found:
                    found.append(other)

    visit(name, frozenset({name}))
    if not found:
        said = {word for _, value in environment(entries[name].get("environment")) for word in _words_of(value)}
        found = [other for other in entries if other != name and other in said and "build" not in entries[other]]
    return found


def _words_of(value: str | None) -> list[str]:
    return _NAME.findall(value or "")


def _dependencies(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(service, condition) of depends_on and links."""
    value = entry.get("depends_on")
    if isinstance(value, dict):
        for name, how in value.items():
            yield str(name), str(how.get("condition") or "") if isinstance(how, dict) else ""
    elif isinstance(value, list):
        yield from ((str(name), "") for name in value)
    links = entry.get("links")
    yield from ((str(link).partition(":")[0], "") for link in (links if isinstance(links, list) else ()))


def _needed(
    project: Project,
    folder: str,
    name: str,
    entry: Mapping[str, Any],
    values: Mapping[str, str | None],
    *,
    is_own: bool,
) -> Needed:
    image = _filled(str(entry.get("image") or ""), values)
    if is_own:
        return Needed(name, why_not="it is the same image with another command")
    if not image or "build" in entry:
        return Needed(name, why_not="compose builds its image, and only images are started")
    return Needed(
        name,
        image,
        tuple(dict.fromkeys([name, *_aliases(entry)])),
        tuple(_environment(project, folder, entry, values)),
        _command(entry.get("command"), values),
        _command(entry.get("entrypoint"), values),
        str(entry.get("user") or ""),
        _test(entry.get("healthcheck"), values),
        tuple(_files(project, folder, entry)),
        tuple(_ports(entry, values)),
    )


def _aliases(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(entry[key]) for key in ("container_name", "hostname") if entry.get(key))
    networks = entry.get("networks")
    for network in networks.values() if isinstance(networks, dict) else ():
        aliases = network.get("aliases") if isinstance(network, dict) else None
        yield from map(str, aliases if isinstance(aliases, list) else ())


def _environment(
    project: Project, folder: str, entry: Mapping[str, Any], values: Mapping[str, str | None]
) -> Iterator[tuple[str, str]]:
    """Variables of env_file, then those of `environment`, which win; what only the caller's shell knows is left out."""
    files = entry.get("env_file")
    for each in files if isinstance(files, list) else [files] if files else []:
        path = str(each.get("path") if isinstance(each, dict) else each)
        text = project.tree.text(posixpath.normpath(posixpath.join(folder, path))) or ""
        yield from ((name, value) for name, value in _assignments(text) if value is not None)
    for name, value in environment(entry.get("environment")):
        known = values.get(name) if value is None else _filled(value, values)
        if known is not None:
            yield name, known


def _assignments(text: str) -> Iterator[tuple[str, str | None]]:
    """NAME=value of an environment file, quotes taken off."""
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            value = value.strip()
            quote = value[:1] if value[:1] in {"'", '"'} and value[-1:] == value[:1] and len(value) > 1 else ""
            yield name.strip(), value[1:-1] if quote else value.partition(" #")[0].strip()


def _filled(text: str, values: Mapping[str, str | None]) -> str:
    """The text with variables replaced by what .env or a default says, by nothing where neither does."""
    parts = text.split("$$")
    known = [
        re.sub(r"\$(?:\w+|\{\w+\})", lambda match: values.get(match[0].strip("${}")) or "", part) for part in parts
    ]
    return "$".join(expand(part, values) or "" if "$" in part else part for part in known)


def _command(value: object, values: Mapping[str, str | None]) -> tuple[str, ...] | None:
    found = words(value)
    return None if found is None else tuple(_filled(word, values) for word in found)


def _test(value: object, values: Mapping[str, str | None]) -> tuple[str, ...] | None:
    if not isinstance(value, dict):
        return None
    test = value.get("test")
    if value.get("disable") is True or test in (["NONE"], "NONE"):
        return ("NONE",)
    if isinstance(test, str):
        return ("CMD-SHELL", _filled(test, values))
    return tuple(_filled(str(word), values) for word in test) if isinstance(test, list) and test else None


def _files(project: Project, folder: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    volumes = entry.get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        if isinstance(volume, dict):
            source, target = str(volume.get("source") or ""), str(volume.get("target") or "")
        else:
            source, _, rest = str(volume).partition(":")
            target = rest.partition(":")[0]
        path = posixpath.normpath(posixpath.join(folder, source))
        if source.startswith("./") and target and (project.tree.has_file(path) or project.tree.has_folder(path)):
            yield target, path


def _ports(entry: Mapping[str, Any], values: Mapping[str, str | None]) -> Iterator[int]:
    """The ports inside the container that compose speaks of."""
    for key in ("expose", "ports"):
        value = entry.get(key)
        for port in value if isinstance(value, list) else ():
            text = str(port.get("target")) if isinstance(port, dict) else _filled(str(port), values)
            if match := _PORT.search(text.rpartition(":")[2]):
                yield int(match[1])
