"""What a source archive needs, read from its files where they say it without being run.

Old archives have no metadata that a resolver may rely on
(https://packaging.python.org/en/latest/specifications/core-metadata/#dynamic). setuptools has
always written the needs beside them as `requires.txt`; they hold for every machine where
setup.py does not look at the machine that it runs on. Nothing else is guessed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from pydock.packages.setup_script import argument, lines
from pydock.patterns import regex

_LARGEST = 1024 * 1024
# What makes the needs of an archive differ from one machine or Python to the next.
_LOOKS_AROUND = regex(
    r"version_info|hexversion|sys\.version|\bplatform\b|os\.name|os\.uname|environ|getenv|subprocess|importlib|__import__"
    r"|\btry\s*:|\bPY[23]\b|implementation"
)
_SECTION = regex(r"\[(?P<extra>[^:\]]*)(?::(?P<marker>.+))?\]\Z")
# Backends that write an archive's needs from a table of its pyproject.toml, and nothing else.
_STATIC_BACKENDS = (
    "poetry.",
    "poetry_core",
    "poetry.core",
    "flit_core",
    "flit.",
    "hatchling",
    "pdm.backend",
    "uv_build",
)


def needs(folder: Path) -> tuple[str, ...] | None:
    """The requirements of an unpacked archive, those of its extras with their marker; None where only running tells."""
    if (backend := _backend(folder)) and backend.startswith(_STATIC_BACKENDS):
        return _of_metadata(folder)
    setup = _text(folder / "setup.py")
    infos = [path for path in folder.glob("*.egg-info") if path.is_dir()]
    if setup is None or len(infos) > 1:
        return None
    written = _listed(_text(infos[0] / "requires.txt") or "") if infos else ()
    declared = None if "install_requires" in (_text(folder / "setup.cfg") or "") else _declared(setup)
    if written is None or (declared is None and (not infos or _LOOKS_AROUND.search(setup))):
        return None
    extras = [entry for entry in written if "extra ==" in entry]
    return written if declared is None else _valid([*declared, *extras])


def unpacked_needs(cache: Path, name: str, version: str) -> tuple[str, ...] | None:
    """What the archive of a version needs, from where uv has just unpacked it in its cache."""
    for depth in ("*", "*/*"):
        for source in sorted(cache.glob(f"sdists-v*/{depth}/{name}/{version}/*/src")):
            return needs(source)
    return None


def _text(path: Path) -> str | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _backend(folder: Path) -> str:
    try:
        table = tomllib.loads(_text(folder / "pyproject.toml") or "").get("build-system", {})
    except tomllib.TOMLDecodeError:
        return ""
    return str(table.get("build-backend", "")) if isinstance(table, dict) and "backend-path" not in table else ""


def _of_metadata(folder: Path) -> tuple[str, ...] | None:
    head = (_text(folder / "PKG-INFO") or "").partition("\n\n")[0]
    found = re.findall(r"^Requires-Dist: (.+)$", head, re.M)
    return _valid(found) if head else None


def _declared(setup: str) -> list[str] | None:
    """What the one call of setup() in setup.py asks for, None where that is no plain list."""
    try:
        return lines(argument(setup, "install_requires") or [])
    except ValueError:
        return None


def _listed(text: str) -> tuple[str, ...] | None:
    """The lines of requires.txt: `[extra:marker]` heads what only some ask for."""
    found, extra, marker = [], "", ""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if section := _SECTION.match(line):
            extra, marker = section["extra"], section["marker"] or ""
            continue
        conditions = [f"({marker})"] if marker else []
        conditions += [f"extra == '{extra}'"] if extra else []
        name, _, own = line.partition(";")
        conditions = ([f"({own.strip()})"] if own.strip() else []) + conditions
        found.append(f"{name.strip()} ; {' and '.join(conditions)}" if conditions else line)
    return _valid(found)


def _valid(found: list[str]) -> tuple[str, ...] | None:
    try:
        return tuple(str(Requirement(entry)) for entry in found)
    except InvalidRequirement:
        return None
