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
    first = _first_users(project)[stage.index]
    is_set = first is not None and first < end
    return image(project, stage, before).user if is_set else ""


def user_of(project: Project, stage: Stage, before: Instruction) -> str | None:
    """Whom an instruction runs as; None where that is the matter of a base image that no table names."""
    state = image(project, stage, before)
    return user_set(project, stage, before) or (state.user if state.base.user else None)


@remembered
def _first_users(project: Project) -> tuple[int | None, ...]:
    """For each stage where its first USER stands, that of a stage that it is built on before its own."""
    found: list[int | None] = []
    for stage in project.dockerfile.stages:
        below = [found[each.index] for each in project.lineage(stage)[1:2]]
        own = [entry.span.start for entry in stage.of("USER")[:1]]
        found.append(next((start for start in (*below, *own) if start is not None), None))
    return tuple(found)


@remembered
def files(project: Project) -> Files:
    """The files of the image as containers find it."""
    return Files(read_steps(project).final)


def files_before(project: Project, instruction: Instruction) -> Files:
    """The files of the image that an instruction finds."""
    return Files(read_steps(project).before(instruction))
