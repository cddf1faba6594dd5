"""Stages that are built on stages of the same file."""

from __future__ import annotations

from pydock.dockerfile.instructions import Dockerfile, Stage
from pydock.values import once


def lineage(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """The stage and the stages of this file that it is built on, itself first."""
    return _lineages(dockerfile)[stage.index]


@once
def _lineages(dockerfile: Dockerfile) -> tuple[tuple[Stage, ...], ...]:
    found: list[tuple[Stage, ...]] = []
    for stage in dockerfile.stages:
        parent = dockerfile.stage_named(stage.base)
        found.append((stage, *found[parent.index]) if parent is not None and parent.index < stage.index else (stage,))
    return tuple(found)
