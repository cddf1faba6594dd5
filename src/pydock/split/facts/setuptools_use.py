"""setuptools in the environment, where something may import `pkg_resources`: an environment of its own has none."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from pydock.build import Build
from pydock.build.sources import sources
from pydock.data import rows_of
from pydock.images.setuptools import WITH_PKG_RESOURCES, setuptools_beside
from pydock.images.tags import PythonImage
from pydock.patterns import regex
from pydock.project import Project
from pydock.source import called_programs, imports_of, program_calls, syntax, walk
from pydock.state.needs import Buildable

_NEVER_RELEASED = "99999"
_NAMED = regex(r"setuptools(?:==(?P<version>[\w.]+))?", re.I)
_IMPORTS = regex(
    r"^[ \t]*(?:import|from)[ \t]+(?:pkg_resources|setuptools|distutils)\b",
    words="pkg_resources setuptools distutils",
)


def setuptools_for(
    project: Project, build: Build, image: PythonImage, names: Iterable[str], specifiers: Mapping[str, str]
) -> str | None:
    """The version that the environment gets; None where nothing imports it, or the image never had it.

    What a package imports is known for those of `data/package_requires.csv`; any other one may.
    `setuptools>=40` is met by what the image has, and by one without pkg_resources in an empty environment.
    """
    given, version = _given(build), setuptools_beside(image.minor)
    if given is not None:
        # By name beside pip, as an image without it needs it.
        version = given or version or WITH_PKG_RESOURCES
    if version is None or any(sign in specifiers.get("setuptools", "") for sign in ("==", "~=", "<")):
        return None
    direct = [name for name in names if not _is_own(project, name)]
    risks = [name for name in direct if name == "setuptools" or not rows_of("package_requires", name)]
    risks += [name for name in _with_what_they_bring(direct) if _may_import(name, specifiers.get(name, ""))]
    imports = any(_IMPORTS.search(project.tree.text(path) or "") for path in sources(project))
    return version if risks or imports or any(_asks_for_more(text) for text in _setup_scripts(build)) else None


def setup_calls_pip(build: Build) -> bool:
    """Whether a setup.py installs packages itself: into the environment, with a pip that lies there."""
    return any("pip" in called_programs(text) for text in _setup_scripts(build))


def _setup_scripts(build: Build) -> Iterator[str]:
    """The text of each setup.py that pip runs, but for those of projects that say what they are built with."""
    needs = (need for step in build.steps if step.installs is not None for need, _ in step.needs)
    for folder in {need.path for need in needs if isinstance(need, Buildable)}:
        if "build-system" not in (build.final.text(f"{folder}/pyproject.toml") or ""):
            yield build.final.text(f"{folder}/setup.py") or ""


def _asks_for_more(text: str) -> bool:
    """Whether a setup.py starts programs or imports packages: built apart, it would find neither them nor pip."""
    names = {name.partition(".")[0] for name in imports_of(walk(syntax(text) or ast.Module([], []))).values()}
    return bool(program_calls(text)) or not names <= {*sys.stdlib_module_names, "setuptools", "distutils"}


def _given(build: Build) -> str | None:
    """The version of setuptools that a command puts beside pip, "" where it names none; None without one."""
    words = (step.operand.value or "" for step in build.steps if step.operand is not None and step.is_tool)
    named = [match for word in words if (match := _NAMED.fullmatch(word))]
    return (named[-1]["version"] or "") if named else None


def _is_own(project: Project, name: str) -> bool:
    """Whether a package is the project itself, whose source is read instead."""
    module = name.replace("-", "_")
    places = (module, f"{module}.py", f"src/{module}")
    return any(project.tree.has_file(each) or project.tree.has_folder(each) for each in places)


def _may_import(name: str, specifier: str) -> bool:
    """Whether a release of a package that fits imports it; without an upper bound it is the newest."""
    for row in rows_of("pkg_resources_users", name):
        return not row["until"] or _allows_until(specifier, row["until"])
    return False


def _allows_until(specifier: str, last: str) -> bool:
    """Whether a specifier may give a release up to this one."""
    exact = specifier.removeprefix("==")
    try:
        if specifier.startswith("==") and not exact.endswith(".*"):
            return Version(exact) <= Version(last)
        found = SpecifierSet(specifier, prereleases=True)
        named = (last, *(each.version.removesuffix(".*") for each in found))
        old = [each for each in named if found.contains(each) and Version(each) <= Version(last)]
        return bool(old) and not found.contains(_NEVER_RELEASED)
    except (InvalidVersion, InvalidSpecifier):
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
