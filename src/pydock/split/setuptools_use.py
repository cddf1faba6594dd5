"""setuptools in the environment, where something may import `pkg_resources` and nothing declares it.

The official images of Python 3.11 and older have setuptools beside pip; an environment of its own does not.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydock.data import rows_of
from pydock.images.tags import PythonImage, version_order
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.sources import sources

# The last release that runs on a Python and still has pkg_resources, which 82 took out
# (https://setuptools.pypa.io/en/latest/history.html, read 2026-11).
_WITH_PKG_RESOURCES = {"3.5": "50.3.2", "3.6": "59.6.0", "3.7": "68.0.0", "3.8": "75.3.2"}
_NEWEST = "80.9.0"
_IMPORTS = regex(
    r"^[ \t]*(?:import|from)[ \t]+(?:pkg_resources|setuptools|distutils)\b",
    words="pkg_resources setuptools distutils",
)
_FIRST_WITHOUT = (3, 12)


def setuptools_for(project: Project, image: PythonImage, names: Iterable[str]) -> str | None:
    """The version that the environment gets; None where nothing imports it, or the image never had it.

    What a package imports is known for those of `data/package_requires.csv`; any other one may.
    """
    if version_order(image.minor) >= _FIRST_WITHOUT:
        return None
    imports = any(_IMPORTS.search(project.tree.text(path) or "") for path in sources(project))
    if not imports and not any(map(_may_import, _with_what_they_bring(names))):
        return None
    return _WITH_PKG_RESOURCES.get(image.minor, _NEWEST)


def _may_import(name: str) -> bool:
    if rows_of("pkg_resources_users", name):
        return True
    return name == "setuptools" or not rows_of("package_requires", name)


def _with_what_they_bring(names: Iterable[str]) -> frozenset[str]:
    """The packages and all that they are known to bring along."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [each for row in rows_of("package_requires", name) for each in row["requires"].split()]
    return frozenset(found)
