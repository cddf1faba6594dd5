"""Who relies on apt's package lists being in a layer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice

from pydock.build import Build, Step
from pydock.build.steps import read_steps
from pydock.build.walk import starts
from pydock.dockerfile import Stage
from pydock.images.debian import is_archive
from pydock.project import Project
from pydock.state import ANYTHING, Numbers
from pydock.state.needs import PackageLists
from pydock.system.apt import AptKind, AptRun, AptStep, apt_runs
from pydock.values import once


def needed_later(project: Project, last: AptRun) -> bool:
    """Whether another RUN, also of a stage built on this one, or a container relies on the lists being there."""
    build, start = read_steps(project), last.run.span.start
    if last.stage in project.lineage(project.final) and _installs_at_start(project):
        return True
    there = build.of_instruction(last.run)[-1].after.find(PackageLists()).makers
    stages = [stage for stage in project.dockerfile.stages if last.stage in project.lineage(stage)]
    if any("apt" in run.value and run.span.start > start for stage in stages for run in stage.of("ONBUILD")):
        return True
    return any(_relies(step, there) for stage in stages for step in _finding(build, stage, start, there))


def _finding(build: Build, stage: Stage, start: int, lists: Numbers) -> Iterator[Step]:
    """The RUN steps of a stage behind a place that find lists of these steps; below one that does not, none does."""
    steps = build.of_stage(stage.index)
    for step in islice(steps, bisect_right(steps, start, key=lambda each: each.instruction.span.start), None):
        if lists and not step.before.find(PackageLists()).makers & lists:
            return
        if step.keyword == "RUN":
            yield step


def _relies(step: Step, lists: Numbers) -> bool:
    """Whether a step works with lists that these steps fetched, or may do so: as a script that nobody has read."""
    if step.is_unread:
        return "apt" in step.text
    words = [word.head for call in step.commands for word in call.words] if ANYTHING in step.opens else []
    asked = [found.makers for need, found in (*step.needs, *step.takes) if isinstance(need, PackageLists)]
    return any(not makers or makers & lists for makers in asked) or any(
        word.endswith((".sh", ".bash")) for word in words
    )


def first_needing(project: Project, entry: AptRun) -> AptStep | None:
    """The first step of a RUN that works with lists of an earlier layer.

    What a package in a file depends on comes from the lists, too; where none are there, it needs none.
    """
    needing = entry.first_needing_lists
    has_names = needing and any(not is_archive(word.value or "") for word in needing.packages)
    return needing if has_names or _are_there(project, entry) else None


def _are_there(project: Project, before: AptRun) -> bool:
    """Whether earlier RUNs leave package lists in a layer."""
    for stage in project.lineage(before.stage):
        runs = _list_runs(project, stage)
        if count := bisect_left(runs, before.run.span.start, key=lambda each: each.run.span.start):
            return runs[count - 1].leaves_lists
    return False


@once
def _list_runs(project: Project, stage: Stage) -> tuple[AptRun, ...]:
    """The RUNs of a stage behind which the lists certainly are there or are not."""
    return tuple(each for each in apt_runs(project, stage) if each.leaves_lists or each.of(AptKind.REMOVE_LISTS))


def _installs_at_start(project: Project) -> bool:
    """Whether a container installs packages without fetching the lists itself."""
    verbs = {
        value for start in starts(project) if start.program in {"apt-get", "apt"} for value in start.command.values
    }
    return "install" in verbs and "update" not in verbs
