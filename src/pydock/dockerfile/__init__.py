"""Lossless views of a Dockerfile: instructions, stages, and the comments that silence rules."""

from __future__ import annotations

from pydock.dockerfile.instructions import Assignment, Dockerfile, Instruction, Stage, read
from pydock.dockerfile.lineage import lineage
from pydock.dockerfile.lines import Heredoc, Logical
from pydock.dockerfile.mounts import Mount, mounts
from pydock.dockerfile.suppression import Named, Suppression, suppressions

__all__ = [
    "Assignment",
    "Dockerfile",
    "Heredoc",
    "Instruction",
    "Logical",
    "Mount",
    "Named",
    "Stage",
    "Suppression",
    "lineage",
    "mounts",
    "read",
    "suppressions",
]
