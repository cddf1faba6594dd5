"""The whole of a build: its steps, the images that they make, and what runs in a container of the final one."""

from __future__ import annotations

from pydock.build.containers.container import Container
from pydock.build.containers.processes import processes_of
from pydock.build.containers.start import Start
from pydock.build.containers.starts import starts_in, starts_of
from pydock.build.model import Build
from pydock.build.steps import read_steps
from pydock.build.views import files
from pydock.context.compose import Service
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.values import replace


@remembered
def walk(project: Project) -> Build:
    """The steps of the project's Dockerfile, the images that its stages make, and what runs in the final one."""
    build = read_steps(project)
    starts = starts_in(Container(project, build.final)) if build.stages else ()
    return replace(build, processes=tuple(processes_of(project, build.final, starts)), starts=starts)


def starts(project: Project) -> tuple[Start, ...]:
    """Every command that is known to run in a container of the final stage, in order."""
    return walk(project).starts


def starts_of_service(project: Project, service: Service) -> tuple[Start, ...]:
    """The commands of a compose service where it does not run what the image says."""
    return tuple(starts_of(Container(project, read_steps(project).final), service))


def script_text(project: Project, start: Start) -> str:
    """The text of the script that a command stands in, "" where it stands in none."""
    if start.path and start.path != project.path:
        return project.tree.text(start.path) or ""
    place = start.origin.rpartition(":")[0]
    found = files(project).content(place) if place.startswith("/") else None
    return found[1] if found else ""
