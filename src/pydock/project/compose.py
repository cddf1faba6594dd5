"""Compose services that run the image of this Dockerfile.

Facts: https://docs.docker.com/reference/compose-file/services/ and .../build/, read 2026-11.
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydock.data import rows
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.values import Value
from pydock.yaml_text import document

_FILE = regex(r"(?:docker-)?compose[^/]*\.ya?ml\Z", re.I)
# https://docs.docker.com/reference/compose-file/interpolation/, read 2026-11
_VARIABLE = regex(r"\$\{\w+:?-([^{}]*)\}")
# The parts of a short mount; a default may hold the separator: `${DATA:-./data}:/data`.
_PART = regex(r"(?:\$\{[^{}]*\}|[^:])+")
_REMOTE = regex(r"\w+://|git@|[\w.-]+\.git\b")
_OVERRIDE = regex(r"(?:\A|/)(?:docker-)?compose\.override\.ya?ml\Z")
_INLINE = "dockerfile_inline"
LARGEST = 200_000


class Service(Value):
    """A service that is built from the Dockerfile.

    `command`, `entrypoint` and `healthcheck` are words, None where compose leaves them to the
    image; `healthcheck` is () when compose turns it off. `mounts` are (source, target) with
    "" for an anonymous volume, `read_only` the targets that nothing can write to; `environment`
    has None for values from outside.
    """

    name: str
    path: str
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    healthcheck: tuple[str, ...] | None = None
    ports: tuple[str, ...] = ()
    mounts: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str | None], ...] = ()
    user: str = ""
    target: str = ""
    read_only: frozenset[str] = frozenset()
    init: bool = False
    stop_grace_period: str = ""

    @property
    def origin(self) -> str:
        return f"{self.path}: {self.name}"


class Build(Value):
    """A service's `build:`; `context` and `dockerfile` are relative to the folder of the compose file."""

    service: str
    context: str
    dockerfile: str
    target: str = ""
    args: tuple[tuple[str, str | None], ...] = ()


def is_compose_file(name: str) -> bool:
    return _FILE.match(name) is not None


def builds(text: str) -> Iterator[Build]:
    """What the services of a compose file are built from, folders of this machine only."""
    for name, build in _build_sections(text):
        context = _interpolated(str(build.get("context") or "."))
        if not _REMOTE.match(context) and not build.get(_INLINE):
            dockerfile = posixpath.join(context, _interpolated(str(build.get("dockerfile") or "Dockerfile")))
            target, args = _interpolated(str(build.get("target") or "")), tuple(_passed(build.get("args")))
            if "\0" in dockerfile:
                continue  # no file has such a name
            yield Build(name, posixpath.normpath(context), posixpath.normpath(dockerfile), target, args)


def inline_builds(text: str) -> Iterator[str]:
    """The services whose Dockerfile stands in the compose file itself."""
    yield from (name for name, build in _build_sections(text) if build.get(_INLINE))


def _build_sections(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    listed = document(text).get("services")
    for name, entry in listed.items() if isinstance(listed, dict) else ():
        build = entry.get("build") if isinstance(entry, dict) else None
        if isinstance(build, str):
            build = {"context": build}
        if isinstance(build, dict):
            yield str(name), build


def _passed(args: object) -> Iterator[tuple[str, str | None]]:
    """The arguments of a build, None for those whose value comes from outside."""
    for name, value in environment(args):
        known = None if value is None else _interpolated(value)
        yield name, None if known is None or "$" in known else known


def _interpolated(text: str) -> str:
    """A value with the defaults of its variables; one without a default stays as written."""
    return _VARIABLE.sub(lambda match: match[1], text)


@remembered
def services(project: Project) -> tuple[Service, ...]:
    """The services of every compose file, in the context or above it, whose image is this Dockerfile's final stage.

    The files above are no files of the project: they are read, and nothing changes them.
    """
    paths = [path for path in project.tree.files if _FILE.match(posixpath.basename(path))]
    files = (*((path, project.tree.text(path) or "") for path in paths), *project.above)
    targets = {stage.name for stage in project.lineage(project.final)}
    if project.final is project.dockerfile.stages[-1]:
        targets.add("")
    return tuple(
        service
        for path, text in files
        if len(text) < LARGEST
        for service in _of_file(project, path, text)
        if service.target.lower() in targets
    )


def services_by_image(project: Project) -> tuple[Service, ...]:
    """Those of the context that run an image by its name, which may be this one: none of Docker's own library."""
    paths = [path for path in project.tree.files if _FILE.match(posixpath.basename(path))]
    return tuple(
        _service(name, path, entry)
        for path in paths
        for name, entry in _entries(project.tree.text(path) or "").items()
        if "build" not in entry and entry.get("image") and not _is_official(str(entry["image"]))
    )


def _is_official(image: str) -> bool:
    return any(row["name"] == image.partition(":")[0] for row in rows("official_images"))


def all_services(project: Project, path: str) -> Mapping[str, Mapping[str, Any]]:
    """All services of a compose file as it has them, by their names."""
    return _entries(project.tree.text(path) or "")


def _entries(text: str) -> Mapping[str, Mapping[str, Any]]:
    found = document(text).get("services")
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(name): entry for name, entry in pairs if isinstance(entry, dict)}


