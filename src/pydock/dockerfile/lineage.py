"""Stages that are built on stages of the same file."""

from __future__ import annotations

from pydock.dockerfile.instructions import Dockerfile, Stage


def lineage(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """The stage and the stages of this file that it is built on, itself first."""
    found = [stage]
    while (parent := dockerfile.stage_named(found[-1].base)) is not None and parent.index < found[-1].index:
        found.append(parent)
    return tuple(found)
