"""Base images of a file seen together: the exact tag that a floating one should become.

All stages on one Python minor version share a patch release and a codename unless somebody
wrote another; whatever pins a stage asks here, so that no two rules pull it different ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pydock.dockerfile import Stage
from pydock.images.debian import package_name
from pydock.images.tags import (
    PythonImage,
    judged_suites,
    known_suites,
    minors_of,
    newest_suite,
    published,
    suites_of,
    suites_with,
    tagged,
    version_order,
)
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.python import Release, Wish, later_than, suite, wishes
from pydock.shell import argv, script, unwrapped
from pydock.values import Value, once, replace

# Tags without a codename never meant wheezy where they have one with it.
_SUITES = tuple(name for name in known_suites() if name != "wheezy")
_ARCHIVE = regex(r"sources\.list|add-apt-repository|apt-key|keyrings|nodesource|packagecloud|\.deb\b")
GRACE = timedelta(days=365)


class Target(Value):
    """The exact tag that a floating one should become.

    `refusing` are the files that ask for another Python than the tag means today, `missing` the
    packages that the codename the tag means today does not have; `is_known` is false for a
    release that is younger than the table.
    """

    tag: str
    suite: str
    refusing: tuple[Wish, ...] = ()
    missing: tuple[str, ...] = ()
    is_known: bool = True


@once
def roots(project: Project) -> tuple[tuple[Stage, PythonImage], ...]:
    """The stages that start from an official Python image, each with it."""
    bottom = [stage for stage in project.dockerfile.stages if len(project.lineage(stage)) == 1]
    return tuple((stage, image) for stage in bottom if (image := project.python_image(stage)))


@once
def target(project: Project, stage: Stage) -> Target | None:
    """The exact tag for a stage on an official Debian image of Python; None where the tables have none."""
    image = project.python_image(stage)
    if image is None or not image.is_debian:
        return None
    refusing: tuple[Wish, ...] = ()
    minor = image.minor
    if image.version.count(".") == 0:
        refusing = tuple(wish for wish in wishes(project.tree) if not wish.takes(minor))
        minor = _minor_wished(project, image) if refusing else minor
    codename = suite_for(project, image, minor) or (project.options.pin != "table" and newest_suite()) or ""
    found = released(project, image, minor, codename)
    missing = lacking(image.suite_meant, system_packages(project, stage)) if codename != image.suite_meant else ()
    if image.version.count(".") == 2:
        known = image.version in found
        if not known and (project.options.pin != "table" or not _is_younger(image, minor)):
            return None
        return Target(tagged(image.version, image.variant, codename), codename, refusing, missing, known)
    written = {entry.version for _, entry in roots(project) if entry.minor == minor and entry.version.count(".") == 2}
    shared = written & found if len(written) == 1 else set()
    patch = max(shared or found, key=version_order, default="")
    return Target(tagged(patch, image.variant, codename), codename, refusing, missing) if patch else None


def newer_release(project: Project, image: PythonImage) -> Release | None:
    """A minor version that came out after the table of tags was made and that a tag without one may mean.

    There are images of a new one for the two newest Debian releases alone.
    """
    is_open = image.version.count(".") == 0 and image.suite in {"", *known_suites()[-2:]}
    later = later_than(image.minor, project.options.today) if is_open else ()
    return next((entry for entry in reversed(later) if entry.minor.startswith(image.version)), None)


def released(project: Project, image: PythonImage, minor: str, codename: str) -> frozenset[str]:
    """The patch releases to choose from: those of the table, or what the registry has where a person wants that."""
    if project.options.pin == "table":
        return published(minor, codename, image.variant)
    return project.registry.released(image, minor, codename)


def _minor_wished(project: Project, image: PythonImage) -> str:
    asked = wishes(project.tree)
    possible = minors_of(image.version or "3", image.suite)
    return next((minor for minor in possible if all(wish.takes(minor) for wish in asked)), "")


def _is_younger(image: PythonImage, minor: str) -> bool:
    """Whether a release came after the table was made; it is then on the newest codename."""
    newest = [patch for name in suites_of(minor) for patch in published(minor, name, image.variant)]
    return bool(newest) and version_order(image.version) > max(map(version_order, newest))


@once
def suite_for(project: Project, image: PythonImage, minor: str) -> str:
    """The codename for a stage: as written, as another stage wrote it, or what the tag floats to.

    Where apt-get asks for packages that this codename does not have, it is the newest that has them all.
    """
    if image.suite:
        return image.suite
    group = _group(project, image, minor)
    floating = [entry for _, entry in group if not entry.suite]
    possible = [name for name in _SUITES if all(_is_published(entry, minor, name) for entry in floating)]
    possible = possible or [name for name in _SUITES if _is_published(image, minor, name)]
    packages = {name for stage, entry in group if not entry.suite for name in system_packages(project, stage)}
    having = [name for name in possible if is_on_mirrors(project, name) and not lacking(name, packages)]
    meant = replace(image, version=image.version if image.version.count(".") else minor).suite_meant
    written = {entry.suite for _, entry in group if entry.suite}
    if len(written) == 1 and (shared := written & set(having or possible)):
        return shared.pop()
    if meant in possible and not lacking(meant, packages):
        return meant
    newest = having or possible
    return meant if meant in newest or not newest else newest[-1]


def meant(project: Project, stage: Stage) -> PythonImage | None:
    """The Python image of a stage with the codename that is settled for a tag that leaves it open.

    Whoever names a package of the system asks here, so that all names are those of one Debian release.
    """
    image = project.python_image(stage)
    if image is None or image.suite or not image.is_debian or not image.minor:
        return image
    return replace(image, suite=suite_for(project, image, image.minor))


def meant_reference(project: Project, stage: Stage) -> str | None:
    """The reference of a stage's base image; the codename is in the tag where it is not what that means today."""
    reference, image = project.reference(stage), meant(project, stage)
    plain = project.python_image(stage)
    if image is None or plain is None or image.suite in {"", plain.suite_meant}:
        return reference
    return f"{image.image.repository}:{tagged(image.version or image.minor, image.variant, image.suite)}"


