"""Which compose files of a project belong together.

https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file and
https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/, read 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydock.context.compose.canonical import Entry, listed, said
from pydock.context.compose.composition import Composition, Read, composed
from pydock.context.compose.service import Build, build_of
from pydock.patterns import regex

_FILE = regex(r"(?:docker-)?compose[^/]*\.ya?ml\Z", re.I)
_BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = tuple(f"{stem}.override.{ending}" for stem in ("compose", "docker-compose") for ending in ("yml", "yaml"))
# How many files another one may go on top of are tried.
_MOST_TRIED = 4
# Each of these is reason enough for a service to start.
_STARTING = {"build", "image", "provider"}


def is_compose_file(name: str) -> bool:
    """Whether a file of this name is taken for one of compose."""
    return _FILE.match(name) is not None


def compositions(paths: Iterable[str], root: str, read: Read) -> tuple[Composition, ...]:
    """All projects that these compose files make.

    A file that can stand alone is one; any other goes on top of the main file of its folder, as people do with
    `-f`, or of the nearest folder above that has one, or of another file that makes a whole of it. The main file is
    one alone and with its override file.
    """
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(posixpath.dirname(path), []).append(path)
    bases = {folder: base for folder, found in folders.items() if (base := _first(found, _BASES))}
    found: list[Composition] = []
    for folder, here in folders.items():
        found += _of_folder(folder, here, bases, root, read)
    return tuple(found)


def builds(paths: Iterable[str], root: str, read: Read) -> Iterator[tuple[str, Build]]:
    """What the services of these compose files are built from, each with the file that says so, once."""
    seen: set[Build] = set()
    for composition in compositions(paths, root, read):
        for name, entry in composition.services.items():
            build = build_of(name, entry)
            if build is not None and build not in seen:
                seen.add(build)
                yield composition.origins[name][-1].path, build


def file_built(dockerfile: str, exists: Callable[[str], bool]) -> str:
    """The file that is built where a build names this one: `dockerfile` stands in for a `Dockerfile` that is missing.

    https://github.com/docker/buildx/pull/444, read 2026-11.
    """
    folder, name = posixpath.split(dockerfile)
    lower = posixpath.join(folder, "dockerfile")
    return lower if name == "Dockerfile" and not exists(dockerfile) and exists(lower) else dockerfile


def named_files(paths: Iterable[str], root: str, read: Read) -> frozenset[str]:
    """The further files that the services of these compose files are put together from, there or not."""
    asked: set[str] = set()

    def noted(path: str) -> str | None:
        asked.add(path)
        return read(path)

    given = tuple(paths)
    for composition in compositions(given, root, noted):
        for entry in composition.services.values():
            asked |= {posixpath.normpath(said(each.get("path"))) for each in listed(entry.get("env_file"))}
    return frozenset(asked - set(given))


def _of_folder(folder: str, here: list[str], bases: Mapping[str, str], root: str, read: Read) -> Iterator[Composition]:
    base, override = bases.get(folder), _first(here, _OVERRIDES)
    rest = [path for path in here if path not in {base, override}]
    if base is not None:
        alone = composed([base], root, read)
        yield alone
        named = alone.variables.get("COMPOSE_FILE", "").split(alone.variables.get("COMPOSE_PATH_SEPARATOR", ":"))
        chosen = [posixpath.normpath(posixpath.join(folder, each)) for each in named if each]
        if len(chosen) > 1 and all(read(path) is not None for path in chosen):
            yield composed(chosen, root, read, folder)
            rest = [path for path in rest if path not in chosen]
        if override is not None:
            yield composed([base, override], root, read)
    elif override is not None:
        rest.append(override)
    found = {path: composed([path], root, read) for path in rest}
    whole = [path for path, alone in found.items() if _stands_alone(alone)]
    below = [path for path in (base or _nearest(folder, bases), *whole) if path is not None][:_MOST_TRIED]
    for path, alone in found.items():
        both = [composed([main, path], root, read) for main in below] if path not in whole else []
        yield next((each for each in both if _stands_alone(each)), both[0] if both else alone)


def _first(paths: list[str], names: tuple[str, ...]) -> str | None:
    by_name = {posixpath.basename(path): path for path in paths}
    return next((by_name[name] for name in names if name in by_name), None)


def _nearest(folder: str, bases: Mapping[str, str]) -> str | None:
    """The main file of the nearest folder above."""
    while folder and not folder.endswith(".."):
        folder = posixpath.dirname(folder)
        if folder in bases:
            return bases[folder]
    return None


def _stands_alone(composition: Composition) -> bool:
    """Whether compose would take the file by itself: each service starts, and all that they name is there."""
    services = composition.services.items()
    return all(_STARTING & set(entry) and not _is_lacking(composition, name, entry) for name, entry in services)


def _is_lacking(composition: Composition, name: str, entry: Entry) -> bool:
    used: dict[str, set[str]] = {kind: set() for kind in composition.sections}
    used["services"] |= {*_names(entry.get("depends_on")), *_names(entry.get("links"))}
    used["networks"] |= {*_names(entry.get("networks"))} - {"default"}
    for kind in ("configs", "secrets"):
        used[kind] |= {said(each.get("source")) for each in listed(entry.get(kind)) if isinstance(each, dict)}
    mounts = [each for each in listed(entry.get("volumes")) if isinstance(each, dict) and each.get("type") == "volume"]
    used["volumes"] |= {said(each["source"]) for each in mounts if each.get("source")}
    return any(names - set(composition.sections[kind]) for kind, names in used.items())


def _names(value: Any) -> Iterator[str]:
    yield from (said(each).partition(":")[0] for each in (value if isinstance(value, dict) else listed(value)))
