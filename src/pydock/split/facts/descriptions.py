"""Whether anything reads, when it runs, what a project says of itself to those who install it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build.sources import sources
from pydock.packages import read_table, section
from pydock.patterns import regex
from pydock.project import Project
from pydock.split.facts.inputs import DESCRIPTION
from pydock.split.facts.places import running_files

# Sections of pyproject.toml that only those read who build, install, check or release a project.
_OF_DEVELOPMENT = regex(
    r"poetry|setuptools|setuptools_scm|hatch|flit|pdm|uv|rye|pixi|cibuildwheel|maturin|scikit-build|versioneer"
    r"|poetry-dynamic-versioning|pip-tools|pip-audit|deptry|black|isort|ruff|mypy|pytest|coverage|pyright|basedpyright"
    r"|pylint|flake8|bandit|pydocstyle|pycodestyle|autopep8|yapf|autoflake|vulture|interrogate|codespell|djlint|tox|nox"
    r"|commitizen|semantic_release|towncrier|bumpversion|bumpver|tbump|django-stubs|pydantic-mypy|mutmut|refurb|pyrefly"
    r"|ty|typos|sqlfluff|pytype|pyre|docformatter|creosote|pymarkdown"
)


def read_later(project: Project) -> frozenset[str]:
    """The names of such files that the code, a script or a tool of the service may read when it runs."""
    paths = [path for path in project.tree.files if DESCRIPTION.fullmatch(path)]
    names = dict.fromkeys(map(posixpath.basename, paths))
    if not names:
        return frozenset()
    texts = [text for path in sources(project) if (text := project.tree.text(path)) is not None]
    scripts = [text for path, text in running_files(project) if not path.endswith(".py") and path not in paths]
    found = {name for name in names if _is_named(name, texts, scripts)}
    return frozenset({*found, *_with_settings(project, paths)})


def _is_named(name: str, texts: list[str], scripts: list[str]) -> bool:
    """Whether a literal of the code is the path of a file, or a line of a script names it."""
    literal = re.compile(rf"[\"'][^\"'\s]*{re.escape(name)}[\"']")
    word = re.compile(rf"^[^#\n]*(?<![\w.-]){re.escape(name)}(?![\w-])", re.M)
    return any(name in text and literal.search(text) for text in texts) or any(
        name in text and word.search(text) for text in scripts
    )


def _with_settings(project: Project, paths: list[str]) -> Iterator[str]:
    """`pyproject.toml` where it holds settings of something else than tools for development."""
    for path in paths:
        if posixpath.basename(path) == "pyproject.toml":
            tools = section(read_table(project.tree.text(path)), "tool")
            if not all(map(_OF_DEVELOPMENT.fullmatch, tools)):
                yield "pyproject.toml"
