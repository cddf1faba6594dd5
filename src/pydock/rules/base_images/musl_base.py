"""A Python service on Alpine.

Alpine's C library is musl. Wheels for manylinux do not install there; what has no musllinux
wheel is compiled in every build, with compilers in the image or in a builder, and some
packages have never been built on musl at all. Its allocator and its small thread stacks also
make some Python programs slower. The saving over a Debian slim image is about 80 MB.

The cure is `-slim` of the same version. Unsafe: names of packages, the shell and the C
library are another distribution's. No fix is offered where the file calls apk, or a program
that BusyBox brings and a slim image lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.installs import installs_of
from pydock.dockerfile import Stage
from pydock.images.tags import PythonImage, published, suites_of
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.bases import roots
from pydock.project.retag import retagged
from pydock.rule import Example, Finding, Rule
from pydock.text import Edit, Fix, Safety

EXAMPLES = (
    Example(
        before="FROM python:3.12-alpine\nRUN pip install pandas==2.2.3\n",
        after="FROM python:3.12-slim\nRUN pip install pandas==2.2.3\n",
        allow=Safety.UNSAFE,
    ),
    Example(
        before="FROM python:3.12-alpine\nRUN apk add gcc musl-dev && pip install pandas==2.2.3\n",
        finds=True,
    ),
    Example(before="FROM python:3.12-alpine\nCOPY app.py /\n"),
    Example(before="FROM python:3.12-slim\nRUN pip install pandas==2.2.3\n"),
)

_COMPILERS = regex(r"gcc|g\+\+|musl-dev|build-base|clang|cargo|rust|make|gfortran|.*-dev")
# Alpine's own, and what BusyBox brings while a slim image lacks it.
_OF_ALPINE = regex(
    r"\b(apk|adduser|addgroup|su-exec|setup-|rc-service|openrc|wget|unzip|nc|ping|crond|crontab|ps|top|killall|netstat"
    r"|ifconfig|nslookup|telnet|vi|less|patch|hexdump|bzip2|ip|lbzip2|fuser|tftp|httpd)\b(?![-=.])"
    r"|/bin/ash\b|\bash\b\s+-|/etc/apk|alpine",
    re.I,
)


def check(project: Project) -> Iterator[Finding]:
    image = project.python_image(project.final)
    if image is None or not image.variant.startswith("alpine"):
        return
    stages = [stage for stage in project.dockerfile.stages if _is_alpine(project, stage)]
    installs = [install for stage in stages for install in installs_of(project, stage)]
    if not installs:
        return
    root = project.lineage(project.final)[-1]
    word = root.start.words[0]
    packages = {name for stage in stages for name in _apk_packages(project, stage)}
    compilers = sorted(name for name in packages if _COMPILERS.fullmatch(name))
    fix = _fix(project, stages)
    yield Finding(
        RULE,
        root.start.place(word.start, word.end),
        f"{image.image} has musl, for which many packages have no wheels",
        fix,
        cost=_cost(compilers),
        advice="" if fix else "Move to -slim of the same version; what apk installs has another name in Debian.",
    )


def _cost(compilers: list[str]) -> str:
    if compilers:
        return f"every build compiles with {', '.join(compilers)} what Debian gets as wheels"
    return "a package without a musllinux wheel is compiled in every build, or fails for want of a compiler"


def _is_alpine(project: Project, stage: Stage) -> bool:
    image = project.python_image(stage)
    return image is not None and image.variant.startswith("alpine")


def _apk_packages(project: Project, stage: Stage) -> Iterator[str]:
    for call in walk(project).commands_of(stage.index):
        if (call.program, call.verb) == ("apk", "add"):
            yield from (word.value for word in call.line.operands if word.value)


def _fix(project: Project, stages: list[Stage]) -> Fix | None:
    """All Alpine images of Python at once, so that no stage is left behind on the other C library."""
    for stage in project.dockerfile.stages:
        if stage not in stages and "alpine" in (project.reference(stage) or ""):
            return None
        body = "".join(project.dockerfile.slice(entry.span) for entry in stage.instructions[1:])
        if (stage in stages and _OF_ALPINE.search(body)) or _is_unread(project, stage):
            return None
    edits: list[Edit] = []
    doubts = ["the distribution changes from Alpine to Debian: its shell, its paths and its C library"]
    for stage, image in roots(project):
        if not image.variant.startswith("alpine"):
            continue
        retag = retagged(project, stage, "-".join(part for part in (image.version, "slim") if part))
        if retag is None or not _has_slim(image):
            return None
        edits += [edit for edit in retag.edits if edit not in edits]
        doubts += [retag.doubt] if retag.doubt else []
    return Fix("move to the slim image", Safety.UNSAFE, tuple(edits), frozenset({"base"}), tuple(doubts))


def _is_unread(project: Project, stage: Stage) -> bool:
    return any(step.is_unread for step in walk(project).of_stage(stage.index))


def _has_slim(image: PythonImage) -> bool:
    if image.image.digest:
        return False
    suites = suites_of(image.minor)
    if image.version.count(".") < 2:
        return bool(suites)
    return any(image.version in published(image.minor, suite, "slim") for suite in suites)


RULE = Rule("PYD106", "musl-base", check, __doc__, EXAMPLES)
