"""What a registry said about tags: asked before the first round, and only when a person wants it."""

from __future__ import annotations

from collections.abc import Mapping

from pydock.images.tags import PythonImage
from pydock.values import Value, field


class Registry(Value):
    """Answers of the registries behind the images of a file.

    `digests` maps references such as `python:3.11.7-slim` to `sha256:...`, "" for a tag that is not there;
    `patches` maps (repository, minor version, codename) to the patch releases that have every variant the
    file uses; `refused` maps a reference to the reason why its registry gave no answer.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    patches: Mapping[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def digest(self, reference: str) -> str:
        """The digest that a tag names, "" where the registry has none or was not asked."""
        return self.digests.get(reference, "")

    def released(self, image: PythonImage, minor: str, suite: str) -> frozenset[str]:
        """The patch releases of a Python image that the registry has for a codename."""
        return self.patches.get((image.image.repository, minor, suite), frozenset())

    def why_not(self, repository: str) -> str:
        """Why the registry gave no answer about an image, "" where it did."""
        reasons = (why for reference, why in self.refused.items() if reference.rpartition(":")[0] == repository)
        return next(reasons, "")
