"""The decision that turns a stage into builder and runtime, or says why not: slices of the build.

The builder is the installs of Python packages and what they need, the runtime stage everything that has no reason
to leave, on the slim image, with the environment copied over. What is written is walked again: where a step or a
process would lack what it had, the file is not split.
"""

from __future__ import annotations

from pydock.build import Build, Step, walk
from pydock.build.containers.calls import libraries
from pydock.dockerfile import Instruction, Stage
from pydock.images.base import base_image
from pydock.images.debian import library, needs
from pydock.patches import Change, Keep, Piece, Plan
from pydock.project import Project
from pydock.project.bases import meant_reference
from pydock.project.memory import remembered
from pydock.split.base import Base, base
from pydock.split.doubts import doubts_of
from pydock.split.draft import Draft
from pydock.split.facts.askers import askers
from pydock.split.facts.descriptions import read_later
from pydock.split.facts.environment import Environment, idle_settings, made, place
from pydock.split.facts.interpreter import refuse_interpreter, refuse_worker
from pydock.split.facts.members import members
from pydock.split.facts.places import refuse_places
from pydock.split.facts.reasons import Reason
from pydock.split.facts.slices import Slices, slices
from pydock.split.facts.system import SystemPackages, already_there, lacking
from pydock.split.facts.wanted import extra_needs, names_of
from pydock.split.refusal import (
    Refusal,
    refuse_base,
    refuse_instructions,
    refuse_kept_output,
    refuse_steps,
)
from pydock.split.stages import renumbered, stage_of
from pydock.split.text.builder import builder_pieces
from pydock.split.text.comments import torn_regions
from pydock.split.text.runtime import dropped, runtime_pieces
from pydock.split.tools import refuse_archived, refuse_compilers, refuse_tools
from pydock.values import Value, replace

__all__ = ["Refusal", "Split", "split"]


class Split(Value):
    """A plan with what could not be settled and what a person should know."""

    plan: Plan
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@remembered
def split(project: Project) -> Split | Refusal | None:
    """The plan for a stage that installs and runs; None where there is nothing to split."""
    if project.dockerfile.final is None:
        return None
    build = walk(project)
    stage = stage_of(project, build)
    if stage is None or isinstance(stage, Refusal):
        return stage
    refusals = [*refuse_instructions(project, stage), *refuse_steps(build, stage)]
    if refusal := refuse_base(project, stage, project.python_image(stage)):
        return refusal
    if refusals:
        return min(refusals, key=lambda refusal: refusal.span)
    drafted = _draft(project, build, stage)
    return drafted if isinstance(drafted, Refusal) else _planned(drafted)


def _draft(project: Project, build: Build, stage: Stage) -> Draft | Refusal:
    """Gather the facts, or find the one that stands in the way."""
    images = base(project, stage)
    if isinstance(images, Refusal):
        return images
    steps = build.of_stage(stage.index)
    installs = [step for step in steps if step.installs is not None]
    placed = place(installs, project.dockerfile.text)
    if isinstance(placed, Refusal):
        return placed
    path, is_made = placed
    if refusal := refuse_interpreter(project, images.image, installs):
        return refusal
    if is_made and (refusal := refuse_worker(project, stage)):
        return refusal
    for each in project.lineage(stage) if is_made else ():
        if refusal := next(refuse_places(project, each), None):
            return refusal
    cut = slices(build, stage.index, read_later(project))
    for step in steps:
        if refusal := refuse_kept_output(step, cut.runtime):
            return refusal
    parts = tuple(member for entries in members(build, stage.index).values() for member in entries)
    runtime = [step for step in steps if step.number in cut.runtime]
    environment = (
        made(project, stage, build, images.image, path, parts, runtime) if is_made else Environment(path, False)
    )
    moot = idle_settings(steps, environment)
    cut = replace(cut, builder=cut.builder - moot, reasons={**cut.reasons, **dict.fromkeys(moot, Reason.MOOT)})
    system = _system(project, build, stage, images, cut, runtime)
    draft = Draft(
        project, build, stage, images, cut, environment, system, *doubts_of(project, build, stage, images, cut)
    )
    return refuse_tools(draft) or refuse_compilers(draft) or refuse_archived(draft) or draft


def _system(
    project: Project, build: Build, stage: Stage, images: Base, cut: Slices, runtime: list[Step]
) -> SystemPackages:
    full = base_image(meant_reference(project, stage))
    steps, suite = build.of_stage(stage.index), images.image.suite_meant
    loaded = frozenset(need.package for need in needs(names_of(build), suite))
    asking = askers(project, build, stage, images.image, cut)
    named = filter(None, (library(name) for name, _ in libraries(project)))
    # `libgeos_c.so` is in libgeos-dev.
    unversioned = frozenset(each.stem.partition("_")[0] for each in named if each.needs_headers)
    system = SystemPackages(cut, steps, suite, already_there(build, stage, full), loaded, asking, unversioned)
    if not images.is_slimmed:
        return system
    extra = extra_needs(project, build, images.image)
    on_top = {each.index for each in project.dockerfile.stages if stage in project.lineage(each)} - {stage.index}
    users = [*runtime, *(step for step in build.steps if step.stage in on_top)]
    added = lacking(users, build.processes, (full, full.slimmed()), extra, system.present)
    return replace(system, added=added)


def _planned(draft: Draft) -> Split:
    dockerfile = draft.project.dockerfile
    start = dockerfile.instructions.index(dockerfile.stages[0].start)
    head = tuple(_above(draft, entry) for entry in dockerfile.instructions[:start])
    stages: list[tuple[Piece, ...]] = [
        tuple(map(Keep, stage.instructions)) for stage in dockerfile.stages[: draft.stage.index]
    ]
    stages += [builder_pieces(draft), runtime_pieces(draft)]
    stages += [
        tuple(renumbered(dockerfile, entry, draft.stage.index) for entry in stage.instructions)
        for stage in dockerfile.stages
        if stage.index > draft.stage.index
    ]
    stages[0] = (*head, *stages[0])
    plan = Plan(dockerfile, draft.project.path, tuple(stages), dropped(draft), draft.stage.index)
    torn = tuple(
        f"the comments around the part called {name} would not stand around it any more, and documents may show that"
        for name in torn_regions(dockerfile.text, plan.text())
    )
    return Split(plan, (*draft.doubts, *torn), draft.notes)


def _above(draft: Draft, entry: Instruction) -> Piece:
    """An instruction in front of FROM; the argument that held a whole tag holds the version."""
    edit = draft.base.argument
    if edit is None or not entry.span.start <= edit.span.start < entry.span.end:
        return Keep(entry)
    at = edit.span.start - entry.span.start
    source = draft.project.dockerfile.slice(entry.span)
    text = source[:at] + edit.text + source[edit.span.end - entry.span.start :]
    return Change(entry, text, "both images have this version")
