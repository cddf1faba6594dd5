"""Builder and runtime do not fit together.

What a builder compiles is made for its own C library, its own Debian release and its own
Python minor version, and a virtual environment is made for its own path. Copied into a stage
that differs, it imports until the first compiled extension, or its scripts point at a Python
that is not there. The usual way into it is `python:3.11-bookworm` above and `python:3.11-slim`
below, which fitted until slim moved to the next Debian.

Where a codename is floating the cure is to write the one of the other stage: safe, for both
stages are then what the builder was written for. Every other mix is a finding without a fix,
since only a person knows which of the two was meant.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.views import image
from pydock.dockerfile import Instruction, Stage
from pydock.images.tags import PythonImage, debian_suite, parse
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.bases import suite_for
from pydock.project.retag import retagged
from pydock.rule import Example, Finding, Level, Rule
from pydock.state.needs import File
from pydock.text import Fix, Safety, expand, unquote
from pydock.values import Value

EXAMPLES = (
    Example(
        before="FROM python:3.11-bookworm AS build\nRUN python -m venv /opt/venv\n"
        "FROM python:3.11-slim\nCOPY --from=build /opt/venv /opt/venv\n",
        after="FROM python:3.11-bookworm AS build\nRUN python -m venv /opt/venv\n"
        "FROM python:3.11-slim-bookworm\nCOPY --from=build /opt/venv /opt/venv\n",
    ),
    Example(
        before="FROM python:3.11-slim AS build\nRUN python -m venv /opt/venv\n"
        "FROM python:3.11-alpine\nCOPY --from=build /opt/venv /opt/venv\n",
        finds=True,
    ),
    Example(
        before="FROM python:3.11.7-slim-bookworm AS build\nRUN python -m venv /build/venv\n"
        "FROM python:3.11.7-slim-bookworm\nCOPY --from=build /build/venv /opt/venv\n",
        finds=True,
    ),
    Example(
        before="FROM python:3.11 AS build\nRUN pip wheel -w /wheels flask\n"
        "FROM python:3.11-slim\nCOPY --from=build /wheels /wheels\n",
    ),
    Example(
        before="FROM node:22-alpine AS assets\nFROM python:3.11-slim\nCOPY --from=assets /dist /app/static\n",
    ),
)

_PYTHON_MADE = regex(
    r"site-packages|dist-packages|/lib/python\d|\.local\b|venv|virtualenv|wheel|/install\b|\.whl|\A/usr/local/?\Z"
)
_DISTROLESS = {"debian11": "3.9", "debian12": "3.11", "debian13": "3.13"}


class _Family(Value):
    """What compiled code and a virtual environment depend on; "" where it is not known."""

    library: str
    suite: str
    minor: str


def check(project: Project) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for stage in project.dockerfile.stages:
        for copy in stage.of("COPY"):
            origin = project.dockerfile.stage_named(copy.flag("from") or "")
            if origin is None or origin.index >= stage.index:
                continue
            environments = _environments(project, origin)
            carried = [path for path in _sources(project, stage, copy) if _is_python(path, environments)]
            if carried and (origin.index, stage.index) not in seen:
                for finding in _mixes(project, origin, stage, copy, carried[0]):
                    seen.add((origin.index, stage.index))
                    yield finding
            yield from _moved(project, stage, copy, environments)


def _sources(project: Project, stage: Stage, copy: Instruction) -> list[str]:
    values = image(project, stage, copy).variables
    words = [expand(unquote(word.text, copy.escape), values) for word in copy.words[:-1]]
    return [posixpath.normpath(posixpath.join("/", word)) for word in words if word]


def _is_python(path: str, environments: frozenset[str]) -> bool:
    return bool(_PYTHON_MADE.search(path)) or any(
        environment == path or environment.startswith(f"{path}/") for environment in environments
    )


def _environments(project: Project, stage: Stage) -> frozenset[str]:
    """The absolute paths of the virtual environments that a stage or its parents make."""
    steps = (step for entry in project.lineage(stage) for step in walk(project).of_stage(entry.index))
    made = (thing.path for step in steps if step.keyword == "RUN" for thing in step.provides if isinstance(thing, File))
    return frozenset(path.removesuffix("/bin/python") for path in made if path.endswith("/bin/python"))


def _family(project: Project, stage: Stage) -> _Family:
    image = project.python_image(stage)
    reference = project.reference(stage) or ""
    if image:
        if image.variant.startswith("alpine"):
            return _Family("musl", "", image.minor)
        return _Family("glibc", image.suite_meant, image.minor) if image.is_debian else _Family("", "", image.minor)
    plain = parse(reference)
    name = plain.repository.rpartition("/")[2]
    if name == "alpine" or (plain.tag.startswith("alpine") or "-alpine" in plain.tag):
        return _Family("musl", "", "")
    if name.startswith("python3") and "distroless" in plain.repository:
        release = name.partition("-")[2]
        suites = {"debian11": "bullseye", "debian12": "bookworm", "debian13": "trixie"}
        return _Family("glibc", suites.get(release, ""), _DISTROLESS.get(release, ""))
    return _Family("glibc" if debian_suite(reference) else "", debian_suite(reference), "")


def _mixes(project: Project, origin: Stage, stage: Stage, copy: Instruction, carried: str) -> Iterator[Finding]:
    builder, runtime = _family(project, origin), _family(project, stage)
    name = origin.name or f"stage {origin.index}"
    if builder.library and runtime.library and builder.library != runtime.library:
        yield _mix(
            copy,
            f"{carried} is built for {builder.library} in {name} and copied to {runtime.library}",
            "its compiled extensions do not load: a wheel is made for one C library",
            "Build both stages on the same family; -slim for both is the ordinary choice.",
        )
    elif builder.minor and runtime.minor and builder.minor != runtime.minor:
        yield _mix(
            copy,
            f"{carried} is built for Python {builder.minor} in {name} and copied to Python {runtime.minor}",
            f"Python {runtime.minor} looks for its packages in lib/python{runtime.minor}, which stays empty",
            "Use one minor version in both stages.",
        )
    elif builder.suite and runtime.suite and builder.suite != runtime.suite:
        yield _mix(
            copy,
            f"{carried} is built on {builder.suite} in {name} and copied to {runtime.suite}",
            f"extensions compiled on {builder.suite} may need libraries that {runtime.suite} lacks or has in another "
            "version",
            "Use one codename in both stages.",
            _same_suite(project, origin, stage),
        )


def _mix(copy: Instruction, message: str, cost: str, advice: str, fix: Fix | None = None) -> Finding:
    return Finding(RULE, copy.body, message, fix, cost=cost, advice="" if fix else advice)


def _same_suite(project: Project, origin: Stage, stage: Stage) -> Fix | None:
    """The codename of one stage written into the other, where one of the two floats."""
    for floating, other in ((stage, origin), (origin, stage)):
        root, image = project.lineage(floating)[-1], project.python_image(floating)
        against = project.python_image(other)
        if not image or not against or image.suite or not against.suite or image.image.digest:
            continue
        if suite_for(project, image, image.minor) != against.suite:
            continue
        retag = retagged(project, root, _with_suite(image, against.suite))
        if retag is None or not image.version:
            continue
        safety = Safety.UNSAFE if retag.doubt else Safety.SAFE
        doubts = (retag.doubt,) if retag.doubt else ()
        return Fix(f"build both stages on {against.suite}", safety, retag.edits, frozenset({"base"}), doubts)
    return None


def _with_suite(image: PythonImage, suite: str) -> str:
    return "-".join(part for part in (image.version, image.variant, suite) if part)


def _moved(project: Project, stage: Stage, copy: Instruction, environments: frozenset[str]) -> Iterator[Finding]:
    """A virtual environment that is copied to another path than it was made for."""
    sources = _sources(project, stage, copy)
    values = image(project, stage, copy).variables
    target = expand(unquote(copy.words[-1].text, copy.escape), values) if copy.words else None
    workdir = image(project, stage, copy).workdir
    if target is None or workdir is None or len(sources) != 1 or sources[0] not in environments:
        return
    arrives = posixpath.normpath(posixpath.join(workdir, target))
    if arrives == sources[0]:
        return
    yield Finding(
        RULE,
        copy.body,
        f"the virtual environment was made at {sources[0]} and is copied to {arrives}",
        cost=f"its scripts start with #!{sources[0]}/bin/python, which is not in this stage",
        advice=f"Make it at {arrives} in the builder, so that the path is the same in both stages.",
    )


RULE = Rule("PYD105", "mixed-distributions", check, __doc__, EXAMPLES, level=Level.ERROR)
