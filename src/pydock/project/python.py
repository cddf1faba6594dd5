"""CPython releases and their lives, and which one the files of a project ask for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pydock.context import Tree
from pydock.data import rows, rows_of
from pydock.images.tags import PythonImage
from pydock.patterns import regex
from pydock.values import Value

_MOST_PATCHES = 40
_LINES = {
    ".python-version": regex(r"^\s*(?:c?python-?)?(\d+\.\d+(?:\.\d+)?)\s*(?:#.*)?$", re.M),
    "runtime.txt": regex(r"^\s*python-?(\d+\.\d+(?:\.\d+)?)\s*$", re.M),
    "setup.cfg": regex(r"^\s*python_requires\s*=\s*(\S.*?)\s*$", re.M),
    "setup.py": regex(r"\bpython_requires\s*=\s*[\"']([^\"'\n]+)[\"']"),
}
_WORDS = frozenset({".python-version", "runtime.txt"})
_ENVIRONMENTS = regex(r"^[ \t]*env_?list\s*=\s*((?:.*\n?)(?:[ \t]+.*\n?)*)", re.M)
_BRACES = regex(r"\bpy(\d?)\{([\d,\s]+)\}")
_ENVIRONMENT = regex(r"\bpy(\d)(\d+)\b")
_CLASSIFIER = regex(r"Programming Language :: Python :: (\d\.\d+)")
_CLASSIFIED = ("pyproject.toml", "setup.cfg", "setup.py")
_TABLES = (
    ("pyproject.toml", ("project", "requires-python")),
    ("pyproject.toml", ("tool", "poetry", "dependencies", "python")),
    ("Pipfile", ("requires", "python_full_version")),
    ("Pipfile", ("requires", "python_version")),
    ("poetry.lock", ("metadata", "python-versions")),
    ("uv.lock", ("requires-python",)),
)


class Release(Value):
    """A minor version of CPython with the dates of its life."""

    minor: str
    latest: str
    released: date
    end_of_life: date


@cache
def releases() -> tuple[Release, ...]:
    """Every minor version in the table, oldest first."""
    return tuple(
        Release(
            row["minor"], row["latest"], date.fromisoformat(row["released"]), date.fromisoformat(row["end_of_life"])
        )
        for row in rows("python_releases")
    )


def release(minor: str) -> Release | None:
    return next((entry for entry in releases() if entry.minor == minor), None)


def later_than(minor: str, today: date) -> tuple[Release, ...]:
    """The later minor versions that are out, oldest first; nothing for one that the table does not know."""
    known = [entry.minor for entry in releases()]
    later = releases()[known.index(minor) + 1 :] if minor in known else ()
    return tuple(entry for entry in later if entry.released <= today)


def next_supported(minor: str, today: date) -> Release | None:
    """The oldest later minor version that still gets security fixes."""
    return next((entry for entry in later_than(minor, today) if today < entry.end_of_life), None)


class Suite(Value):
    """A Debian release with the dates of its life."""

    codename: str
    end_of_life: date
    end_of_lts: date


@cache
def suite(codename: str) -> Suite | None:
    for row in rows_of("debian_releases", codename):
        return Suite(codename, date.fromisoformat(row["end_of_life"]), date.fromisoformat(row["end_of_lts"]))
    return None


class Wish(Value):
    """The interpreter that one file of the project asks for, as a range."""

    path: str
    text: str
    versions: SpecifierSet

    def takes(self, minor: str) -> bool:
        """Whether any patch release of X.Y is in the range."""
        return any(self.versions.contains(f"{minor}.{patch}") for patch in range(_MOST_PATCHES))

    def takes_image(self, image: PythonImage) -> bool:
        """Whether the very release in an image is in the range, as far as the table tells it."""
        return self.versions.contains(image.patch) if image.patch else self.takes(image.minor)


def wishes(tree: Tree) -> tuple[Wish, ...]:
    """What the files at the top of the context say about the interpreter; unreadable ones say nothing."""
    found = []
    for path, text in _written(tree):
        if (versions := _range(text)) is not None:
            found.append(Wish(path, text, versions))
    return tuple(found)


def unreadable_wishes(tree: Tree) -> tuple[tuple[str, str], ...]:
    """(file, first line) of files that name the interpreter and nothing else, where no version can be made out."""
    found = []
    for path in sorted(_WORDS):
        lines = [line.strip() for line in (tree.text(path) or "").splitlines()]
        words = [line for line in lines if line and not line.startswith("#")]
        if words and not _LINES[path].search("\n".join(words)):
            found.append((path, words[0]))
    return tuple(found)


class Tested(Value):
    """The minor versions that a file says the project is tested on, oldest first."""

    path: str
    minors: tuple[str, ...]


def tested(tree: Tree) -> tuple[Tested, ...]:
    """What tox and the classifiers say; tox first."""
    found = []
    for path in ("tox.ini", *_CLASSIFIED):
        text = tree.text(path) or ""
        minors = set(_CLASSIFIER.findall(text)) if path in _CLASSIFIED else set(_tox_minors(text))
        if minors := {minor for minor in minors if not minor.startswith("2.")}:
            found.append(Tested(path, tuple(sorted(minors, key=_order))))
    return tuple(found)


def _tox_minors(text: str) -> Iterator[str]:
    """`py38, py3{9,10}-django{32,42}, py{311,312}` in an envlist."""
    for listed in _ENVIRONMENTS.findall(text):
        whole = _BRACES.sub(
            lambda match: " ".join(f"py{match[1]}{part.strip()}" for part in match[2].split(",")), listed
        )
        yield from (f"{major}.{minor}" for major, minor in _ENVIRONMENT.findall(whole))


def _order(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))


def _written(tree: Tree) -> Iterator[tuple[str, str]]:
    for path, pattern in _LINES.items():
        if match := pattern.search(tree.text(path) or ""):
            yield path, match[1]
    yield from _written_in_toml(tree)
    try:
        lock = json.loads(tree.text("Pipfile.lock") or "{}")
    except ValueError:
        return
    asked = _at(lock, "_meta", "requires", "python_version")
    if isinstance(asked, str):
        yield "Pipfile.lock", asked


def _written_in_toml(tree: Tree) -> Iterator[tuple[str, str]]:
    for path, keys in _TABLES:
        asked = _at(_toml(tree.text(path) or ""), *keys)
        if isinstance(asked, str):
            yield path, asked


@lru_cache(maxsize=32)
def _toml(text: str) -> object:
    """The table of a file, None for one that is none."""
    try:
        return tomllib.loads(text)
    except ValueError:
        return None


def _at(table: object, *keys: str) -> object:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _range(text: str) -> SpecifierSet | None:
    """The range that a version, a specifier or Poetry's `^` and `~` stand for."""
    parts = []
    for part in re.split(r"\s*,\s*|(?<=\d)\s+(?=[<>=!~^])", text.strip()):
        match = re.fullmatch(r"(\^|~(?!=))?\s*v?(\d+(?:\.\d+)*)(\.\*)?", part)
        if not match:
            parts.append(re.sub(r"\s+", "", part))
        elif match[1]:
            numbers = match[2].split(".")
            bound = str(int(numbers[0]) + 1) if match[1] == "^" or len(numbers) < 2 else _next_minor(numbers)
            parts.append(f">={match[2]},<{bound}")
        else:
            parts.append(f"=={match[2]}" + (".*" if match[2].count(".") < 2 else ""))
    try:
        return SpecifierSet(",".join(part for part in parts if part not in {"*", ""}))
    except InvalidSpecifier:
        return None


def _next_minor(numbers: list[str]) -> str:
    return f"{numbers[0]}.{int(numbers[1]) + 1}"
