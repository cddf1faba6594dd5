"""What is decided about a split before any text is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from pydock.build import Build, Step
from pydock.dockerfile import Instruction, Stage
from pydock.images.tags import PythonImage
from pydock.project import Project
from pydock.split.base import Base
from pydock.split.facts.environment import Environment, is_own_tool
from pydock.split.facts.members import Member, members, works_in_folder
from pydock.split.facts.reasons import Reason
from pydock.split.facts.slices import Slices
from pydock.split.facts.system import SystemPackages
from pydock.state import Numbers
from pydock.values import Value

_STAGE_NAMES = ("builder", "build", "dependencies", "pydeps")


class Draft(Value, dict=True):
    """The facts that both stages are written from."""

    project: Project
    build: Build
    stage: Stage
    base: Base
    slices: Slices
    environment: Environment
    system: SystemPackages
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def image(self) -> PythonImage:
        return self.base.image

    @property
    def is_below_others(self) -> bool:
        """Whether other stages stand above: then comments above FROM speak of the stage, which is the runtime one.

        Above the first stage they speak of the file.
        """
        return self.stage.index > 0

    @cached_property
    def builder_name(self) -> str:
        taken = {stage.name for stage in self.project.dockerfile.stages}
        return next(name for name in (*_STAGE_NAMES, "python-builder") if name not in taken)

    @cached_property
    def steps(self) -> Mapping[Instruction, tuple[Step, ...]]:
        found: dict[Instruction, list[Step]] = {}
        for step in self.build.of_stage(self.stage.index):
            found.setdefault(step.instruction, []).append(step)
        return {instruction: tuple(steps) for instruction, steps in found.items()}

    @cached_property
    def members(self) -> Mapping[Instruction, tuple[Member, ...]]:
        return members(self.build, self.stage.index)

    @cached_property
    def by_number(self) -> Mapping[int, Step]:
        return {step.number: step for step in self.build.of_stage(self.stage.index)}

    @cached_property
    def late(self) -> Numbers:
        """The steps of the builder that stand below the environment: installs, and what depends on files of the
        context or on the work directory; the rest changes rarely and stands above it."""
        found = self.slices.makers
        for step in self.build.of_stage(self.stage.index):
            if is_own_tool(step, self.environment):
                found = found.and_of(step.number)
            if step.number not in self.slices.builder:
                continue
            makers = Numbers.joined(answer.makers for _, answer in (*step.needs, *step.takes))
            # It may ask anything, the environment too, where nothing that it works with is known.
            works_with = Numbers.joined(answer.makers for _, answer in step.needs)
            is_check = step.keyword == "RUN" and not (step.leaves_anything or step.is_setting or works_with)
            if makers & found or self._changes_often(step) or works_in_folder(step) or is_check:
                found = found.and_of(step.number)
        return found

    def _changes_often(self, step: Step) -> bool:
        """Whether a COPY brings files of the context or of a stage of this file that are no settings of the system."""
        if step.keyword not in {"COPY", "ADD"}:
            return False
        origin = step.instruction.flag("from")
        is_image = origin is not None and self.project.dockerfile.stage_named(origin) is None
        return not is_image and not step.brings_settings

    def reasons(self, instruction: Instruction) -> frozenset[Reason]:
        """Why the steps of an instruction are not in the runtime stage."""
        numbers = (step.number for step in self.steps.get(instruction, ()))
        return frozenset(self.slices.reasons[number] for number in numbers if number in self.slices.reasons)
