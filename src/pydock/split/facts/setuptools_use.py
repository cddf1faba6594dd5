"""setuptools in the environment, where something may import `pkg_resources` and nothing declares it.

The official images of Python 3.11 and older have setuptools beside pip; an environment of its own does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.version import InvalidVersion, Version

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


def setuptools_for(project: Project, image: PythonImage, names: Iterable[str], pins: Mapping[str, str]) -> str | None:
    """The version that the environment gets; None where nothing imports it, or the image never had it.

    What a package imports is known for those of `data/package_requires.csv`; any other one may.
    """
    if version_order(image.minor) >= _FIRST_WITHOUT:
        return None
    direct = [name for name in names if not _is_own(project, name)]
    risks = [name for name in direct if not rows_of("package_requires", name)]
    risks += [name for name in _with_what_they_bring(direct) if _may_import(name, pins.get(name))]
    if not risks and not any(_IMPORTS.search(project.tree.text(path) or "") for path in sources(project)):
        return None
    return _WITH_PKG_RESOURCES.get(image.minor, _NEWEST)


def _is_own(project: Project, name: str) -> bool:
    """Whether a package is the project itself, whose source is read instead."""
    module = name.replace("-", "_")
    places = (module, f"{module}.py", f"src/{module}")
    return any(project.tree.has_file(each) or project.tree.has_folder(each) for each in places)


def _may_import(name: str, version: str | None) -> bool:
    """Whether a release of a package imports it undeclared; one that nothing pins is the newest."""
    for row in rows_of("pkg_resources_users", name):
        return not row["until"] or (version is not None and _is_until(version, row["until"]))
    return False


def _is_until(version: str, last: str) -> bool:
    try:
        return Version(version) <= Version(last)
    except InvalidVersion:
        return True


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
