"""Dockerfiles of the project that are built on its image: what they take from it without saying so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import takewhile

from pydock.build import Step, walk
from pydock.dockerfile import Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import root_of, services
from pydock.project.memory import remembered
from pydock.service.files.documents import documents
from pydock.state import BASE
from pydock.state.needs import PackageLists, Toolchain
from pydock.targets import is_dockerfile
from pydock.values import Value, replace

_BUILDS = regex(r"\bbuild\b(?:[^\n\\]|\\\n?)*", words="build")
_TAG = regex(r"(?:\s-t|--tag)[ =]*[\"']?([\w./-]+)")
_FILE = regex(r"(?:\s-f|--file)[ =]*[\"']?([\w./-]+)")
_FROM = regex(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)", re.I | re.M)
_WORDS = regex(r"[^a-z0-9]+")
# How images are called that others are built on.
_FOUNDATIONS = frozenset({"base", "common", "core", "requirements", "deps", "dependencies"})
_SHORTEST_NAME = 5


class Derived(Value):
    """A Dockerfile that is built on this image, each place as "path:line" where there is one.

    `lists` is what works with apt's lists of this image, `installs` what installs Python packages or may compile,
    `runs` the first command that runs as the user of this image. `is_another`: it starts something else and has no
    health check of its own.
    """

    path: str
    lists: str = ""
    installs: str = ""
    runs: str = ""
    is_another: bool = False


@remembered
def derived_images(project: Project) -> tuple[Derived, ...]:
    """What the Dockerfiles say that are built on the final stage's image, by a name that compose, a command of a
    document, the repository or the Dockerfile itself gives it."""
    names = frozenset(_names(project))
    return tuple(
        _derived(other)
        for path in project.tree.files
        if path != project.path and is_dockerfile(posixpath.basename(path)) and _may_name(project, path, names)
        for other in (replace(project, path=path),)
        if not other.dockerfile.problems and _is_this(project, other.reference(other.final) or "", names)
    )


def _may_name(project: Project, path: str, names: frozenset[str]) -> bool:
    """Whether a FROM may mean this image, before all of the file is read: a project may have hundreds."""
    found = _FROM.findall(project.tree.text(path) or "")
    return any("$" in reference or _is_this(project, reference, names) for reference in found)


def lists_reader(project: Project, stage: Stage) -> str:
    """The place of a Dockerfile that works with the package lists which a stage leaves in the image."""
    is_left = stage in project.lineage(project.final)
    return next((each.lists for each in derived_images(project) if each.lists), "") if is_left else ""


def _names(project: Project) -> Iterator[str]:
    """The names of the image, without registry and tag."""
    yield from (_name(str(service.image)) for service in services(project) if service.build and service.image)
    for _, text in (*documents(project), *project.told):
        for match in _BUILDS.finditer(text):
            file, tag = _FILE.search(match[0]), _TAG.search(match[0])
            if tag and posixpath.basename(file[1] if file else "Dockerfile") == posixpath.basename(project.path):
                yield _name(tag[1])


def _name(reference: str) -> str:
    return posixpath.basename(re.split("[:@]", posixpath.basename(reference), maxsplit=1)[0]).lower()


def _is_this(project: Project, reference: str, names: frozenset[str]) -> bool:
    name = _name(reference)
    if name in {"", "python"}:
        return False
    plain = "".join(_WORDS.split(name))
    repository = "".join(_WORDS.split(posixpath.basename(root_of(project)).lower()))
    own = set(_WORDS.split(posixpath.basename(project.path).lower()))
    is_repositorys = own == {"dockerfile"} and len(plain) >= _SHORTEST_NAME and repository.endswith(plain)
    return name in names or is_repositorys or bool(_FOUNDATIONS & own & set(_WORDS.split(name)))


def _derived(other: Project) -> Derived:
    build, final = walk(other), other.final
    steps = [step for stage in reversed(other.lineage(final)) for step in build.of_stage(stage.index)]
    runs = [step for step in steps if step.keyword == "RUN"]
    own = takewhile(lambda step: step.keyword != "USER", steps)
    starts = any(stage.of("CMD", "ENTRYPOINT") for stage in other.lineage(final))
    return Derived(
        other.path,
        _place(other, (step for step in runs if _takes_lists(step))),
        _place(other, (step for step in runs if step.installs is not None or _compiles(step))),
        _place(other, (step for step in own if step.keyword == "RUN")),
        starts and final.last("HEALTHCHECK") is None,
    )


def _place(other: Project, steps: Iterator[Step]) -> str:
    step = next(steps, None)
    return f"{other.path}:{step.line}" if step is not None else ""


def _takes_lists(step: Step) -> bool:
    return any(isinstance(need, PackageLists) and not found.makers.without(BASE) for need, found in step.needs)


def _compiles(step: Step) -> bool:
    return any(isinstance(need, Toolchain) for need, _ in step.takes)
