"""What the services of compose files mount over the image from the build context."""

from __future__ import annotations

import os
import posixpath

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import Service
from pydock.state import is_below
from pydock.values import Value

# compose is run in the folder of its file.
_HERE = regex(r"\A(?:\$PWD|\$\{PWD\})(?=/|\Z)")


def is_bind(source: str) -> bool:
    """Whether a compose mount is a folder of the host, which keeps its owner there."""
    return source.startswith((".", "/", "~", "$"))


def is_foreign(project: Project, service: Service, source: str) -> bool:
    """Whether a compose mount is a folder of the host that is none of the build context: nobody here sees its files."""
    return is_bind(source) and _inside(project, service, source) is None


def _inside(project: Project, service: Service, source: str) -> str | None:
    """The context path of what a mount brings, None for what lies elsewhere."""
    source = _HERE.sub(".", source)
    if not source.startswith("."):
        return None
    # A file above the context calls it by its name.
    top = os.path.abspath(project.tree.root).replace(os.sep, "/") if project.tree.root else "/context"
    place = posixpath.normpath(posixpath.join(top, posixpath.dirname(service.path), source))
    return posixpath.relpath(place, top) if is_below(place, top) else None


class OwnMount(Value):
    """A folder or file of the context, and the absolute place that it lies at in the container."""

    path: str
    target: str


def own_mounts(project: Project, service: Service) -> tuple[OwnMount, ...]:
    """The mounts of a service that are of the project itself, as compose lays them: the last one on top."""
    found = [(_inside(project, service, source), target) for source, target in service.mounts if target[:1] == "/"]
    return tuple(OwnMount(path, posixpath.normpath(target)) for path, target in reversed(found) if path is not None)


def mounted_at(project: Project, mounts: tuple[OwnMount, ...], absolute: str) -> str | None:
    """The file or folder of the context that is mounted at a place of the container, None where none is."""
    for mount in mounts:
        inside = posixpath.relpath(absolute, mount.target)
        path = posixpath.normpath(posixpath.join(mount.path, inside))
        if is_below(absolute, mount.target) and (project.tree.has_file(path) or project.tree.has_folder(path)):
            return path
    return None
