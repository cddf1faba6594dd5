"""What readers of a project ask of its steps: the image at one place of the file, and the files in it."""

from __future__ import annotations

from pydock.build.files import Files
from pydock.build.steps import read_steps
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.state import State


def image(project: Project, stage: Stage, before: Instruction | None = None) -> State:
    """The image that an instruction of a stage finds; without one, as the stage ends."""
    build = read_steps(project)
    return build.stages[stage.index] if before is None else build.before(before)


def user_set(project: Project, stage: Stage, before: Instruction | None = None) -> str:
    """The user in force where the file sets one; "" where that is the base image's matter."""
    end = before.span.start if before is not None else stage.instructions[-1].span.end
    is_set = any(entry.span.start < end for each in project.lineage(stage) for entry in each.of("USER")[:1])
    return image(project, stage, before).user if is_set else ""


@remembered
def files(project: Project) -> Files:
    """The files of the image as containers find it."""
    return Files(read_steps(project).final)


def files_before(project: Project, instruction: Instruction) -> Files:
    """The files of the image that an instruction finds."""
    return Files(read_steps(project).before(instruction))
