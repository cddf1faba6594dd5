"""Which distribution a stage is, and so which commands it has."""

from __future__ import annotations

import re
from enum import Enum

from pydock.build.installs import installs_of
from pydock.build.steps import read_steps
from pydock.build.walk import starts
from pydock.dockerfile import Stage
from pydock.images.tags import parse
from pydock.patterns import regex
from pydock.project import Project

_DEBIAN = regex(r"(?:docker\.io/)?(?:library/)?(debian|ubuntu|buildpack-deps|debian/\w+|ubuntu/\w+)\Z")
_BUILT_ON_DEBIAN = regex(r"(?:continuumio|pytorch|tensorflow|tiangolo)/|nvidia/cuda:.*ubuntu|condaforge/")
_UV = regex(r"ghcr\.io/astral-sh/uv:[\w.-]*(bookworm|trixie|bullseye|debian)")
_ALPINE = regex(r"(?:\A|[-.:/])alpine")
_PYTHON_NAME = regex(r"python|conda|jupyter|pytorch|tensorflow|uvicorn|gunicorn|astral-sh/uv", re.I)
_PYTHON_PROGRAM = regex(r"(python|pip)[\d.]*|gunicorn|uvicorn|hypercorn|celery|flask|django-admin|uv|poetry|streamlit")


class Family(Enum):
    """How users are made and packages installed; OTHER is unknown or neither."""

    DEBIAN = "Debian"
    ALPINE = "Alpine"
    OTHER = "other"


def family(project: Project, stage: Stage) -> Family:
    """The distribution as far as the image's name and the commands of the stage tell."""
    reference = project.reference(stage) or ""
    build = read_steps(project)
    programs = {call.program for entry in project.lineage(stage) for call in build.commands_of(entry.index)}
    if project.is_debian_python(stage) or _DEBIAN.match(parse(reference).repository) or _UV.match(reference):
        return Family.DEBIAN
    if _ALPINE.search(reference) or "apk" in programs:
        return Family.ALPINE
    is_debian = bool(programs & {"apt-get", "apt"}) or _BUILT_ON_DEBIAN.search(reference)
    return Family.DEBIAN if is_debian else Family.OTHER


def is_plain_base(project: Project, stage: Stage) -> bool:
    """Whether the image below is known to start as root and to hold nothing but its distribution and Python."""
    image = project.python_image(stage)
    if image is not None:
        return image.is_debian or image.variant.startswith("alpine")
    reference = project.reference(stage) or ""
    repository = parse(reference).repository
    if _UV.match(reference):
        return True
    return bool(_DEBIAN.match(repository)) or repository in {"alpine", "library/alpine", "docker.io/library/alpine"}


def runs_python(project: Project, stage: Stage) -> bool:
    """Whether the containers of a stage run Python, by its image, its installs or its start."""
    if _PYTHON_NAME.search(project.reference(stage) or ""):
        return True
    if any(installs_of(project, entry) for entry in project.lineage(stage)):
        return True
    return stage is project.final and any(_PYTHON_PROGRAM.fullmatch(start.program) for start in starts(project))
