"""The image that containers are started from, with the project around it."""

from __future__ import annotations

from functools import cached_property

from pydock.build.containers.mounts import OwnMount, mounted_at
from pydock.build.contract import contract
from pydock.build.files import Files, is_shell_script
from pydock.project import Project, compose
from pydock.state import State
from pydock.values import Value


class Container(Value, eq=False, dict=True):
    """What a container of the final stage finds: the image as the file leaves it, and what compose mounts over it."""

    project: Project
    image: State
    mounts: tuple[OwnMount, ...] = ()

    @cached_property
    def files(self) -> Files:
        return Files(self.image)

    def script(self, name: str, *, is_searched: bool) -> tuple[str, str] | None:
        """The place and the text of a shell script by its name, as `Files.script` gives them."""
        absolute = self.image.at(name) if "/" in name or not is_searched else None
        mounted = mounted_at(self.project, self.mounts, absolute) if absolute else None
        text = self.project.tree.text(mounted) if mounted else None
        if mounted is None or text is None:
            return self.files.script(name, is_searched=is_searched)
        return (mounted, text) if not is_searched or is_shell_script(mounted, text) else None

    @cached_property
    def environment(self) -> dict[str, str | None]:
        """What the image sets in the environment; what compose sets beside it is only known there."""
        outside = {name: None for service in compose.services(self.project) for name, _ in service.environment}
        return {**contract(self.project).environment, **outside}