def _of_file(project: Project, path: str, text: str) -> Iterator[Service]:
    entries = _entries(text).items()
    folder = posixpath.dirname(path)
    built = {name: entry for name, entry in entries if _builds_this(project, folder, entry.get("build"))}
    images = {str(entry["image"]) for entry in built.values() if entry.get("image")}
    is_override = _OVERRIDE.search(path) is not None
    # An entry without `build` and `image` starts nothing by itself: its file goes on top of another one.
    is_on_top = is_override or any(not {"build", "image", "extends"} & set(entry) for _, entry in entries)
    named = _built_beside(project, path) if is_on_top else frozenset()
    for name, entry in entries:
        if name in named and not ({"build"} if is_override else {"build", "image", "extends"}) & set(entry):
            yield _service(str(name), path, entry)
            continue
        # Another service may use the image by the name that this one gives it.
        if name in built or ("build" not in entry and str(entry.get("image")) in images):
            yield _service(str(name), path, entry)


def _built_beside(project: Project, override: str) -> frozenset[str]:
    """The services of this Dockerfile in the file that an override goes on top of, as `docker compose up` merges them.

    https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/, read 2026-11.
    """
    folder, above = posixpath.dirname(override), dict(project.above)
    found: set[str] = set()
    for stem in ("compose", "docker-compose"):
        for ending in ("yaml", "yml"):
            path = posixpath.join(folder, f"{stem}.{ending}")
            entries = _entries(above.get(path) or project.tree.text(path) or "")
            found |= {name for name, entry in entries.items() if _builds_this(project, folder, entry.get("build"))}
    return frozenset(found)


def _builds_this(project: Project, folder: str, build: object) -> bool:
    """Whether a `build:` means this Dockerfile; contexts are relative to the compose file."""
    if isinstance(build, str):
        build = {"context": build}
    if not isinstance(build, dict):
        return False
    context = str(build.get("context") or ".")
    if "://" in context or context.startswith("git@"):
        return False
    # A file above the context calls it by its name.
    top = os.path.abspath(project.tree.root).replace(os.sep, "/") if project.tree.root else ""
    dockerfile = posixpath.join(top, folder, context, str(build.get("dockerfile") or "Dockerfile"))
    own = posixpath.normpath(posixpath.join(top, project.path))
    folder, beside = posixpath.dirname(own), posixpath.dirname(project.path)
    return own == file_built(
        posixpath.normpath(dockerfile),
        lambda path: (
            posixpath.dirname(path) == folder
            and project.tree.has_file(posixpath.join(beside, posixpath.basename(path)))
        ),
    )


def file_built(dockerfile: str, exists: Callable[[str], bool]) -> str:
    """The file that is built where a build names this one: `dockerfile` stands in for a `Dockerfile` that is missing.

    https://github.com/docker/buildx/pull/444, read 2026-11.
    """
    folder, name = posixpath.split(dockerfile)
    lower = posixpath.join(folder, "dockerfile")
    return lower if name == "Dockerfile" and not exists(dockerfile) and exists(lower) else dockerfile


def _service(name: str, path: str, entry: Mapping[str, Any]) -> Service:
    build = entry.get("build")
    return Service(
        name,
        path,
        words(entry.get("command")),
        words(entry.get("entrypoint")),
        _probe(entry.get("healthcheck")),
        tuple(_port(port) for port in _list(entry.get("ports"))),
        tuple(mount_of(volume) for volume in _list(entry.get("volumes"))),
        tuple(environment(entry.get("environment"))),
        str(entry.get("user") or ""),
        _interpolated(str(build.get("target") or "")) if isinstance(build, dict) else "",
        frozenset(mount_of(volume)[1] for volume in _list(entry.get("volumes")) if is_read_only(volume)),
        entry.get("init") is True,
        str(entry.get("stop_grace_period") or ""),
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def words(value: object) -> tuple[str, ...] | None:
    """A command as words: a string is split as by a shell, but no shell runs it."""
    if isinstance(value, list):
        return tuple(str(word) for word in value)
    if not isinstance(value, str):
        return None
    try:
        return tuple(shlex.split(value))
    except ValueError:
        return tuple(value.split())


def _probe(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, dict):
        return None
    test = value.get("test")
    if value.get("disable") is True or test in (["NONE"], "NONE"):
        return ()
    if isinstance(test, str):
        return ("sh", "-c", test)
    words = [str(word) for word in _list(test)]
    if words[:1] == ["CMD-SHELL"]:
        return ("sh", "-c", " ".join(words[1:]))
    return tuple(words[1:]) or None


def _port(value: object) -> str:
    """HOST:CONTAINER as written; the long form in the same way."""
    if isinstance(value, dict):
        published = value.get("published")
        return f"{published}:{value.get('target')}" if published else str(value.get("target"))
    return str(value)


def mount_of(value: object) -> tuple[str, str]:
    """(source, target) of an entry of `volumes:`, "" for the source of an anonymous one."""
    if isinstance(value, dict):
        return str(value.get("source") or ""), str(value.get("target") or "")
    parts = _PART.findall(str(value))
    return (parts[0], parts[1]) if len(parts) > 1 else ("", *parts) if parts else ("", "")


def is_read_only(volume: object) -> bool:
    """Whether nothing can be written to what an entry of `volumes:` mounts."""
    if isinstance(volume, dict):
        return volume.get("read_only") is True
    return "ro" in ":".join(str(volume).split(":")[2:]).split(",")


def environment(value: object) -> Iterator[tuple[str, str | None]]:
    """Names and values of a mapping or a list, None for a value from outside."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield str(name), None if entry is None else str(entry)
    for entry in _list(value):
        name, equals, rest = str(entry).partition("=")
        yield name, rest if equals else None
