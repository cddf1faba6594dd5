"""Who uses what a step of a build brought: the other way round than needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from pydock.build.model import Build, Step
from pydock.dockerfile import lineage
from pydock.effects import programs
from pydock.state import ANYTHING, NOBODY, Numbers
from pydock.state.needs import Library, Program
from pydock.values import Value, once


class Uses(Value):
    """The steps whose things each stage's steps need or take, by the stage, and those that processes do."""

    by_stage: Mapping[int, Numbers]
    at_run_time: Numbers

    def stages(self, step: int) -> frozenset[int]:
        """The stages that use what a step brought."""
        return frozenset(stage for stage, used in self.by_stage.items() if step in used)


@once
def uses(build: Build) -> Uses:
    """Who uses what: a shared library counts for nobody, since another package may bring it.

    A command that nobody knows uses all that its stage has.
    """
    found: defaultdict[int, Numbers] = defaultdict(lambda: NOBODY)
    for step in build.steps:
        asked = (answer.makers for need, answer in (*step.needs, *step.takes) if not isinstance(need, Library))
        found[step.stage] |= Numbers.joined(asked)
        if _may_call_anything(step):
            stages = lineage(build.dockerfile, build.dockerfile.stages[step.stage])
            own = Numbers(each.number for stage in stages for each in build.of_stage(stage.index))
            found[step.stage] |= own.up_to(step.number)
    taken = [entry for process in build.processes for entry in (*process.needs, *process.takes)]
    at_run_time = Numbers.joined(answer.makers for need, answer in taken if not isinstance(need, Library))
    return Uses(dict(found), at_run_time)


def _may_call_anything(step: Step) -> bool:
    if step.keyword != "RUN" or not step.opens:
        return False
    called = step.needs[0][0] if step.needs else None
    return ANYTHING in step.opens or not (isinstance(called, Program) and called.name in _known())


@cache
def _known() -> frozenset[str]:
    return frozenset(programs())
