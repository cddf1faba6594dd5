"""The decision that turns a single stage into builder and runtime, or says why not.

The builder is the part of the stage that Python packages are installed by, and nothing else;
the runtime stage is everything else, on the slim image, with the environment copied over.
"""

from __future__ import annotations

from pydock.dockerfile import Instruction, Stage
from pydock.plan import Change, Keep, Piece, Plan
from pydock.project import Project
from pydock.project.sources import remembered
from pydock.shell import script
from pydock.split_old.builder import builder_pieces
from pydock.split_old.draft import Draft, draft
from pydock.split_old.refusal import Refusal, refuse_base, refuse_folders, refuse_instructions, refuse_steps
from pydock.split_old.roles import Role, RoledStep, mentions_installer, roled_steps, step_text
from pydock.split_old.runtime import dropped, runtime_pieces
from pydock.values import Value

__all__ = ["Refusal", "Split", "split"]


class Split(Value):
    """A plan with what could not be settled and what a person should know."""

    plan: Plan
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@remembered
def split(project: Project) -> Split | Refusal | None:
    """The plan for a single-stage file; None where there is nothing to split."""
    stages = project.dockerfile.stages
    if len(stages) != 1:
        return None
    stage = stages[0]
    steps = tuple(entry for run in stage.of("RUN") for entry in roled_steps(project, stage, run))
    if not _installs_anything(stage, steps):
        return None
    refusals = [*refuse_instructions(project, stage), *refuse_steps(project, stage, steps)]
    refusals += refuse_folders(project, stage, steps)
    if base := refuse_base(project, stage, project.python_image(stage)):
        return base
    if refusals:
        return min(refusals, key=lambda refusal: refusal.span)
    drafted = draft(project, stage, steps)
    return drafted if isinstance(drafted, Refusal) else _planned(project, drafted)


def _installs_anything(stage: Stage, steps: tuple[RoledStep, ...]) -> bool:
    if any(entry.role is Role.UNCLEAR and mentions_installer(step_text(entry.step)) for entry in steps):
        return True
    return any(entry.role is Role.INSTALL for entry in steps) or any(
        script(run).opaque and mentions_installer(run.value) for run in stage.of("RUN")
    )


def _planned(project: Project, drafted: Draft) -> Split:
    first = project.dockerfile.instructions[: project.dockerfile.instructions.index(drafted.stage.start)]
    above = tuple(_above(project, drafted, entry) for entry in first)
    stages = ((*above, *builder_pieces(drafted)), runtime_pieces(drafted))
    plan = Plan(project.dockerfile, project.path, stages, dropped(drafted))
    return Split(plan, drafted.doubts, _notes(drafted))


def _above(project: Project, drafted: Draft, entry: Instruction) -> Piece:
    """An instruction in front of FROM; the argument that held a whole tag holds the version."""
    edit = drafted.base.argument
    if edit is None or not entry.span.start <= edit.span.start < entry.span.end:
        return Keep(entry)
    at = edit.span.start - entry.span.start
    source = project.dockerfile.slice(entry.span)
    text = source[:at] + edit.text + source[edit.span.end - entry.span.start :]
    return Change(entry, text, "both images have this version")


def _notes(drafted: Draft) -> tuple[str, ...]:
    notes = [drafted.base.note] if drafted.base.note else []
    if drafted.inputs.unknown is not None:
        line = drafted.inputs.unknown.number
        notes.append(f"what line {line} reads is not clear, so the builder gets all that is copied before it")
    elif drafted.inputs.whole:
        notes.append("the project itself is installed, so the builder gets all that is copied before it")
    return tuple(notes)
