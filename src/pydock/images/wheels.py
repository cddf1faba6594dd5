"""Wheels that bring the libraries which their source is compiled against."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.version import InvalidVersion, Version

from pydock.data import rows_of
from pydock.images.debian import is_older_than_wheels, runtime_of
from pydock.images.tags import version_order
from pydock.values import Value

# The first releases that have wheels for Python 3.11 on x86-64 and on ARM, as all later ones have for their Pythons
# (package index, file names, 2026-11-30); an older Python, and any other package, may have to compile.
_WHEELS = {"lxml": "4.9.2", "matplotlib": "3.6.0", "pillow": "9.2.0", "psycopg2-binary": "2.9.5"}
_OLDEST = (3, 11)


class Linked(Value):
    """The Python packages that are compiled with some headers, or load one of their libraries: `bound` are those that
    need the library of the system, or may."""

    names: tuple[str, ...]
    bound: tuple[str, ...]

    @property
    def is_bundled(self) -> bool:
        """Whether the headers are there for packages that all come as wheels."""
        return bool(self.names) and not self.bound


def linked(headers: str, specifiers: Mapping[str, str], suite: str, minor: str) -> Linked:
    """Which of the packages, by what is asked of their versions, have to do with a package of headers."""
    libraries = frozenset(runtime_of(headers, suite) or (headers,))
    names, bound = [], []
    for name, asked in sorted(specifiers.items()):
        rows = [row for row in rows_of("native_packages", name) if row["suite"] in {"*", suite}]
        for row in rows:
            loads = libraries.intersection(row["always"].split())
            if loads or headers in row["build"].split() or libraries.intersection(row["runtime"].split()):
                names.append(name)
                bound += [name] if loads or row["wheel"] == "no" or not _has_wheel(name, asked, minor) else []
    return Linked(tuple(names), tuple(bound))


def _has_wheel(name: str, asked: str, minor: str) -> bool:
    """Whether the release that is installed surely has a wheel, whatever machine builds the image."""
    first = _WHEELS.get(name)
    if first is None or version_order(minor) < _OLDEST:
        return False
    if not asked or asked.startswith((">", "~")):
        return "<" not in asked
    try:
        version = Version(asked.removeprefix("=="))
    except InvalidVersion:
        return False
    return version >= Version(first) and not is_older_than_wheels(name, str(version), minor)
