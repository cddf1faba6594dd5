"""Whether a Python fits a range, in the notation of packaging or of Poetry (`^3.9`, `~3.9`, `||`)."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

_MOST_PATCHES = 40


def fits(specifier: str, version: str) -> bool | None:
    """Whether X.Y.Z, or any patch release of X.Y, is in the range; None when either cannot be read."""
    if not specifier or version.count(".") < 1:
        return None
    try:
        ranges = [SpecifierSet(_plain(part)) for part in re.split(r"\|\|?", specifier)]
    except InvalidSpecifier:
        return None
    versions = [version] if version.count(".") == 2 else [f"{version}.{patch}" for patch in range(_MOST_PATCHES)]
    return any(entry.contains(each) for entry in ranges for each in versions)


def _plain(part: str) -> str:
    """One alternative without Poetry's own operators."""
    found = []
    for item in re.findall(r"[^\s,]+", re.sub(r"([<>=!~^]+)\s+", r"\1", part)):
        match = re.fullmatch(r"(\^|~(?!=))(\d+)(?:\.(\d+))?(?:\.(\d+))?", item)
        if match:
            major, minor = int(match[2]), match[3]
            bound = f"{major + 1}" if match[1] == "^" or minor is None else f"{major}.{int(minor) + 1}"
            found.append(f">={item[1:]},<{bound}")
        elif re.fullmatch(r"\d[\d.]*(\.\*)?", item):
            found.append(f"=={item}")
        elif item != "*":
            found.append(item)
    return ",".join(found)
