"""What a split cannot settle, and what a person should know about it."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import Build
from pydock.build.containers.mounts import is_foreign
from pydock.build.installs import PIP
from pydock.build.sources import sources
from pydock.data import rows
from pydock.dockerfile import Stage
from pydock.images.debian import kind_of
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.service.derived_images import derived_images
from pydock.service.files.documents import installs_inside, managers_inside
from pydock.service.files.ignore_file import has_history
from pydock.split.base import Base
from pydock.split.facts.environment import is_started, manager_of
from pydock.split.facts.members import package_of
from pydock.split.facts.slices import Slices
from pydock.split.facts.slim import compiler_doubt, slim_doubts
from pydock.split.facts.wanted import unread
from pydock.state import ANYTHING, Answer, is_below, is_root
from pydock.state.needs import Program

_GIT = Program("git")


def doubts_of(
    project: Project, build: Build, stage: Stage, images: Base, cut: Slices
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(doubts, notes) of a split."""
    doubts = [images.doubt] if images.doubt else []
    if not project.tree.known:
        doubts.append("the build context is not known, so the files that the installs read are taken by name")
    elif name := unread(project, build, stage):
        what = (
            "a library that one of its packages loads may be missing in slim"
            if images.is_slimmed
            else ("what its packages need at run time is not known")
        )
        doubts.append(f"{name} could not be read, so {what}")
    if images.is_slimmed:
        doubts += slim_doubts(project)
        doubts += _of_mounts(project, build)
        if not _keeps_a_compiler(build, stage, cut):
            doubts += compiler_doubt(project)
        for step in build.of_stage(stage.index):
            if step.number in cut.runtime and ANYTHING in step.opens:
                doubts.append(f"what line {step.line} needs of the full image is not known")
        doubts += _of_downloads(build, stage, cut)
    doubts += _of_installers(project, build)
    doubts += _of_managers(project, build, stage)
    doubts += _of_derived(project)
    if not is_started(build):
        doubts.append("nothing says what runs in this image: one that is built on it finds no compilers and headers")
    notes = [images.note] if images.note else []
    for step in build.of_stage(stage.index):
        if step.number in cut.builder and ANYTHING in step.opens:
            notes.append(f"what line {step.line} reads is not clear, so the builder gets all that is above it")
    if images.is_slimmed:
        notes += _of_releases(project, build, cut)
    return tuple(dict.fromkeys(doubts)), tuple(dict.fromkeys(notes))


def _of_releases(project: Project, build: Build, cut: Slices) -> Iterator[str]:
    """Sentry asks git for the release where nothing names one, and goes without where there is no git.

    https://docs.sentry.io/platforms/python/configuration/releases/, read 2026-11.
    """
    if not _loses_git(build, cut) or not has_history(project) or "SENTRY_RELEASE" in build.final.variables:
        return
    for path in sources(project):
        if _SENTRY.search(project.tree.text(path) or ""):
            yield f"{path} lets Sentry ask git for the release, which the runtime image lacks: set SENTRY_RELEASE"
            return


def _loses_git(build: Build, cut: Slices) -> bool:
    """Whether the image has git now and nothing in the runtime stage brings it."""
    found = build.final.find(_GIT)
    return found.answer is Answer.YES and not found.makers & cut.runtime


_SENTRY = regex(r"\bsentry_sdk\.init\((?![^)]*\brelease\s*=)", words="sentry_sdk.init")


def _of_mounts(project: Project, build: Build) -> Iterator[str]:
    """Code that compose lays over the work directory from elsewhere: what it calls is not known."""
    workdir = build.final.workdir
    for service in services(project):
        for mount in service.mounts:
            if workdir and workdir != "/" and is_foreign(mount) and mount.target and is_below(workdir, mount.target):
                yield f"{service.origin} mounts {mount.source} over {workdir}, and what that calls is not known"


def _of_installers(project: Project, build: Build) -> Iterator[str]:
    """Programs of another user than root that install packages: pip went to that user's own folder before, which an
    environment does not read (https://docs.python.org/3/library/venv.html: no user site)."""
    for process in build.processes:
        names = {need.name for need, _ in (*process.needs, *process.takes) if isinstance(need, Program)}
        if not is_root(process.user) and any(map(PIP.match, names)):
            yield f"{process.origin} installs packages as {process.user}, who may not write the environment"
    if not is_root(build.final.user) and installs_inside(project):
        yield f"documents install packages in a container, where {build.final.user} may not write the environment"


def _of_managers(project: Project, build: Build, stage: Stage) -> Iterator[str]:
    """Managers of packages that leave with the builder, and that documents call in the container."""
    manager = manager_of(step for step in build.of_stage(stage.index) if step.installs is not None)
    if manager and (place := managers_inside(project).get(manager)):
        yield f"{place} runs {manager} in the container, which has none any more: call the program itself there"


def _of_derived(project: Project) -> Iterator[str]:
    """Images that are built on this one with what a split takes out of it."""
    for each in derived_images(project):
        if each.installs:
            yield f"{each.installs} installs on top of this image, where pip and compilers are gone"
        if each.lists:
            yield f"{each.lists} works with the package lists of this image"


def _of_downloads(build: Build, stage: Stage, cut: Slices) -> Iterator[str]:
    """Programs that curl or wget bring and that load libraries which only the full image has."""
    for step in build.of_stage(stage.index):
        is_fetched = step.number in cut.runtime and any(call.program in _DOWNLOADERS for call in step.commands)
        loading = (row["name"] for row in rows("downloaded_programs") if row["name"] in step.text) if is_fetched else ()
        if name := next(iter(loading), None):
            yield f"line {step.line} downloads {name}, and which libraries of the full image it loads is not known"


_DOWNLOADERS = frozenset({"curl", "wget"})


def _keeps_a_compiler(build: Build, stage: Stage, cut: Slices) -> bool:
    kept = (package_of(step) for step in build.of_stage(stage.index) if step.number in cut.runtime)
    return any(package is not None and kind_of(package) == "compiler" for package in kept)
