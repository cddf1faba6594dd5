"""What is decided about a split before any text is written."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import cached_property

from pydock.dockerfile import Instruction, Stage
from pydock.images.debian import Need, from_full_image, kind_of, needs, program
from pydock.images.tags import PythonImage
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.apt import AptKind
from pydock.project.bases import is_on_mirrors
from pydock.project.called import called_programs
from pydock.project.python import wishes
from pydock.shell import Step
from pydock.split_old.base import Base, base
from pydock.split_old.environment import shares_pip
from pydock.split_old.inputs import Inputs, inputs_of
from pydock.split_old.installer import takes_uv
from pydock.split_old.places import refuse_places
from pydock.split_old.preparing import brings_apt_files, preparing_steps
from pydock.split_old.refusal import Refusal
from pydock.split_old.roles import MANAGERS, Role, RoledStep, step_text
from pydock.split_old.slim import loaded_libraries, media_types, slim_doubts
from pydock.split_old.system import Demand, SystemPlan, already_there, plan_system
from pydock.split_old.tools import refuse_tools
from pydock.split_old.wanted import Wanted, wanted
from pydock.tree import Tree
from pydock.values import Value
from pydock.words import expand

VENV = "/opt/venv"
_APT_SETUP = regex(r"/etc/apt/|apt-key|add-apt-repository|nodesource|dpkg --add-architecture|/usr/share/keyrings")
# Poetry told to use the environment that is there.
_MAKES_NONE = regex(r"virtualenvs[._]create[\s=\"']+(?:false|0)\b", re.I)
_STAGE_NAMES = ("builder", "build", "dependencies", "pydeps")


class Draft(Value, dict=True):
    """The facts both stages are written from.

    `prepares` are steps that say how packages are fetched, `sets_up_apt` those that tell apt where
    packages are; `there` are packages that the file installs and the builder's image has. `makes_venv`
    is false where the file makes its own; `shares_pip` says that one that is made needs no pip of its own.
    """

    project: Project
    stage: Stage
    steps: tuple[RoledStep, ...]
    base: Base
    inputs: Inputs
    wanted: Wanted
    system: SystemPlan
    venv: str
    makes_venv: bool
    shares_pip: bool
    prepares: frozenset[Step]
    sets_up_apt: frozenset[Step]
    there: frozenset[str]
    doubts: tuple[str, ...]

    @property
    def leaving(self) -> frozenset[Step]:
        """Steps that only make what the installs read, so that the service has no use for them."""
        return self.inputs.feeding - self.inputs.mixed

    @property
    def image(self) -> PythonImage:
        return self.base.image

    @property
    def brings_uv(self) -> bool:
        """Whether the builder installs with uv although the file says pip, because a person chose it."""
        return self.project.options.installer == "uv" and takes_uv(self.stage, self.image, self.steps)

    @cached_property
    def builder_name(self) -> str:
        return next(name for name in _STAGE_NAMES if name != self.stage.name)

    @cached_property
    def by_run(self) -> Mapping[Instruction, tuple[RoledStep, ...]]:
        found: dict[Instruction, list[RoledStep]] = {}
        for entry in self.steps:
            found.setdefault(entry.run, []).append(entry)
        return {run: tuple(entries) for run, entries in found.items()}

    @cached_property
    def last_install(self) -> int:
        """The position in the stage of the last RUN that the builder has."""
        runs = [entry.run for entry in self.steps if entry.role in {Role.INSTALL, Role.TOOL, Role.VENV}]
        return max(self.stage.instructions.index(run) for run in runs)

    @property
    def manager(self) -> str:
        """The tool that installs the environment, "" for pip itself."""
        names = [
            command.program for entry in self.steps for command in entry.step.commands if entry.role is Role.INSTALL
        ]
        return next((name for name in names if name in MANAGERS), "")


def draft(project: Project, stage: Stage, steps: tuple[RoledStep, ...]) -> Draft | Refusal:
    """Gather the facts, or find the one that stands in the way."""
    images = base(project, stage)
    if isinstance(images, Refusal):
        return images
    image = images.image
    place = _environment(project, stage, steps)
    if isinstance(place, Refusal):
        return place
    inputs = inputs_of(project, stage, steps)
    leaving = inputs.feeding - inputs.mixed
    refusal = refuse_tools(project, stage, steps, leaving)
    refusal = refusal or _refuse_use(project, stage, image, steps, makes_venv=place[1])
    if refusal := refusal or _refuse_absent(steps, inputs.absent):
        return refusal
    prepares = preparing_steps(project, steps)
    asked = wanted(project, inputs, steps)
    called = _called(project, steps, leaving)
    demanded = _demanded(project, image, asked, called) if images.is_slimmed else ()
    if refusal := _refuse_compiler(stage, steps, demanded) or _refuse_archived(project, stage, image, steps, demanded):
        return refusal
    apt_setup = _setting_up_apt(steps)
    demand = _demand(stage, steps, image, asked, called, inputs.feeding | prepares, is_apt_set_up=bool(apt_setup))
    return Draft(
        project,
        stage,
        steps,
        images,
        inputs,
        asked,
        plan_system(steps, demand, demanded),
        place[0],
        place[1],
        place[1] and shares_pip(project, steps, called),
        prepares,
        apt_setup,
        demand.in_builder_image,
        _doubts(project, asked, images),
    )


def _demand(
    stage: Stage,
    steps: tuple[RoledStep, ...],
    image: PythonImage,
    asked: Wanted,
    called: Mapping[str, str],
    helping: frozenset[Step],
    *,
    is_apt_set_up: bool,
) -> Demand:
    in_builder = [entry for entry in steps if _is_builders(entry, helping)]
    programs = frozenset(command.program for entry in in_builder for command in entry.step.commands)
    is_as_published = not (image.variant or is_apt_set_up or any(map(brings_apt_files, stage.instructions)))
    there = already_there(steps, image.suite_meant) if is_as_published else frozenset()
    return Demand(image.suite_meant, frozenset(called), programs, asked.from_repositories, there)


def _environment(project: Project, stage: Stage, steps: tuple[RoledStep, ...]) -> tuple[str, bool] | Refusal:
    """(path of the environment, whether it has to be made)."""
    for entry in steps:
        if entry.role is Role.VENV and entry.step.command is not None:
            path = entry.step.command.words[-1]
            known = expand(path.text.strip("\"'"), project.environment(stage, entry.run))
            workdir = project.workdir(stage, entry.run)
            if not known or workdir is None or known.startswith("-"):
                return Refusal(entry.step.span, "venv hidden", "the path of the virtual environment cannot be told")
            return posixpath.normpath(posixpath.join(workdir, known)), False
    text = project.dockerfile.slice(stage.span)
    managers = {
        command.program: entry for entry in steps for command in entry.step.commands if entry.role is Role.INSTALL
    }
    for name in ("uv", "poetry", "pdm"):
        if name in managers and ".venv" in text and not (name == "poetry" and _MAKES_NONE.search(text)):
            workdir = project.workdir(stage, managers[name].run)
            if workdir is None or name != "uv":
                return Refusal(
                    managers[name].step.span,
                    "venv in project",
                    f"a .venv is named here, and where {name} keeps its environment cannot be told",
                    "let it lie in /opt/venv",
                )
            return posixpath.join(workdir, ".venv"), False
    return VENV, True


def _refuse_interpreter(
    project: Project, stage: Stage, image: PythonImage, steps: tuple[RoledStep, ...]
) -> Refusal | None:
    """uv downloads another interpreter under /root when the project asks for another version."""
    for entry in steps:
        if entry.role is Role.INSTALL and any(command.values[:2] == ("uv", "sync") for command in entry.step.commands):
            for name in (".python-version", "pyproject.toml", "uv.lock"):
                origin = project.origin(stage, name, entry.run)
                asked = wishes(Tree.of({name: (project.tree.text(origin) or "") if origin else ""}))
                if asked and not asked[0].takes_image(image):
                    return Refusal(
                        entry.step.span,
                        "other interpreter",
                        f"{origin} asks for Python {asked[0].text}, the image has {image.patch or image.minor}",
                        "make the two agree; uv would bring an interpreter of its own",
                    )
    return None


def _setting_up_apt(steps: tuple[RoledStep, ...]) -> frozenset[Step]:
    return frozenset(
        entry.step for entry in steps if entry.role is Role.OTHER and _APT_SETUP.search(step_text(entry.step))
    )


def _refuse_use(
    project: Project, stage: Stage, image: PythonImage, steps: tuple[RoledStep, ...], *, makes_venv: bool
) -> Refusal | None:
    """What uses the environment in a way that only works where it is."""
    found = _refuse_interpreter(project, stage, image, steps)
    return found or (next(refuse_places(project, stage), None) if makes_venv else None)


def _refuse_absent(steps: tuple[RoledStep, ...], path: str) -> Refusal | None:
    if not path:
        return None
    at = next(
        entry.step.span
        for entry in steps
        for install in entry.installs
        if any(path in (word.value or "") for word in install.command.words)
    )
    return Refusal(
        at,
        "made input",
        f"{path} is installed from, and no COPY brings it",
        "COPY it from the context or another stage",
    )


def _is_builders(entry: RoledStep, feeding: frozenset[Step]) -> bool:
    return entry.role in {Role.TOOL, Role.INSTALL, Role.VENV} or entry.step in feeding


def _called(project: Project, steps: tuple[RoledStep, ...], leaving: frozenset[Step]) -> dict[str, str]:
    """Programs that the runtime stage calls, with the place that does."""
    called = {name: places[0] for name, places in called_programs(project).items()}
    for entry in steps:
        if entry.role is Role.OTHER and entry.step not in leaving:
            for command in entry.step.commands:
                if command.program:
                    called.setdefault(command.program, f"line {project.line(entry.step.span)}")
    return called


def _demanded(project: Project, image: PythonImage, asked: Wanted, called: Mapping[str, str]) -> tuple[Need, ...]:
    """What the full image brought along and slim does not: libraries that are loaded, programs that are called."""
    suite = image.suite_meant
    libraries = needs(asked.names, suite, compiled=asked.compiled(image.minor))
    found = from_full_image(libraries, suite)
    found += [need for need in libraries if need not in found and _was_there(need, suite)]
    for name, place in called.items():
        known = program(name)
        if known and known.only_in_full(suite):
            found.append(Need(known.package, place, f"calls {name}"))
    return (*found, *loaded_libraries(project, suite), *media_types(project, suite, asked.names))


def _was_there(need: Need, suite: str) -> bool:
    """Whether a program's package, such as git, came with the full image."""
    known = program(need.package)
    return known is not None and known.only_in_full(suite)


