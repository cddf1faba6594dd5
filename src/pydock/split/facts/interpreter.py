"""An interpreter that an installer would bring along, at a place that does not travel."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.build import Step
from pydock.context import Tree
from pydock.dockerfile import Stage
from pydock.images.tags import PythonImage
from pydock.project import Project
from pydock.project.python import wishes
from pydock.split.refusal import Refusal, span_of

# The files that tell an installer which Python a project wants.
_ASKING = {
    ("uv", "sync"): (".python-version", "pyproject.toml", "uv.lock"),
    ("poetry", "install"): ("pyproject.toml",),
    ("poetry", "sync"): ("pyproject.toml",),
}


def refuse_interpreter(project: Project, image: PythonImage, installs: Iterable[Step]) -> Refusal | None:
    """uv downloads another interpreter under /root when the project asks for another version.

    Poetry looks for one that the image may have, and in an environment of the image's own it stops.
    """
    for step in installs:
        names = [name for call in step.commands for name in _ASKING.get((call.program, call.verb or ""), ())]
        for name in dict.fromkeys(names):
            path = posixpath.join(step.before.workdir or "/", name)
            asked = wishes(Tree.of({name: step.before.text(path) or ""}))
            if asked and not asked[0].takes_image(image):
                return Refusal(
                    span_of(step),
                    "other interpreter",
                    f"{name} asks for Python {asked[0].text}, the image has {image.patch or image.minor}",
                    "make the two agree; the installer would take or bring another interpreter",
                )
    return None


def refuse_worker(project: Project, stage: Stage) -> Refusal | None:
    """Beam's worker makes an environment on top of the image's interpreter, which sees no package of another one.

    https://cloud.google.com/dataflow/docs/guides/build-container-image
    """
    starts = [entry for each in project.lineage(stage) for entry in each.of("ENTRYPOINT")]
    is_told = any("RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT" in entry.value for entry in stage.of("ENV"))
    if is_told or not starts or "/opt/apache/beam/boot" not in starts[-1].value:
        return None
    return Refusal(
        starts[-1].value_span,
        "worker environment",
        "the start script of Apache Beam looks for packages beside the system interpreter",
        "ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1 lets it take those on the PATH, from Beam 2.48 on",
    )
