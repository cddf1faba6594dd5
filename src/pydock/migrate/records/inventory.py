"""What a service is made of, as its files tell it."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.contract import contract
from pydock.build.installs import installs_of, requirement_sets
from pydock.build.views import user_set
from pydock.dockerfile import Stage
from pydock.images.tags import debian_suite
from pydock.locks.installs.lock_installs import LOCKS, syncs
from pydock.locks.lock_files import locks
from pydock.migrate.records.record import Inventory
from pydock.packages.requirements import Kind
from pydock.project import Project
from pydock.project.python import release, suite
from pydock.project.secrets import mask
from pydock.service.app import app
from pydock.service.server import server
from pydock.state import is_root
from pydock.system.distribution import Family, family


def inventory(project: Project) -> Inventory:
    """The inventory of a project whose Dockerfile has no problems."""
    final, today = project.final, project.options.today
    python, codename = _python(project), _suite(project, final)
    life = release(".".join(python.split(".")[:2]))
    debian = suite(codename) if codename else None
    found = server(project)
    application = app(project)
    user = user_set(project, final)
    return Inventory(
        mask(project.reference(final) or final.base),
        python,
        str(life.end_of_life) if life else "",
        life is not None and life.end_of_life <= today,
        f"Debian {codename}" if codename else _distribution(project, final),
        str(debian.end_of_lts) if debian else "",
        debian is not None and debian.end_of_lts <= today,
        application.framework if application else "",
        found.kind if found and found.kind != "python" else "",
        _manager(project),
        _is_pinned(project),
        "root" if is_root(user) else user,
        len(project.dockerfile.stages),
        contract(project).healthcheck not in {"", "NONE"},
    )


def _python(project: Project) -> str:
    """The version of the shipped stage as its tag writes it, X.Y where the tag floats."""
    for stage in (project.final, *reversed(project.dockerfile.stages)):
        if image := project.python_image(stage):
            return image.version if image.version.count(".") else image.minor
    return ""


def _suite(project: Project, stage: Stage) -> str:
    image = project.python_image(stage)
    if image is not None:
        return image.suite_meant if image.is_debian else ""
    return debian_suite(project.reference(stage) or "") or ""


def _distribution(project: Project, stage: Stage) -> str:
    if "ubuntu" in (project.reference(stage) or ""):
        return "Ubuntu"
    found = family(project, stage)
    return "" if found is Family.OTHER else str(found.value)


def _manager(project: Project) -> str:
    """Who installs: poetry, pipenv, uv, pdm, conda or pip; the first that a stage calls."""
    for stage in project.dockerfile.stages:
        for sync in syncs(project, stage):
            return sync.tool
    tools = [install.tool for stage in project.dockerfile.stages for install in installs_of(project, stage)]
    if any("conda" in (project.reference(stage) or "") for stage in project.dockerfile.stages):
        return "conda"
    return "uv" if "uv" in tools else "pip" if tools else ""


def _is_pinned(project: Project) -> bool | None:
    """Whether everything found has one version; None where nothing was found."""
    manager = _manager(project)
    if manager in LOCKS and any(lock.tool == manager and not lock.problem for lock in locks(project)):
        return True
    pins = list(_pins(project))
    if not pins:
        return False if manager in LOCKS else None
    return all(pins)


def _pins(project: Project) -> Iterator[bool]:
    for found in requirement_sets(project):
        for entry in found.entries:
            if entry.kind is Kind.REQUIREMENT:
                yield entry.is_pinned
