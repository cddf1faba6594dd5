"""What readers of a project ask of its walk: commands of containers, and files of its images."""

from __future__ import annotations

from pydock.build.containers.container import Container
from pydock.build.containers.starts import Start, starts_of
from pydock.build.files import Files
from pydock.build.walk import walk
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.project.compose import Service
from pydock.project.sources import remembered


def starts(project: Project) -> tuple[Start, ...]:
    """Every command that is known to run in a container of the final stage, in order."""
    return walk(project).starts


def starts_of_service(project: Project, service: Service) -> tuple[Start, ...]:
    """The commands of a compose service where it does not run what the image says."""
    return tuple(starts_of(Container(project, walk(project).final), service))


@remembered
def files(project: Project) -> Files:
    """The files of the image as containers find it."""
    return Files(walk(project).final)


def files_before(project: Project, instruction: Instruction) -> Files:
    """The files of the image that an instruction finds."""
    return Files(walk(project).before(instruction))


def files_of(project: Project, stage: Stage) -> Files:
    """The files of a stage as it ends."""
    return Files(walk(project).stages[stage.index])


def script_text(project: Project, start: Start) -> str:
    """The text of the script that a command stands in, "" where it stands in none."""
    if start.path and start.path != project.path:
        return project.tree.text(start.path) or ""
    place = start.origin.rpartition(":")[0]
    found = files(project).content(place) if place.startswith("/") else None
    return found[1] if found else ""
