"""Where a file of the running container comes from, compose's bind mounts over the image included."""

from __future__ import annotations

import posixpath

from pydock.build.containers.mounts import OwnMount, mounted_at, own_mounts
from pydock.build.sources import is_brought
from pydock.build.views import files, image
from pydock.project import Project
from pydock.project.compose import services
from pydock.project.memory import remembered
from pydock.state import is_below


def place_of(project: Project, path: str) -> str | None:
    """The context path of a file: what COPY brings, else what compose mounts there."""
    place = files(project).origin(path)
    if place is not None and (project.tree.has_file(place) or project.tree.has_folder(place)):
        return place
    workdir = image(project, project.final).workdir
    if workdir is None:
        return place
    absolute = posixpath.normpath(posixpath.join(workdir, path))
    return mounted_at(project, _mounts(project), absolute) or place


def is_in_container(project: Project, path: str) -> bool:
    """Whether a file of the context may be in the running container: a COPY brings it, or compose mounts it."""
    return is_brought(project, path) or any(each.path == "." or is_below(path, each.path) for each in _mounts(project))


@remembered
def _mounts(project: Project) -> tuple[OwnMount, ...]:
    """The mounts of the project's own files in all of its services."""
    return tuple(mount for service in services(project) for mount in own_mounts(service))
