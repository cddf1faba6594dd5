"""Packages of the system that are written behind those that a stage installs already."""

from __future__ import annotations

from collections.abc import Sequence

from pydock.project import Project
from pydock.system.apt import AptStep, apt_installs
from pydock.text import Edit, Span


def added(project: Project, packages: Sequence[str]) -> Edit | None:
    """Packages behind the others of the first plain install of the final stage; None where it has none."""
    home = next((step for step in apt_installs(project, project.final) if _takes_more(step)), None)
    if home is None:
        return None
    words, last = home.command.words, home.packages[-1]
    at = next(at for at, word in enumerate(words) if word is last)
    gap = project.dockerfile.text[words[at - 1].span.end : last.span.start]
    joint = gap if gap.count("\n") == 1 and "#" not in gap else " "
    return Edit(project.path, Span(last.span.end, last.span.end), "".join(joint + package for package in packages))


def _takes_more(step: AptStep) -> bool:
    return step.is_plain and step.is_literal and bool(step.packages) and step.instruction.exec_form is None
