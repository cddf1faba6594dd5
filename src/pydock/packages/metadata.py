"""What a local project asks for, read from its own files without running them, as a set of requirements.

pyproject.toml: https://packaging.python.org/en/latest/specifications/pyproject-toml/, setup.cfg and dynamic values:
https://setuptools.pypa.io/en/latest/userguide/, read 2026-11; Poetry's own tables: `pydock.packages.poetry`. What is
worked out when the project is built is a trouble with its line.
"""

from __future__ import annotations

import configparser
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

from pydock.packages import poetry
from pydock.packages.requirements import Entry, Kind, RequirementSet, Trouble, entries, read
from pydock.packages.setup_script import argument, lines
from pydock.patterns import regex
from pydock.text import Span

NAMES = ("pyproject.toml", "setup.cfg", "setup.py")
_PLACE = regex(r"(?P<path>.*?(?P<name>pyproject\.toml|setup\.cfg|setup\.py))(?:\[(?P<extras>[^\]]*)\])?\Z")
# setuptools reads no tables of Poetry.
_NAMED = regex(r"^\[project\]|^build-backend *= *[\"']poetry\.", re.MULTILINE)
TextOf = Callable[[str], "str | None"]


def is_manifest(path: str) -> bool:
    """Whether a path, with extras behind it or not, names the metadata of a project."""
    return _PLACE.match(path) is not None


def manifest_of(folder: str, extras: str, text_of: TextOf) -> str | None:
    """The file of a folder that says what its project asks for, with the extras wanted; None for no project."""
    texts = {name: text_of(posixpath.normpath(posixpath.join(folder, name))) for name in NAMES}
    if _NAMED.search(texts["pyproject.toml"] or ""):
        name = "pyproject.toml"
    elif "install_requires" in (texts["setup.cfg"] or ""):
        name = "setup.cfg"
    else:
        name = next((name for name in ("setup.py", "pyproject.toml", "setup.cfg") if texts[name] is not None), "")
    wanted = f"[{extras}]" if extras else ""
    return f"{posixpath.normpath(posixpath.join(folder, name))}{wanted}" if name else None


def asked_for(path: str, text_of: TextOf) -> RequirementSet:
    """The requirements of a project by the path of its metadata, `pyproject.toml[extra]`."""
    match = _PLACE.match(path)
    assert match is not None, "is_manifest was asked before"
    reader = _Reader(match["path"], text_of(match["path"]) or "", text_of)
    extras = tuple(canonicalize_name(extra.strip()) for extra in (match["extras"] or "").split(",") if extra.strip())
    kinds = {"pyproject.toml": reader.pyproject, "setup.cfg": reader.configuration, "setup.py": reader.script}
    try:
        kinds[match["name"]](extras)
    except (ValueError, LookupError, RecursionError, configparser.Error, AttributeError, TypeError):
        reader.trouble(reader.looked_at, "is worked out when the project is built")
    return RequirementSet(path, (match["path"], *reader.files), tuple(reader.found), troubles=tuple(reader.troubles))


