"""The instructions that decide what a container of the final stage runs."""

from __future__ import annotations

import posixpath
import re

from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.values import Value

SHELLS = frozenset({"sh", "bash", "dash", "ash"})


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


def has_posix_shell(stage: Stage) -> bool:
    """Whether shell form means sh or bash, by SHELL."""
    shell = stage.last("SHELL")
    words = shell.exec_form or () if shell else ()
    return not words or posixpath.basename(words[0].text) in SHELLS


def is_windows(project: Project) -> bool:
    """Whether the base image or SHELL says that this is Windows."""
    shells = [shell for stage in project.lineage(project.final) if (shell := stage.last("SHELL"))]
    named = f"{project.reference(project.final) or ''} {shells[0].value if shells else ''}"
    return re.search(r"windows|nanoserver|powershell|pwsh|\bcmd\b", named, re.I) is not None