def is_on_mirrors(project: Project, codename: str) -> bool:
    """Whether apt-get still finds a codename: its packages move to the archive about a year after its life."""
    life = suite(codename)
    return codename in judged_suites() and life is not None and life.end_of_lts + GRACE > project.options.today


def _group(project: Project, image: PythonImage, minor: str) -> list[tuple[Stage, PythonImage]]:
    """The stages of the file that have to agree: those on the same minor version."""
    found = [(stage, entry) for stage, entry in roots(project) if entry.is_debian and entry.minor == minor]
    return found or [(stage, entry) for stage, entry in roots(project) if entry == image]


def _is_published(image: PythonImage, minor: str, suite: str) -> bool:
    found = published(minor, suite, image.variant)
    return image.version in found if image.version.count(".") == 2 else bool(found)


@once
def system_packages(project: Project, root: Stage) -> frozenset[str]:
    """The packages that apt-get takes from Debian in the stages built on this one, itself included.

    None where other package archives are added, for any of them may come from there.
    """
    stages = [stage for stage in project.dockerfile.stages if root in project.lineage(stage)]
    if any(_ARCHIVE.search(project.dockerfile.slice(run.span)) for stage in stages for run in stage.of("RUN")):
        return frozenset()
    steps = (step for stage in stages for run in stage.of("RUN") for step in script(run).steps)
    lines = [argv(unwrapped(step.command)[1].words) for step in steps if step.command is not None]
    installs = [line for line in lines if line.program in {"apt-get", "apt"} and line.verb == "install"]
    return frozenset(package_name(word.value) for line in installs for word in line.operands if word.value)


def lacking(suite: str, names: Iterable[str]) -> tuple[str, ...]:
    """The packages that a codename does not have while others do."""
    if suite not in judged_suites():
        return ()
    return tuple(sorted(name for name in names if (having := suites_with(name)) and suite not in having))
