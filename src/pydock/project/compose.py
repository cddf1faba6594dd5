"""Compose services that run the image of this Dockerfile."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator

from pydock.context.compose import (
    Build,
    Composition,
    Service,
    Unset,
    build_of,
    compositions,
    file_built,
    is_compose_file,
    service_of,
    shown,
)
from pydock.data import rows
from pydock.project import Project
from pydock.project.memory import remembered


@remembered
def composed(project: Project) -> tuple[Composition, ...]:
    """The compose files in the context and above it, put together.

    The files above are no files of the project: they are read, and nothing changes them.
    """
    above, tree = dict(project.above), project.tree
    paths = [path for path in (*tree.files, *above) if is_compose_file(posixpath.basename(path))]
    return compositions(paths, root_of(project), lambda path: above.get(path) or tree.text(path))


def root_of(project: Project) -> str:
    """The absolute place of the build context, by which a file above it may name what is inside."""
    return os.path.abspath(project.tree.root).replace(os.sep, "/") if project.tree.root else "/context"


@remembered
def services(project: Project) -> tuple[Service, ...]:
    """The services of all compositions whose image is this Dockerfile's final stage, each way to run one once."""
    targets = {stage.name for stage in project.lineage(project.final)}
    is_last = project.final is project.dockerfile.stages[-1]
    return _once(
        service_of(composition, name)
        for composition in composed(project)
        for name, build in _running(project, composition)
        if (is_last if build is None or build.target is None else shown(build.target).lower() in targets)
    )


def services_by_image(project: Project) -> tuple[Service, ...]:
    """Those of the context that run an image by its name, which may be this one: none of Docker's own library."""
    return _once(
        service_of(composition, name)
        for composition in composed(project)
        if not composition.files[-1].startswith("../")
        for name, entry in composition.services.items()
        if not entry.get("build") and entry.get("image") and not _is_official(str(entry["image"]))
    )


def _once(found: Iterator[Service]) -> tuple[Service, ...]:
    """A service that the further files of a composition say nothing of is the same one."""
    return tuple(dict.fromkeys(found))


def _is_official(image: str) -> bool:
    return any(row["name"] == image.partition(":")[0] for row in rows("official_images"))


def _running(project: Project, composition: Composition) -> Iterator[tuple[str, Build | None]]:
    """The services that run this Dockerfile's image, each with what builds it."""
    builds = {name: build_of(name, entry) for name, entry in composition.services.items()}
    own = {name for name, build in builds.items() if build is not None and builds_this(project, build)}
    images = {str(image) for name in own if (image := composition.services[name].get("image"))}
    unnamed = {name for name in own if not composition.services[name].get("image")}
    for name, entry in composition.services.items():
        # Another service may use the image by the name that this one gives it.
        image = str(entry.get("image"))
        if name in own or (builds[name] is None and (image in images or _is_name_by_compose(image, unnamed))):
            yield name, builds[name]


def _is_name_by_compose(image: str, services: Iterable[str]) -> bool:
    """Whether it is the image of a service as compose names it, `project-service`, with `_` before version 2.

    https://docs.docker.com/reference/compose-file/build/#using-build-and-image, read 2026-12. What the project is
    called depends on the folder and on who calls compose.
    """
    name = image.removesuffix(":latest")
    return "/" not in name and any(name.endswith((f"-{service}", f"_{service}")) for service in services)


def builds_this(project: Project, build: Build) -> bool:
    """Whether a `build:` means this Dockerfile."""
    if build.is_remote or build.is_inline or isinstance(build.dockerfile, Unset):
        return False
    top = root_of(project)
    own, named = (posixpath.normpath(posixpath.join(top, path)) for path in (project.path, build.dockerfile))
    folder, beside = posixpath.dirname(own), posixpath.dirname(project.path)
    return own == file_built(
        named,
        lambda path: (
            posixpath.dirname(path) == folder
            and project.tree.has_file(posixpath.join(beside, posixpath.basename(path)))
        ),
    )
