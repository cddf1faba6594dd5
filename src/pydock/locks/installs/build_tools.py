"""Tools that build or install, and the last version of each that runs on a Python.

Versions come from `data/build_tools.csv`; an unknown pair has none.
"""

from __future__ import annotations

from functools import cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pydock.data import rows
from pydock.images.tags import PythonImage

BUILD_TOOLS = frozenset(
    ["pip", "setuptools", "wheel", "pip-tools", "pipenv", "poetry", "uv", "hatch", "pdm", "virtualenv", "build"]
)


def is_build_tool(word: str) -> bool:
    """Whether an argument of an install names a build tool of an index, pinned or not."""
    try:
        requirement = Requirement(word)
    except InvalidRequirement:
        return False
    return not requirement.url and canonicalize_name(requirement.name) in BUILD_TOOLS


def python_minor(image: PythonImage) -> str:
    """X.Y inside an image, "" where the tag stopped floating: `python:alpine3.7` is some Python of 2019."""
    is_frozen = "." not in image.version and "alpine3" in image.image.tag
    return "" if is_frozen or image.variant not in {"", "slim", "alpine"} else image.minor


@cache
def latest_tool(tool: str, minor: str) -> str:
    """The last version of a tool for a Python minor version, "" where the table has none."""
    if not minor:
        return ""
    for row in rows("build_tools"):
        if row["tool"] == tool and Version(row["first"]) <= Version(minor) <= Version(row["last"]):
            return row["version"]
    return ""
