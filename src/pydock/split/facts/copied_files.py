"""Why a COPY or ADD may leave the runtime stage."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from pydock.build import Build, Step
from pydock.split.facts.inputs import is_description, is_input
from pydock.split.facts.reasons import Reason
from pydock.state import Numbers
from pydock.state.needs import File


class CopiedFiles:
    """The copies of one stage; `read_later` are the names of lists and manifests that something reads at run time."""

    def __init__(self, build: Build, stage: int, read_later: Collection[str]) -> None:
        self.build = build
        self.read_later = read_later
        self.runs = tuple(step for step in build.of_stage(stage) if step.keyword == "RUN")
        self.end = build.stages[stage]

    def reason(self, step: Step, builder: Numbers) -> Reason | None:
        """Why it may leave, as long as nothing in the runtime stage needs it."""
        in_builder = step.number in builder
        if self.is_covered(step):
            return Reason.INPUT if in_builder else None if self.is_taken(step, builder) else Reason.DEAD
        if self.is_mentioned(step):
            return None
        is_read = in_builder or self.is_beside_input(step, builder)
        if is_input(step) and is_read:
            return Reason.INPUT
        if is_description(step) and not self.is_taken(step, builder):
            return Reason.INPUT if is_read else Reason.UNREAD if is_input(step) else None
        return None

    def is_covered(self, step: Step) -> bool:
        """Whether another step has put something over everything that this one brought."""
        files = [thing for thing in step.provides if isinstance(thing, File)]
        return bool(files) and not any(step.number in self.end.makers(thing) for thing in files)

    def is_beside_input(self, step: Step, builder: Numbers) -> bool:
        """Whether the same COPY brings something else that installs read: uvx comes with uv."""
        others = (other for other in self.build.of_instruction(step.instruction) if other.number in builder)
        return any(other is not step and (is_input(other) or is_description(other)) for other in others)

    def is_mentioned(self, step: Step) -> bool:
        """Whether what runs reads one of the files."""
        files = {thing for thing in step.provides if isinstance(thing, File)}
        if any(posixpath.basename(file.path) in self.read_later for file in files):
            return True
        return any(need in files for process in self.build.processes for need, _ in process.needs)

    def is_taken(self, step: Step, builder: Numbers) -> bool:
        """Whether a command that is not for building may read what it brought."""
        others = (each for each in self.runs if each.number not in builder)
        return any(step.number in answer.makers for each in others for _, answer in (*each.needs, *each.takes))
