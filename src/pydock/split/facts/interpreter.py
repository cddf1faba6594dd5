"""An interpreter that an installer would bring along, at a place that does not travel."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.build import Step
from pydock.images.tags import PythonImage
from pydock.project import Project
from pydock.project.python import wishes
from pydock.split.refusal import Refusal, span_of
from pydock.tree import Tree


def refuse_interpreter(project: Project, image: PythonImage, installs: Iterable[Step]) -> Refusal | None:
    """uv downloads another interpreter under /root when the project asks for another version."""
    for step in installs:
        commands = step.member.commands if step.member is not None else ()
        if not any(command.values[:2] == ("uv", "sync") for command in commands):
            continue
        for name in (".python-version", "pyproject.toml", "uv.lock"):
            path = posixpath.join(step.before.workdir or "/", name)
            asked = wishes(Tree.of({name: step.before.text(path) or ""}))
            if asked and not asked[0].takes_image(image):
                return Refusal(
                    span_of(step),
                    "other interpreter",
                    f"{name} asks for Python {asked[0].text}, the image has {image.patch or image.minor}",
                    "make the two agree; uv would bring an interpreter of its own",
                )
    return None