def _refuse_compiler(stage: Stage, steps: tuple[RoledStep, ...], demanded: tuple[Need, ...]) -> Refusal | None:
    for need in demanded:
        if kind_of(need.package) in {"compiler", "build-tool", "headers"}:
            at = next(
                (entry.step.span for entry in steps if need.why.split()[-1] in step_text(entry.step).split()),
                stage.start.value_span,
            )
            return Refusal(
                at,
                "compiler at run time",
                f"{need.wanted_by} {need.why}, which the slim image does not have",
                "make what it makes in a stage of its own and COPY it",
            )
    return None


def _refuse_archived(
    project: Project, stage: Stage, image: PythonImage, steps: tuple[RoledStep, ...], demanded: tuple[Need, ...]
) -> Refusal | None:
    """Where slim lacks something that no mirror has any more, and the file does not install packages all the same."""
    asks = any(apt.kind is AptKind.INSTALL for entry in steps for apt in entry.apt)
    if not demanded or asks or is_on_mirrors(project, image.suite_meant):
        return None
    return Refusal(
        stage.start.value_span,
        "archived distribution",
        f"{demanded[0].wanted_by} {demanded[0].why}, which slim lacks, and no mirror has {image.suite_meant} any more",
        "move to a Debian release that is supported, then split",
    )


def _doubts(project: Project, asked: Wanted, images: Base) -> tuple[str, ...]:
    doubts = [images.doubt] if images.doubt else []
    if not project.tree.known:
        doubts.append("the build context is not known, so the files that the installs read are taken by name")
    if images.is_slimmed and asked.unreadable and project.tree.known:
        doubts.append(
            f"{asked.unreadable} could not be read, so a library that one of its packages loads may be missing in slim"
        )
    elif project.tree.has_file(asked.unreadable):
        doubts.append(f"{asked.unreadable} could not be read, so what its packages need at run time is not known")
    return (*doubts, *(slim_doubts(project) if images.is_slimmed else ()))


def purges(entry: RoledStep) -> bool:
    """Whether a cleaning step removes packages."""
    return any(apt.kind is AptKind.PURGE and apt.packages for apt in entry.apt)
