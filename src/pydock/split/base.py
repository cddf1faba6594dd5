"""The images that both stages start from."""

from __future__ import annotations

from pydock.dockerfile import Stage
from pydock.images.tags import PythonImage, python_image
from pydock.project import Project
from pydock.project.bases import meant, newer_release, target
from pydock.project.retag import parted
from pydock.split.refusal import Refusal
from pydock.text import Edit, expand
from pydock.values import Value


class Base(Value):
    """The references of builder and runtime stage, as the file would write them.

    `argument` leaves the version in the default of an ARG that held a whole tag: two images of one
    version can only be told apart by what FROM writes.
    """

    image: PythonImage
    builder: str
    runtime: str
    argument: Edit | None = None
    doubt: str = ""
    note: str = ""

    @property
    def is_slimmed(self) -> bool:
        """Whether running takes another image than building."""
        return self.runtime != self.builder


def base(project: Project, stage: Stage) -> Base | Refusal:
    """The slim image for running, the image of the file for building."""
    image = project.python_image(stage)
    settled = meant(project, stage)
    # refuse_base has seen it.
    assert image is not None
    assert settled is not None
    if image.variant:
        return Base(settled, stage.base, stage.base)
    if slim := project.slim_reference(stage):
        doubt = "" if image.is_of_hub else f"the registry of {image.image.repository} may not have the slim image"
        return Base(settled, stage.base, slim, doubt=doubt or _of_two_tags(project, stage, image, slim))
    return _leaving_version(project, stage, image) or _refusal(stage, image)


def _of_two_tags(project: Project, stage: Stage, image: PythonImage, slim: str) -> str:
    """An environment of one minor version is none of another, and nothing safe will pin these tags to one.

    BuildKit takes an image that is there: the one may be of last month, the other of today
    (https://github.com/moby/moby/blob/v26.1.5/builder/builder-next/adapters/containerimage/pull.go, PreferLocal).
    """
    found = target(project, stage)
    if image.version.count(".") or image.image.digest or not (newer_release(project, image) or not found):
        return ""
    return f"{stage.base} and {slim} are of two Pythons where one of them is kept from before a release: pin both"


def _leaving_version(project: Project, stage: Stage, image: PythonImage) -> Base | None:
    found = parted(project, stage, image.suite)
    if found is None:
        return None
    runtime = f"{stage.base}-slim-{image.suite}"
    values = {**project.dockerfile.global_arguments, found.name: found.default.text}
    meant = python_image(expand(runtime, values) or "")
    if meant is None or (meant.variant, meant.version, meant.suite) != ("slim", image.version, image.suite):
        return None
    note = f"{found.name} holds the version alone now; the distribution stands in FROM, for both images"
    return Base(image, f"{stage.base}-{image.suite}", runtime, found.default, found.doubt, note)


def _refusal(stage: Stage, image: PythonImage) -> Refusal:
    at = stage.start.value_span
    if image.image.digest:
        return Refusal(
            at,
            "digest",
            "one image is named by its digest, and that of its slim counterpart is not known",
            "`pydock fix --pin digest` asks the registry for it",
        )
    return Refusal(
        at,
        "base hidden",
        f"{stage.base} leaves no place for the slim counterpart of {image.image}",
        "let the ARG hold the version alone, and write the rest of the tag in FROM",
    )
