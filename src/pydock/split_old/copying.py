"""Which COPY goes to which stage: the builder gets the files that the installs read, the runtime the rest."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.dockerfile import Instruction
from pydock.plan import Keep, Piece, Repeat
from pydock.project.context import Copied, copies
from pydock.project.sources import sources
from pydock.split_old.draft import Draft
from pydock.split_old.inputs import narrowed
from pydock.split_old.preparing import is_preparing_copy
from pydock.split_old.roles import Role, RoledStep, step_text

_ARRANGING = frozenset(
    {"apt-get", "apt", "chmod", "chown", "mkdir", "useradd", "groupadd", "adduser", "addgroup", "usermod"}
)


def copy_pieces(draft: Draft, entry: Instruction) -> Iterator[Piece]:
    """What the builder gets of a COPY that stands before the last install."""
    copied = _copied(draft, entry)
    if leaves_runtime(draft, entry):
        yield Keep(
            entry,
            "only the install reads it"
            if copied is None
            else "the runtime stage gets it from a later copy or not at all",
        )
        return
    if is_preparing_copy(entry):
        return
    if entry.flag("from") is not None and draft.inputs.unknown is None:
        return
    if draft.inputs.unknown is not None or (draft.inputs.whole and copied is not None):
        why = "the install reads the source" if draft.inputs.whole else "the install may read it"
        yield Repeat(entry, draft.project.dockerfile.slice(entry.span), why)
    elif copied is not None:
        workdir = draft.project.workdir(draft.stage, entry) or ""
        for text in narrowed(_provided(draft, copied), workdir):
            yield Repeat(entry, text, "the files that the install reads, so that a change of code does not repeat it")


def leaves_runtime(draft: Draft, entry: Instruction) -> bool:
    """Whether the runtime stage has no use for a COPY that the builder has."""
    if draft.stage.instructions.index(entry) > draft.last_install:
        return False
    if entry.flag("from") is not None:
        names = {posixpath.basename(word.text.rstrip("/")) for word in entry.words[:-1]}
        return bool(names) and names <= {"uv", "uvx", "poetry", "pdm"}
    copied = _copied(draft, entry)
    if copied is None:
        return False
    provided = {origin for origin, _ in _provided(draft, copied)}
    needed = bool(provided) or draft.inputs.whole or draft.inputs.unknown is not None
    if needed and _is_covered(draft, copied):
        return True
    if not provided or draft.inputs.unknown is not None or not set(copied.sources) <= provided:
        return False
    return not any(_is_read_at_runtime(draft, path) for path in provided)


def is_removal(draft: Draft, entry: RoledStep) -> bool:
    """Whether a step only removes files that the installs have read and the runtime stage never gets."""
    command = entry.step.command
    if command is None or command.program != "rm":
        return False
    names = {posixpath.basename(value) for value in command.values[1:] if not value.startswith("-")}
    gone = set()
    before = draft.project.copies(draft.stage, entry.run)
    for origin, path in draft.inputs.files:
        bringing = [each for each in before if each.origin(draft.project.tree, path) == origin]
        if all(leaves_runtime(draft, each.instruction) for each in bringing):
            gone.add(posixpath.basename(path))
    return bool(names) and names <= gone


def _is_read_at_runtime(draft: Draft, path: str) -> bool:
    """Whether a file of the context is named by what runs: the code or a command that stays."""
    name = posixpath.basename(path)
    for entry in draft.steps:
        removes = entry.step.command is not None and entry.step.command.program == "rm"
        if (
            entry.role is Role.OTHER
            and entry.step not in draft.leaving
            and not removes
            and name in step_text(entry.step)
        ):
            return True
    if any(name in entry.value for entry in draft.stage.of("CMD", "ENTRYPOINT", "HEALTHCHECK")):
        return True
    return any(name in (draft.project.tree.text(source) or "") for source in sources(draft.project))


def _only_arranges(draft: Draft, run: Instruction) -> bool:
    """Whether the runtime part of a RUN makes folders, users and the like, and reads no file."""
    staying = [entry for entry in draft.by_run.get(run, ()) if entry.role in {Role.OTHER, Role.SYSTEM}]
    staying = [entry for entry in staying if entry.step not in draft.leaving]
    return all(command.program in _ARRANGING for entry in staying for command in entry.step.commands)


def _copied(draft: Draft, entry: Instruction) -> Copied | None:
    return next((each for each in draft.project.copies(draft.stage) if each.instruction is entry), None)


def _provided(draft: Draft, copied: Copied) -> tuple[tuple[str, str], ...]:
    """The input files that this copy brings and that are not in their place already: an install may stand between."""
    reach = draft.stage.instructions[: draft.last_install + 1]
    before = [each for each in copies(draft.project.dockerfile, draft.stage) if each.instruction in reach]
    found = []
    for origin, path in draft.inputs.files:
        held = None
        for each in before:
            brought = each.origin(draft.project.tree, path)
            if each.instruction is copied.instruction and brought == origin != held:
                found.append((origin, path))
            held = brought or held
    return tuple(found)


def _is_covered(draft: Draft, copied: Copied) -> bool:
    """Whether a later copy that stays brings all of it to the same place, before a command needs it."""
    entries = draft.stage.instructions
    at = entries.index(copied.instruction)
    later = [each for each in draft.project.copies(draft.stage) if entries.index(each.instruction) > at]
    tree = draft.project.tree
    for source in copied.sources:
        path = copied.target.rstrip("/")
        if copied.target.endswith("/") and not tree.has_folder(source):
            path = posixpath.join(path, posixpath.basename(source))
        # A copy that is itself wider than its source list stays in the runtime stage.
        keeper = next((each for each in later if each.origin(tree, path) == source and "." in each.sources), None)
        if keeper is None:
            return False
        between = entries[at : entries.index(keeper.instruction)]
        if any(entry.keyword == "RUN" and not _only_arranges(draft, entry) for entry in between):
            return False
    return True
