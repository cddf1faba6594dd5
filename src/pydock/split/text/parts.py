"""Which stage has a part of an instruction."""

from __future__ import annotations

from pydock.dockerfile import Instruction
from pydock.split.draft import Draft
from pydock.split.text.copies import leaves_runtime
from pydock.split.text.run_text import builder_members, runtime_members


def is_builders(draft: Draft, entry: Instruction) -> bool:
    """Whether the builder has a command or a file of an instruction."""
    if entry.keyword == "RUN":
        return bool(builder_members(draft, entry, late=False) or builder_members(draft, entry, late=True))
    steps = draft.steps.get(entry, ())
    return entry.keyword in {"COPY", "ADD"} and any(step.number in draft.slices.builder for step in steps)


def drops_from_runtime(draft: Draft, entry: Instruction) -> bool:
    """Whether nothing of an instruction is in the runtime stage."""
    match entry.keyword:
        case "ARG" | "ENV" | "COPY" | "ADD":
            steps = draft.steps.get(entry, ())
            return bool(steps) and all(step.number not in draft.slices.runtime for step in steps)
        case "RUN":
            return entry in draft.members and not runtime_members(draft, entry)
        case _:
            return False


def is_dropped(draft: Draft, entry: Instruction) -> bool:
    """Whether no stage has anything of an instruction."""
    if not drops_from_runtime(draft, entry):
        return False
    return not leaves_runtime(draft, entry) if entry.keyword in {"ARG", "ENV"} else not is_builders(draft, entry)
