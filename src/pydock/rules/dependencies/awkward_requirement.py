"""A requirement makes builds slow or images large, and another package does the same.

Some packages are compiled in every build because they publish no wheels, or drag in libraries
that a server never uses: `psycopg2` wants a compiler and libpq, `opencv-python` a graphical
desktop. For each of them there is a package by the same people, or one made to take its place,
that installs from a wheel.

No fix, ever: each replacement differs in something, which the finding names, and only the tests
of the service can tell whether that matters. Facts and sources: `pydock data package_replacements`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from packaging.utils import canonicalize_name

from pydock.build.installs import installs_of, requirement_sets
from pydock.build.sources import sources
from pydock.data import rows
from pydock.packages.requirements import Kind, entries
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.text import Span

_INSTALLS = "FROM python:3.12.14-slim-trixie\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n"

EXAMPLES = (
    Example(before=_INSTALLS, files={"requirements.txt": "psycopg2==2.9.10\n"}, finds=True),
    Example(before="FROM python:3.12.14-slim-trixie\nRUN pip install opencv-python==4.11.0.86\n", finds=True),
    Example(before=_INSTALLS, files={"requirements.txt": "psycopg2-binary==2.9.10\n"}),
    Example(
        before=_INSTALLS,
        files={"requirements.txt": "opencv-python==4.11.0.86\n", "app.py": "import cv2\ncv2.imshow('a', image)\n"},
    ),
)


@cache
def _replacements() -> Mapping[str, dict[str, str]]:
    return {row["package"]: row for row in rows("package_replacements")}


def check(project: Project) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, path, span in _asked(project):
        row = _replacements().get(name)
        if row is None or name in seen or _needs_the_original(project, row):
            continue
        seen.add(name)
        yield Finding(
            RULE,
            span,
            f"{name} has an easier replacement: {row['instead']}",
            cost=row["saves"],
            advice=f"Try {row['instead']}: {row['differs']}.",
            path=path,
        )


def _asked(project: Project) -> Iterator[tuple[str, str, Span]]:
    """(name, file, span) of what requirements files and installs name themselves."""
    for found in requirement_sets(project):
        for entry in found.entries:
            if entry.kind is Kind.REQUIREMENT:
                yield entry.name, entry.path, entry.span
    for stage in project.dockerfile.stages:
        for install in installs_of(project, stage):
            for word in install.packages:
                for entry in entries("", word.value or ""):
                    if entry.kind is Kind.REQUIREMENT:
                        yield canonicalize_name(entry.name), "", word.span


def _needs_the_original(project: Project, row: Mapping[str, str]) -> bool:
    """Whether the source calls what the replacement lacks."""
    lacking = row["unless"].split()
    return bool(lacking) and any(
        name in (project.tree.text(path) or "") for path in sources(project) for name in lacking
    )


RULE = Rule("PYD214", "awkward-requirement", check, __doc__, EXAMPLES, level=Level.NOTE)
