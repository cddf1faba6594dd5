"""The image that containers are started from, with the project around it."""

from __future__ import annotations

from functools import cached_property

from pydock.build.contract import contract
from pydock.build.files import Files
from pydock.project import Project, compose
from pydock.state import State
from pydock.values import Value


class Container(Value, eq=False, dict=True):
    """What a container of the final stage finds: the image as the file leaves it."""

    project: Project
    image: State

    @cached_property
    def files(self) -> Files:
        return Files(self.image)

    @cached_property
    def environment(self) -> dict[str, str | None]:
        """What the image sets in the environment; what compose sets beside it is only known there."""
        outside = {name: None for service in compose.services(self.project) for name, _ in service.environment}
        return {**contract(self.project).environment, **outside}