@dataclass
class _Reader:
    """What has been read of one project; `looked_at` is the word whose line is to blame for what cannot be read."""

    path: str
    text: str
    text_of: TextOf
    files: list[str] = field(default_factory=list)
    found: list[Entry] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    looked_at: str = "dependencies"

    def pyproject(self, extras: tuple[str, ...]) -> None:
        data = tomllib.loads(self.text)
        project, tables = data.get("project"), data.get("tool", {}).get("poetry", {})
        if tables and "dependencies" not in (project or {}):
            self.poetry(tables, extras)
            return
        if project is None:
            self.trouble("", "names what it needs in another way than [project]")
            return
        tables = data.get("tool", {}).get("setuptools", {}).get("dynamic", {})
        dynamic = set(project.get("dynamic", ()))
        if "dependencies" in dynamic:
            self.looked_at = "dynamic"
            self.take_files(tables["dependencies"]["file"] if "dependencies" in tables else None)
        else:
            self.take(project.get("dependencies", []))
        optional = {_named(name): wanted for name, wanted in project.get("optional-dependencies", {}).items()}
        if extras and "optional-dependencies" in dynamic:
            self.looked_at = "dynamic"
            raise ValueError("extras are dynamic")
        self.take_extras(extras, optional, str(project.get("name", "")))

    def poetry(self, tables: Mapping[str, Any], extras: Iterable[str]) -> None:
        known = {_named(extra): names for extra, names in tables.get("extras", {}).items()}
        for extra in extras:
            if extra not in known:
                self.trouble("", f"has no extra {extra}")
        for name, wanted in poetry.dependencies({**tables, "extras": known}, tuple(extras)):
            try:
                self.take([poetry.requirement(name, wanted)], f"{name} =")
            except ValueError:
                self.trouble(f"{name} =", f"asks for {name} in a way that no lock can repeat")

    def configuration(self, extras: tuple[str, ...]) -> None:
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(self.text)
        self.looked_at = "install_requires"
        value = parser.get("options", "install_requires", fallback="")
        if value.strip().startswith("file:"):
            self.take_files(value.strip().removeprefix("file:").split(","))
        else:
            self.take(lines(value))
        section = dict(parser.items("options.extras_require")) if parser.has_section("options.extras_require") else {}
        self.take_extras(extras, {_named(name): lines(wanted) for name, wanted in section.items()}, "")

    def script(self, extras: tuple[str, ...]) -> None:
        self.looked_at = "install_requires"
        self.take(lines(argument(self.text, "install_requires") or []))
        self.looked_at = "extras_require"
        known = argument(self.text, "extras_require") if extras else {}
        if not isinstance(known, Mapping):
            raise ValueError("no table of extras")
        self.take_extras(extras, {_named(name): lines(wanted) for name, wanted in known.items()}, "")

    def take_extras(self, extras: Iterable[str], known: Mapping[str, Any], name: str) -> None:
        """The requirements of extras; one that names the project itself stands for more of them."""
        for extra in extras:
            if extra not in known:
                self.trouble("", f"has no extra {extra}")
                continue
            before = len(self.found)
            self.take(known[extra])
            for entry in self.found[before:]:
                if entry.requirement and name and entry.name == canonicalize_name(name):
                    self.found.remove(entry)
                    others = [canonicalize_name(each) for each in sorted(entry.requirement.extras)]
                    self.take_extras([each for each in others if each != extra], known, name)

    def take(self, wanted: Iterable[str], word: str = "") -> None:
        """Requirements, from the line of a word where they are not written as they are."""
        for text in wanted:
            (entry,) = entries(self.path, text.strip()) or (None,)
            if entry is None or entry.kind is not Kind.REQUIREMENT:
                raise ValueError(text)
            number, span = self.place(word or text.strip())
            self.found.append(Entry(self.path, number, span, entry.kind, entry.text, entry.value, entry.requirement))

    def take_files(self, names: object) -> None:
        """Requirements files that stand for the dependencies."""
        listed = [names] if isinstance(names, str) else names
        if not isinstance(listed, list) or not listed:
            raise ValueError("no files")
        for name in listed:
            found = read(posixpath.join(posixpath.dirname(self.path), name.strip()), self.text_of)
            if found.missing or found.loop:
                raise ValueError(name)
            self.files += found.files
            self.found += found.entries
            self.troubles += found.troubles

    def trouble(self, word: str, message: str) -> None:
        number, span = self.place(word)
        self.troubles.append(Trouble(Entry(self.path, number, span, Kind.INVALID, word), message))

    def place(self, word: str) -> tuple[int, Span]:
        """The line of a word, from 1, and its span; the start of the file where it is written in another way."""
        at = max(self.text.find(word), 0) if word else 0
        return self.text.count("\n", 0, at) + 1, Span(at, at + len(word) if self.text[at:].startswith(word) else at)


def _named(extra: str) -> str:
    return canonicalize_name(extra)
