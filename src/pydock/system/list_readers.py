"""Who relies on apt's package lists being in a layer."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from itertools import islice

from pydock.build.files import Files
from pydock.build.steps import read_steps
from pydock.build.walk import starts
from pydock.dockerfile import Instruction, Stage
from pydock.images.debian import is_archive
from pydock.project import Project
from pydock.system.apt import AptKind, AptRun, AptStep, apt_runs
from pydock.values import once


def needed_later(project: Project, last: AptRun) -> bool:
    """Whether another RUN, also of a stage built on this one, relies on the lists being there."""
    if last.stage in project.lineage(project.final) and _installs_at_start(project):
        return True
    for stage in project.dockerfile.stages:
        if last.stage not in project.lineage(stage):
            continue
        start = last.run.span.start
        if any("apt" in run.value and run.span.start > start for run in stage.of("ONBUILD")):
            return True
        known, runs = _apt_runs(project, stage), stage.of("RUN")
        for run in islice(runs, bisect_right(runs, start, key=lambda run: run.span.start), None):
            if run in known:
                if known[run].first_needing_lists:
                    return True
                if known[run].updates:
                    break
            elif _runs_script_with_apt(project, stage, run):
                return True
    return False


def first_needing(project: Project, entry: AptRun) -> AptStep | None:
    """The first step of a RUN that works with lists of an earlier layer.

    What a package in a file depends on comes from the lists, too; where none are there, it needs none.
    """
    needing = entry.first_needing_lists
    has_names = needing and any(not is_archive(word.value or "") for word in needing.packages)
    return needing if has_names or _are_there(project, entry) else None


def _are_there(project: Project, before: AptRun) -> bool:
    """Whether earlier RUNs leave package lists in a layer."""
    found = False
    for stage in project.lineage(before.stage):
        for entry in (entry for entry in apt_runs(project, stage) if entry.run.span.start < before.run.span.start):
            found = entry.leaves_lists or (found and not entry.of(AptKind.REMOVE_LISTS))
    return found


@once
def _apt_runs(project: Project, stage: Stage) -> Mapping[Instruction, AptRun]:
    return {entry.run: entry for entry in apt_runs(project, stage)}


def _installs_at_start(project: Project) -> bool:
    """Whether a container installs packages without fetching the lists itself."""
    verbs = {
        value for start in starts(project) if start.program in {"apt-get", "apt"} for value in start.command.values
    }
    return "install" in verbs and "update" not in verbs


def _runs_script_with_apt(project: Project, stage: Stage, run: Instruction) -> bool:
    """Whether a RUN is opaque and names apt, or runs a script that may install without an update."""
    build = read_steps(project)
    if build.is_unread(run):
        return "apt" in run.value
    for call in build.commands_in(run):
        for value in (word.head for word in call.words):
            if not value.endswith((".sh", ".bash")):
                continue
            path = Files(call.before).origin(value)
            text = project.tree.text(path) if path else None
            if text is None or (re.search(r"\bapt(-get)? ", text) and not re.search(r"\bapt(-get)? .*update", text)):
                return True
    return False
