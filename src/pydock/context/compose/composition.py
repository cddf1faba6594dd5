"""Compose files put together as compose does it: overrides, `include` and `extends` merged, variables filled in.

Facts: https://docs.docker.com/reference/compose-file/ and https://docs.docker.com/compose/how-tos/multiple-compose-files/,
read 2026-11.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydock.context.compose.canonical import Entry, ProjectFolder, canonical, listed, said
from pydock.context.compose.env_file import assignments
from pydock.context.compose.interpolation import interpolated, plain
from pydock.context.compose.merge import Path, merged, unique, unmarked, without
from pydock.values import Value
from pydock.yaml_text import Override, documents

# Gives the text of a file by its path from the build context on; it begins with ../ outside of that.
Read = Callable[[str], str | None]
LARGEST = 200_000
# How many files a project may be put together from, and how many services one may extend the other.
MOST_FILES = 200
DEEPEST = 50
_KINDS = ("services", "volumes", "configs", "secrets", "networks")


class ServiceOrigin(Value):
    """Where a part of a service is written: the file, and its name there."""

    path: str
    name: str


class Composition(Value):
    """Compose files that are one project: what they say together, and what their variables are.

    `files` are in the order of merging, `sections` the services, volumes and so on by their names, and `origins` tell
    for each service what it is put together from, the lowest first.
    """

    files: tuple[str, ...]
    sections: Mapping[str, Mapping[str, Any]]
    origins: Mapping[str, tuple[ServiceOrigin, ...]]
    variables: Mapping[str, str]
    read: Read

    @property
    def services(self) -> Mapping[str, Entry]:
        return self.sections["services"]


@dataclass(slots=True)
class _Model:
    """What the files so far say."""

    sections: dict[str, dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    origins: dict[str, tuple[ServiceOrigin, ...]] = field(default_factory=dict)
    resets: set[Path] = field(default_factory=set)
    include: object = None

    @classmethod
    def of(cls, cfg: Entry, resets: set[Path], path: str, folder: ProjectFolder) -> _Model:
        model = cls(resets=resets, include=cfg.get("include"))
        for kind in _KINDS:
            entries = cfg.get(kind)
            model.sections[kind] = {**entries} if isinstance(entries, dict) else {}
        services = {name: each for name, each in model.sections["services"].items() if isinstance(each, dict)}
        model.sections["services"] = {name: canonical(each, folder) for name, each in services.items()}
        for kind in ("configs", "secrets"):
            model.sections[kind] = {name: _with_file(each, folder) for name, each in model.sections[kind].items()}
        model.origins = {name: (ServiceOrigin(path, name),) for name in services}
        return model

    def put(self, above: _Model) -> None:
        """Merge another one on top of this."""
        self.sections = without(self.sections, above.resets)
        self._merge(above, is_above=True)

    def put_below(self, included: _Model) -> None:
        self._merge(included, is_above=False)

    def _merge(self, other: _Model, *, is_above: bool) -> None:
        for kind, entries in other.sections.items():
            own = self.sections.setdefault(kind, {})
            both = {name: (own[name], entry) for name, entry in entries.items() if name in own}
            own |= entries
            own |= {name: merged(*(pair if is_above else reversed(pair))) for name, pair in both.items()}
        for name, origins in other.origins.items():
            mine = self.origins.get(name, ())
            self.origins[name] = tuple(dict.fromkeys((*mine, *origins) if is_above else (*origins, *mine)))


def _with_file(entry: object, folder: ProjectFolder) -> object:
    path = entry.get("file") if isinstance(entry, dict) else None
    return {**entry, "file": folder.located(path)} if isinstance(entry, dict) and isinstance(path, str) else entry


class _Reader:
    """Reads the files of one composition, each of them once."""

    def __init__(self, root: str, read: Read) -> None:
        self._root = root
        self._read = read
        self._extended: dict[str, _Model] = {}
        self._left = MOST_FILES

    def model(self, paths: Sequence[str], folder: str, values: Mapping[str, str], around: tuple[str, ...]) -> _Model:
        """What files say together, their paths told from one folder on."""
        whole = _Model()
        for path in paths:
            for part in self._documents(path, folder, values):
                self._include(part, folder, values, (*around, path))
                for name in part.sections["services"]:
                    self._extend(part, path, name, values, ())
                whole.put(part)
        return whole

    def text(self, path: str) -> str | None:
        self._left -= 1
        text = self._read(path) if self._left >= 0 and "\0" not in path else None
        return text if text is not None and len(text) < LARGEST else None

    def values(self, paths: Sequence[str], known: Mapping[str, str]) -> Mapping[str, str]:
        """The variables of environment files, under those that are known."""
        found: dict[str, str] = {}
        for path in paths:
            found |= assignments(self.text(path) or "", known, found)
        return {**found, **known}

    def _documents(self, path: str, folder: str, values: Mapping[str, str]) -> tuple[_Model, ...]:
        found = []
        for document in documents(self.text(path) or ""):
            cfg, resets = unmarked(_filled(document, values))
            found.append(_Model.of(cfg, resets, path, ProjectFolder(self._root, folder)))
        return tuple(found)

    def _include(self, part: _Model, folder: str, values: Mapping[str, str], around: tuple[str, ...]) -> None:
        """https://docs.docker.com/reference/compose-file/include/, read 2026-11."""
        here = ProjectFolder(self._root, folder)
        for entry in listed(part.include):
            told = entry if isinstance(entry, dict) else {"path": entry}
            paths = [posixpath.normpath(here.located(said(each))) for each in listed(told.get("path"))]
            if not paths or any(path in around for path in paths) or len(around) > DEEPEST:
                continue
            place = told.get("project_directory")
            inside = posixpath.normpath(here.located(said(place))) if place else posixpath.dirname(paths[0])
            named = [posixpath.normpath(here.located(said(each))) for each in listed(told.get("env_file"))]
            own = self.values(named or [posixpath.normpath(posixpath.join(inside, ".env"))], values)
            part.put_below(self.model(paths, inside, own, around))

    def _extend(
        self, part: _Model, path: str, name: str, values: Mapping[str, str], around: tuple[ServiceOrigin, ...]
    ) -> None:
        """Put what a service extends below it.

        https://docs.docker.com/reference/compose-file/services/#extends, read 2026-11.
        """
        service, here = part.sections["services"][name], ServiceOrigin(path, name)
        told = service.get("extends")
        part.sections["services"][name] = own = {key: value for key, value in service.items() if key != "extends"}
        if not isinstance(told, dict) or here in around or len(around) > DEEPEST:
            return
        other, base = said(told.get("service")), part
        if file := told.get("file"):
            path = posixpath.normpath(said(file))
            base = self._other(path, values)
        if other in base.sections["services"]:
            self._extend(base, path, other, values, (*around, here))
            below = without({"services": {name: base.sections["services"][other]}}, part.resets)
            part.sections["services"][name] = merged(below["services"].get(name, {}), own)
            part.origins[name] = (*base.origins.get(other, ()), *part.origins.get(name, ()))

    def _other(self, path: str, values: Mapping[str, str]) -> _Model:
        """A file that services extend those of: nothing else of it counts."""
        if path not in self._extended:
            whole = _Model()
            for part in self._documents(path, posixpath.dirname(path), values):
                whole.put(part)
                whole.resets = part.resets
            self._extended[path] = whole
        return self._extended[path]


def composed(files: Sequence[str], root: str, read: Read, folder: str | None = None) -> Composition:
    """Files put together in this order, as `docker compose -f` takes them; paths are told from the first one's folder.

    `root` is the absolute place that all paths are told from.
    """
    reader = _Reader(root, read)
    inside = posixpath.dirname(files[0]) if folder is None else folder
    values = reader.values([posixpath.normpath(posixpath.join(inside, ".env"))], {})
    model = reader.model(files, inside, values, ())
    services = {name: _unique(entry) for name, entry in model.sections["services"].items()}
    return Composition(tuple(files), {**model.sections, "services": services}, model.origins, values, read)


def _unique(entry: Entry) -> Entry:
    return {name: unique(value, (name,)) if isinstance(value, list) else value for name, value in entry.items()}


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """A document with the variables in its texts replaced."""
    match value:
        case str():
            return interpolated(plain(value), values)
        case dict():
            return {said(name): _filled(each, values) for name, each in value.items()}
        case list():
            return [_filled(each, values) for each in value]
        case Override():
            return Override(_filled(value.value, values))
        case _:
            return value
