"""Who asks for the libraries of packages with headers: a wheel brings its own.

Headers are there for some package. Where one is known to be compiled with them and surely comes as a wheel, they are
there for that, and packages that no table knows are not taken for one more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydock.build import Build, Step
from pydock.build.containers.calls import libraries
from pydock.data import rows_of
from pydock.dockerfile import Stage
from pydock.images.debian import kind_of
from pydock.images.tags import PythonImage
from pydock.images.wheels import Linked, linked
from pydock.project import Project
from pydock.split.facts.members import package_of
from pydock.split.facts.reasons import Reason
from pydock.split.facts.slices import Slices
from pydock.split.facts.wanted import demand_of, names_of, specifiers_of, unread

_FETCHING = frozenset({"curl", "wget", "git", "dpkg", "tar", "unzip", "npm", "npx"})


def askers(project: Project, build: Build, stage: Stage, image: PythonImage, cut: Slices) -> Mapping[str, str | None]:
    """By package with headers that leaves the runtime stage, who may need its libraries there; None where nobody."""
    steps = build.of_stage(stage.index)
    leaving = [step for step in steps if cut.reasons.get(step.number) is Reason.BUILDING]
    packages = [name for step in leaving if (name := package_of(step)) is not None and kind_of(name) == "headers"]
    if not packages:
        return {}
    names, unknown = _with_what_they_bring(build)
    doubt = next(_doubts(project, build, stage, cut), None)
    found: dict[str, str | None] = {}
    asked = specifiers_of(build)
    for package in packages:
        bound = _linked(names, asked, package, image).bound
        is_explained = bool(_linked(names_of(build), asked, package, image).names)
        asker = bound[0] if bound else None if is_explained else unknown or "something"
        found[package] = f"{asker} may load it" if asker is not None else doubt
    return found


def _linked(names: frozenset[str], asked: Mapping[str, str], package: str, image: PythonImage) -> Linked:
    return linked(package, {name: asked.get(name, "") for name in names}, image.suite_meant, image.minor)


def _with_what_they_bring(build: Build) -> tuple[frozenset[str], str | None]:
    """The packages that are installed with all that they bring, and the first of which that is not known."""
    asked = demand_of(build).extras
    found: set[str] = set()
    pending = sorted(names_of(build), reverse=True)
    unknown = None
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        known = rows_of("package_requires", name)
        brought = [each for row in known for each in row["requires"].split()]
        more = [each for row in known for each in row["extras"].split()] if name in asked else []
        if not known or (name in asked and not more):
            unknown = unknown or name
        pending += [*brought, *more]
    return frozenset(found), unknown


def _doubts(project: Project, build: Build, stage: Stage, cut: Slices) -> Iterator[str]:
    """Why something else than the known packages may load a library."""
    demand, steps = demand_of(build), build.of_stage(stage.index)
    if not project.tree.known or unread(project, build, stage) is not None or not demand.is_complete:
        yield "what is installed is not known"
    if demand.projects or demand.archives or demand.links:
        yield "what is installed from source may load it"
    if "no-binary" in project.dockerfile.text or "NO_BINARY" in project.dockerfile.text:
        yield "`no-binary` asks for compiled packages"
    if found := libraries(project):
        yield f"{found[0][1]} loads {found[0][0]}"
    for step in steps:
        if step.number in cut.runtime and _brings_programs(step):
            yield f"what line {step.line} brings may load it"


def _brings_programs(step: Step) -> bool:
    if step.keyword in {"COPY", "ADD"}:
        return step.instruction.flag("from") is not None or "://" in step.text
    return bool(step.opens) or any(call.program in _FETCHING for call in step.commands)
