"""Where a file of the running container comes from, compose's bind mounts over the image included."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

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
    for source, target in _mounts(project):
        inside = posixpath.relpath(absolute, target)
        found = posixpath.normpath(posixpath.join(source, inside))
        if not inside.startswith("..") and (project.tree.has_file(found) or project.tree.has_folder(found)):
            return found
    return place


def is_in_container(project: Project, path: str) -> bool:
    """Whether a file of the context may be in the running container: a COPY brings it, or compose mounts it."""
    return is_brought(project, path) or any(folder == "." or is_below(path, folder) for folder, _ in _mounts(project))


@remembered
def _mounts(project: Project) -> tuple[tuple[str, str], ...]:
    """(folder of the context, absolute target) of each mount of the project's own files."""
    return tuple(_of_services(project))


def _of_services(project: Project) -> Iterator[tuple[str, str]]:
    for service in services(project):
        for source, target in service.mounts:
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(service.path), source))
            if source.startswith(".") and target.startswith("/") and not folder.startswith(".."):
                yield folder, posixpath.normpath(target)
