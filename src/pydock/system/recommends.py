"""What packages recommend and a service then uses: what to ask for when recommends are off.

From `data/debian_recommends.csv`: `add` is asked for by name, `offers` where something calls a program of it,
`brings` comes along anyway, `doubt` is what may be missed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from functools import cache, lru_cache

from pydock.data import rows
from pydock.dockerfile import Stage
from pydock.images.base import is_of_suite, programs_of
from pydock.images.debian import is_archive
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.bases import meant
from pydock.project.memory import remembered
from pydock.system.apt import AptStep, apt_installs
from pydock.values import once

_IN_FULL_IMAGE = frozenset({"gcc", "g++", "make", "libc6-dev", "autoconf", "automake", "build-essential"})


# What tells apt of packages that are not Debian's.
_SOURCE = regex(r"/etc/apt/(?:sources|preferences)|apt-key|add-apt-repository|apt-add-repository|extrepo|\bdeb \[")


def asked_for(step: AptStep) -> tuple[frozenset[str], tuple[str, ...]]:
    """The packages by name, those in variables too, and the words that stay unknown."""
    return frozenset(step.names), tuple(word.text for word in step.packages if word.value is None)


def doubts(project: Project, step: AptStep, names: Collection[str]) -> Iterator[str]:
    """What may be missed without the recommended packages, as sentences."""
    suite = _suite(project, step.stage)
    for row in _rows(frozenset(names), suite):
        if row["doubt"]:
            yield f"what {row['package']} recommends may be used: {row['doubt']}"
    archives = {name for name in names if is_archive(name)}
    yield from (f"what {posixpath.basename(name)} recommends is not known" for name in sorted(archives))
    if any(_adds_source(stage, step) for stage in project.lineage(step.stage)):
        unknown = sorted(name for name in set(names) - archives if name.partition("=")[0] not in _of_debian())
        yield from (
            f"what {name} recommends is not known: packages of another source are installed here"
            for name in unknown[:1]
        )


def _adds_source(stage: Stage, step: AptStep) -> bool:
    """Whether apt is told of another source of packages before a step, or in its RUN."""
    first = _first_source(stage)
    return first is not None and (stage is not step.stage or first <= step.instruction.span.start)


@once
def _first_source(stage: Stage) -> int | None:
    """Where the first instruction of a stage stands that tells apt of another source."""
    entries = stage.of("RUN", "COPY", "ADD")
    found = (entry for entry in entries if _SOURCE.search("\n".join((entry.value, *entry.documents))))
    return next((entry.span.start for entry in found), None)


@cache
def _of_debian() -> frozenset[str]:
    """Packages that are known to be Debian's own."""
    columns = (
        ("debian_programs", "package"),
        ("debian_dev_packages", "dev"),
        ("debian_dev_packages", "runtime"),
        ("debian_build_packages", "package"),
        ("debian_recommends", "package"),
        ("full_image_packages", "package"),
        ("full_image_libraries", "package"),
        ("suite_package_names", "package"),
        ("native_packages", "runtime"),
    )
    return frozenset(name for table, column in columns for row in rows(table) for name in row[column].split())


def missing(project: Project, step: AptStep, names: Collection[str], called: Collection[str] = ()) -> tuple[str, ...]:
    """What has to be asked for by name when recommends are off, in the order of the table.

    `called` are the programs that this install is known to bring and that something calls.
    """
    image, suite = project.python_image(step.stage), _suite(project, step.stage)
    present = set(names) | ({"ca-certificates"} if image and image.is_debian else set())
    present |= _IN_FULL_IMAGE if image and image.variant == "" else set()
    present |= {name for row in _rows(frozenset(present), suite) for name in row["brings"].split()}
    since, mine = _first(project)[step.stage.index], step.command.span.start
    wanted = [name for row in _rows(frozenset(names), suite) for name in row["add"].split()]
    wanted += [
        name
        for row in _rows(frozenset(names), suite)
        for name in row["offers"].split()
        if programs_of(name) & set(called)
    ]
    return tuple(dict.fromkeys(name for name in wanted if name not in present and since.get(name, mine) >= mine))


@remembered
def _first(project: Project) -> list[dict[str, int]]:
    """For each stage where in the file a package comes in first."""
    return [_since(project, stage) for stage in project.dockerfile.stages]


def _since(project: Project, stage: Stage) -> dict[str, int]:
    """Where in the file the first install stands that has a package in the image, by the name of the package."""
    found: dict[str, int] = {}
    suite = _suite(project, stage)
    for each in apt_installs(project, stage):
        names = [*each.names]
        if not each.without_recommends:
            names += [name for row in _rows(frozenset(each.names), suite) for name in row["add"].split()]
        for name in names:
            found.setdefault(name, each.command.span.start)
    for name, start in list(found.items()):
        for brought in (word for row in _rows(frozenset({name}), suite) for word in row["brings"].split()):
            found[brought] = min(start, found.get(brought, start))
    return found


def _suite(project: Project, stage: Stage) -> str:
    """The suite of the official image below a stage, "" where that is not known."""
    image = meant(project, stage)
    return image.suite_meant if image else ""


@lru_cache(maxsize=1024)
def _rows(names: frozenset[str], suite: str) -> list[dict[str, str]]:
    """The rows of the table that apply; a row with a doubt is for `texlive-latex-base` too."""
    known = (row for row in rows("debian_recommends") if is_of_suite(row, suite))
    return [row for row in known if row["package"] in names or _is_of_family(row, names)]


def _is_of_family(row: dict[str, str], names: Collection[str]) -> bool:
    is_doubtful = bool(row["doubt"])
    return is_doubtful and any(name.startswith(f"{row['package']}-") and "headless" not in name for name in names)
