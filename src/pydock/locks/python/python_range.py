"""Whether a Python fits a range, in the notation of packaging or of Poetry (`^3.9`, `~3.9`, `||`)."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pydock.packages.poetry import plain

_MOST_PATCHES = 40


def fits(specifier: str, version: str) -> bool | None:
    """Whether X.Y.Z, or any patch release of X.Y, is in the range; None when either cannot be read."""
    if not specifier or version.count(".") < 1:
        return None
    try:
        ranges = [SpecifierSet(plain(part)) for part in re.split(r"\|\|?", specifier)]
    except InvalidSpecifier:
        return None
    versions = [version] if version.count(".") == 2 else [f"{version}.{patch}" for patch in range(_MOST_PATCHES)]
    return any(entry.contains(each) for entry in ranges for each in versions)
