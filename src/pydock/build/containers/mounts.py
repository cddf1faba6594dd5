"""What the services of compose files mount over the image from the build context."""

from __future__ import annotations

import posixpath

from pydock.context.compose import Service, ServiceMount
from pydock.project import Project
from pydock.state import is_below
from pydock.values import Value


def is_foreign(mount: ServiceMount) -> bool:
    """Whether a compose mount is a folder of the host that is none of the build context: nobody here sees its files."""
    return mount.is_bind and mount.path is None


class OwnMount(Value):
    """A folder or file of the context, and the absolute place that it lies at in the container."""

    path: str
    target: str


def own_mounts(service: Service) -> tuple[OwnMount, ...]:
    """The mounts of a service that are of the project itself, as compose lays them: the last one on top."""
    found = [(mount.path, mount.target) for mount in service.mounts]
    return tuple(OwnMount(path, target) for path, target in reversed(found) if path is not None and target is not None)


def mounted_at(project: Project, mounts: tuple[OwnMount, ...], absolute: str) -> str | None:
    """The file or folder of the context that is mounted at a place of the container, None where none is."""
    for mount in mounts:
        inside = posixpath.relpath(absolute, mount.target)
        path = posixpath.normpath(posixpath.join(mount.path, inside))
        if is_below(absolute, mount.target) and (project.tree.has_file(path) or project.tree.has_folder(path)):
            return path
    return None
