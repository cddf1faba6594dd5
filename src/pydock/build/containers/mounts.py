"""What the services of compose files mount over the image from the build context."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.project import Project
from pydock.project.compose import Service
from pydock.state import is_below
from pydock.values import Value


def is_bind(source: str) -> bool:
    """Whether a compose mount is a folder of the host, which keeps its owner there."""
    return source.startswith((".", "/", "~", "$"))


class OwnMount(Value):
    """A folder or file of the context, and the absolute place that it lies at in the container."""

    path: str
    target: str


def own_mounts(service: Service) -> tuple[OwnMount, ...]:
    """The mounts of a service that are of the project itself, as compose lays them: the last one on top."""
    return tuple(reversed(tuple(_of(service))))


def _of(service: Service) -> Iterator[OwnMount]:
    for source, target in service.mounts:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(service.path), source))
        if source.startswith(".") and target.startswith("/") and not path.startswith(".."):
            yield OwnMount(path, posixpath.normpath(target))


def mounted_at(project: Project, mounts: tuple[OwnMount, ...], absolute: str) -> str | None:
    """The file or folder of the context that is mounted at a place of the container, None where none is."""
    for mount in mounts:
        inside = posixpath.relpath(absolute, mount.target)
        path = posixpath.normpath(posixpath.join(mount.path, inside))
        if is_below(absolute, mount.target) and (project.tree.has_file(path) or project.tree.has_folder(path)):
            return path
    return None
