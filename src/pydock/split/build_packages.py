"""Packages for building that ship in a file with several stages, and which stage they belong to."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import Build, Step, walk
from pydock.build.containers.calls import compiling, hidden_calls, libraries
from pydock.build.laws.uses import Uses, uses
from pydock.dockerfile import Instruction, Stage
from pydock.images.debian import kind_of, library, needs, runtime_of, serves_building
from pydock.project import Project
from pydock.split.facts.members import Member, members, package_of
from pydock.split.facts.slim import unseen
from pydock.split.facts.wanted import names_of
from pydock.state.needs import Library, Package
from pydock.values import Value


class Tools(Value, eq=False):
    """What one part of a RUN installs for building and nothing in the shipped image needs.

    `libraries` stand in for it there. `builders` are the stages beside the shipped ones that build with it: each
    starts from a shipped one. `is_alone` says that the RUN does nothing else.
    """

    stage: Stage
    run: Instruction
    member: Member
    steps: tuple[Step, ...]
    libraries: tuple[str, ...]
    builders: tuple[Stage, ...]
    is_alone: bool

    @property
    def packages(self) -> tuple[str, ...]:
        return tuple(name for step in self.steps if (name := package_of(step)) is not None)

    @property
    def words(self) -> tuple[str, ...]:
        """The packages as the file writes them, with their versions."""
        return tuple(step.operand.text for step in self.steps if step.operand is not None)


def shipped_tools(project: Project) -> tuple[Tools, ...]:
    """The packages for building in the stages that ship, none where one of these installs Python packages itself.

    Only on an official image: elsewhere `python3-pip` and `python3-dev` bring the Python that the service runs with.
    """
    build = walk(project)
    lineage = project.lineage(project.final)
    if project.python_image(project.final) is None:
        return ()
    if any(step.installs is not None for stage in lineage for step in build.of_stage(stage.index)):
        return ()
    used = uses(build)
    return tuple(tools for stage in reversed(lineage) for tools in _of_stage(project, build, stage, used))


def _of_stage(project: Project, build: Build, stage: Stage, used: Uses) -> Iterator[Tools]:
    shipped = {each.index for each in project.lineage(project.final)}
    for run, entries in members(build, stage.index).items():
        for member in entries:
            idle = tuple(
                step
                for step in member.steps
                if _is_idle(build, step)
                and step.number not in used.at_run_time
                and not used.stages(step.number) & shipped
            )
            if not idle:
                continue
            asking = frozenset(index for step in idle for index in used.stages(step.number))
            builders = tuple(dict.fromkeys(_branch(project, index, shipped) for index in sorted(asking)))
            is_alone = all(other is member or other.is_upkeep for other in entries)
            yield Tools(stage, run, member, idle, _libraries(build, stage, idle), builders, is_alone)


def _is_idle(build: Build, step: Step) -> bool:
    """Whether a step installs a package for building from Debian that is there in the end and that no process calls."""
    package = package_of(step)
    if package is None or step.key[0] != "apt" or not serves_building(package):
        return False
    return step.number in build.final.makers(Package(package)) - uses(build).at_run_time


def _libraries(build: Build, stage: Stage, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The shared libraries that the packages bring along and something may load."""
    base = build.stages[stage.index].base
    suite = base.suite if base is not None else ""
    loaded = {need.package for need in needs(names_of(build), suite)}
    found: list[str] = []
    for step in steps:
        package = package_of(step) or ""
        if kind_of(package) == "headers":
            known = runtime_of(package, suite)
            found += (package,) if known is None else known
        else:
            found += sorted({thing.package for thing in step.provides if isinstance(thing, Library)} & loaded)
    others = {package_of(step) for step in build.of_stage(stage.index) if step not in steps}
    return tuple(name for name in dict.fromkeys(found) if name not in others)


def _branch(project: Project, index: int, shipped: set[int]) -> Stage:
    """The first stage on the way to this one that does not ship."""
    way = project.lineage(project.dockerfile.stages[index])
    return [stage for stage in way if stage.index not in shipped][-1]


def tool_doubts(project: Project, tools: Tools) -> Iterator[str]:
    """What may use a package for building when the code runs."""
    if why := unseen(project):
        yield f"{why}, so what the code calls is not known"
    kinds = {kind_of(name) for name in tools.packages}
    if kinds - {"headers"}:
        if found := compiling(project):
            yield f"{found[0]} may call a compiler when it runs ({found[1]})"
        if hidden := hidden_calls(project):
            yield f"{hidden[0]} starts a program that is only known when it runs"
    for name, place in libraries(project) if "headers" in kinds else ():
        if (found_library := library(name)) and found_library.needs_headers:
            yield f"{place} loads {name}, a name that only packages with headers have"
