"""The instructions that decide what a container of the final stage runs."""

from __future__ import annotations

import re

from pydock.dockerfile import Instruction
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.shell import is_posix
from pydock.values import Value


class Declared(Value):
    """The ENTRYPOINT and CMD in force, None where none is set in this file."""

    entrypoint: Instruction | None
    cmd: Instruction | None


@remembered
def declared(project: Project) -> Declared:
    """The instructions that decide what runs; an ENTRYPOINT cancels a CMD that it inherits."""
    entrypoint = cmd = None
    for stage in project.lineage(project.final):
        entrypoint = stage.last("ENTRYPOINT")
        cmd = cmd or stage.last("CMD")
        if entrypoint is not None:
            break
    return Declared(entrypoint, cmd)


def probe(project: Project) -> Instruction | None:
    """The HEALTHCHECK in force, NONE included."""
    found = (stage.last("HEALTHCHECK") for stage in project.lineage(project.final))
    return next((instruction for instruction in found if instruction is not None), None)


def has_posix_shell(project: Project) -> bool:
    """Whether shell form of CMD and ENTRYPOINT means sh or bash, by SHELL."""
    found = (stage.last("SHELL") for stage in project.lineage(project.final))
    return is_posix(next((shell for shell in found if shell is not None), None))


def is_windows(project: Project) -> bool:
    """Whether the base image or SHELL says that this is Windows."""
    shells = [shell for stage in project.lineage(project.final) if (shell := stage.last("SHELL"))]
    named = f"{project.reference(project.final) or ''} {shells[0].value if shells else ''}"
    return re.search(r"windows|nanoserver|powershell|pwsh|\bcmd\b", named, re.I) is not None
