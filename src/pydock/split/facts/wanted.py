"""Which Python packages the installs of a stage ask for, and what these need of the system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydock.build import Build
from pydock.build.containers.unstarted_scripts import unstarted_calls
from pydock.dockerfile import Stage
from pydock.images.debian import (
    Need,
    from_full_image,
    is_older_than_wheels,
    is_only_in_full,
    needs,
    program,
    serves_building,
)
from pydock.images.tags import PythonImage
from pydock.packages import Demand, Places, included, joined, of_file
from pydock.project import Project
from pydock.service.files.ignore_file import git_askers, has_history
from pydock.split.facts.slim import loaded_libraries, media_types
from pydock.state import is_below
from pydock.state.needs import Distribution, File
from pydock.values import once


@once
def demand_of(build: Build) -> Demand:
    """What the lists that the installs read ask for, as one."""
    found = []
    for step in build.steps:
        if step.installs is None:
            continue
        places = Places(step.before.text, step.before.at)
        paths = [need.path for need, _ in step.needs if isinstance(need, File)]
        known: set[str] = set()
        for path in paths:
            if path.endswith((".txt", ".in", ".lock", ".toml", "Pipfile")) and path not in known:
                found.append(of_file(path, places))
                known.update(included(path, places))
    return joined(found)


@once
def names_of(build: Build) -> frozenset[str]:
    """The packages that the installs of a build are known to bring."""
    found = (thing for step in build.steps if step.installs is not None for thing in step.provides)
    return frozenset(thing.name for thing in found if isinstance(thing, Distribution))


@once
def specifiers_of(build: Build) -> Mapping[str, str]:
    """What lists and words of commands say of versions, by package."""
    found = dict(demand_of(build).pins)
    for effect in (effect for step in build.steps for effect in step.effects if effect.installs is not None):
        found.update(effect.pins)
    return found


@once
def pins_of(build: Build) -> Mapping[str, str]:
    """The exact versions among them."""
    return {name: pin.removeprefix("==") for name, pin in specifiers_of(build).items() if pin.startswith("==")}


def unread(project: Project, build: Build, stage: Stage) -> str | None:
    """The first file of an install that could not be read."""
    for step in build.of_stage(stage.index):
        if step.installs is None:
            continue
        # `poetry run pip` needs a file, too: the program.
        programs = f"{step.installs}/bin"
        for need, found in step.needs:
            if not isinstance(need, File) or is_below(need.path, programs):
                continue
            if found.makers and step.before.text(need.path) is None:
                return need.path.rpartition("/")[2]
    return None


def extra_needs(project: Project, build: Build, image: PythonImage) -> Iterator[Need]:
    """What the full image brought along for the packages and the source, beyond what they are known to call."""
    suite = image.suite_meant
    names = names_of(build)
    compiled = [name for name, version in pins_of(build).items() if is_older_than_wheels(name, version, image.minor)]
    libraries = needs(names, suite, compiled=compiled, with_doubtful=True)
    yield from from_full_image(libraries, suite)
    yield from loaded_libraries(project, suite)
    for name, script in unstarted_calls(project, build):
        known = program(name)
        if known is not None and known.only_in_full(suite) and not serves_building(known.package):
            yield Need(known.package, script, f"calls {name}")
    if (askers := git_askers(project)) and has_history(project):
        need = Need("git", askers[0], "asks git about the code")
        yield from (need,) if is_only_in_full(need.package, suite) else ()
    yield from media_types(project, suite, names)
