"""pip keeps its downloads in the image.

`pip install` leaves every wheel it fetched under `~/.cache/pip`. The container never reads
them again, yet each pull carries them; and without a cache that outlives the layer, each
change of a requirement downloads everything once more.

The cure is a cache mount: outside the image, warm in the next build. With `--portable`, or
where the install does not run as root, it is `--no-cache-dir`. Safe: the installed packages
are the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.edits import Edit, Fix, Safety
from pydock.lines import Span
from pydock.project import Project
from pydock.project.installs import Install
from pydock.rule import Example, Finding, Rule

MOUNT = "--mount=type=cache,target=/root/.cache/pip"

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nRUN pip install flask==3.1.2\n",
        after=f"FROM python:3.12-slim\nRUN {MOUNT} \\\n    pip install flask==3.1.2\n",
    ),
    Example(
        before="FROM python:3.12-slim\nUSER app\nRUN pip install flask==3.1.2\n",
        after="FROM python:3.12-slim\nUSER app\nRUN pip install --no-cache-dir flask==3.1.2\n",
    ),
    Example(before="FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache pip install -e .\n"),
    Example(before="FROM python:3.12-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask==3.1.2\n"),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        seen = set()
        for install in project.installs(stage):
            if install.tool != "pip" or _is_settled(project, install) or install.instruction in seen:
                continue
            seen.add(install.instruction)
            yield Finding(
                RULE,
                install.command.span,
                "pip keeps its download cache in this layer",
                _fix(project, install),
                cost="every pull carries the downloaded wheels, and a changed requirement downloads all of them again",
            )


def _is_settled(project: Project, install: Install) -> bool:
    environment = project.environment(install.stage, install.instruction)
    # A cache mount lives outside the image, and --no-cache-dir would defeat it.
    mounts = [flag.value for flag in install.instruction.flags if flag.name == "mount" and "type=cache" in flag.value]
    return bool(mounts) or install.has("--no-cache-dir") or bool(environment.get("PIP_NO_CACHE_DIR"))


def _fix(project: Project, install: Install) -> Fix:
    is_root = project.user(install.stage, install.instruction) in {"", "root", "0", "root:root", "0:0"}
    if project.options.portable or not is_root or install.instruction.heredocs:
        at = Span(install.verb.span.end, install.verb.span.end)
        return Fix("do not keep pip's cache", Safety.SAFE, (Edit(project.path, at, " --no-cache-dir"),))
    start = install.instruction.value_span.start
    text = project.dockerfile.written(f"{MOUNT} \\\n    ")
    return Fix("keep pip's cache outside the image", Safety.SAFE, (Edit(project.path, Span(start, start), text),))


RULE = Rule("PYD302", "pip-cache", check, __doc__, EXAMPLES, same_as=("DL3042",))
