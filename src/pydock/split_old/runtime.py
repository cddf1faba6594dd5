"""The runtime stage: everything that is not for building, on the slim image, with the environment copied over."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.dockerfile import Instruction
from pydock.images.debian import Need
from pydock.plan import Add, Change, Drop, Keep, Piece, Repeat
from pydock.project.apt import AptKind
from pydock.project.shutdown import deaf_program
from pydock.shell import script
from pydock.split_old.builder import drops_from_runtime
from pydock.split_old.commands import moved
from pydock.split_old.draft import Draft
from pydock.split_old.pieces import builder_steps, run_text, runtime_edits, runtime_steps
from pydock.split_old.reasons import install_text, reasons
from pydock.split_old.roles import Role

_STOP = "# Python hears SIGINT as the first process, SIGTERM it does not\nSTOPSIGNAL SIGINT\n"


def runtime_pieces(draft: Draft) -> tuple[Piece, ...]:
    """The pieces of the runtime stage in the order of the source."""
    stage = draft.stage
    pieces: list[Piece] = [_from(draft)]
    first_install = _first_system_run(draft)
    if draft.system.added and first_install is None:
        pieces.append(_added_packages(draft))
    place = _environment_place(draft)
    for at, entry in enumerate(stage.instructions):
        if at == place:
            pieces += _environment(draft)
        if at == 0 or drops_from_runtime(draft, entry):
            continue
        pieces += _piece(draft, entry, draft.system.added if entry is first_install else ())
    if place >= len(stage.instructions):
        pieces += _environment(draft)
    return tuple(pieces)


def dropped(draft: Draft) -> tuple[Drop, ...]:
    """Instructions that neither stage has: cleaning up what is no longer there."""
    found = []
    for entry in draft.stage.of("RUN"):
        if drops_from_runtime(draft, entry) and not _in_builder(draft, entry):
            found.append(Drop(entry, _why_dropped({each.role for each in draft.by_run[entry]})))
    return tuple(found)


def _why_dropped(roles: set[Role]) -> str:
    if Role.INSTALL in roles:
        return "uv installs, so pip stays as it is"
    if Role.SYSTEM in roles:
        return "the full image has it, and running does not need it"
    return "there is nothing left to clean up"


def _in_builder(draft: Draft, entry: Instruction) -> bool:
    reach = draft.stage.instructions[: draft.last_install + 1]
    return entry in reach and bool(builder_steps(draft, entry, late=False) or builder_steps(draft, entry, late=True))


def _from(draft: Draft) -> Piece:
    start = draft.stage.start
    source = draft.project.dockerfile.slice(start.span)
    word = start.words[0]
    if not draft.base.is_slimmed:
        return Repeat(start, source, "the same image")
    at = start.place(word.start, word.end).start - start.span.start
    text = source[:at] + draft.base.runtime + source[at + len(word.text) :]
    return Repeat(start, text, "nothing is compiled here")


def _first_system_run(draft: Draft) -> Instruction | None:
    for run in draft.stage.of("RUN"):
        kept = runtime_steps(draft, run)
        for entry in draft.by_run.get(run, ()):
            plain = any(apt.kind is AptKind.INSTALL and apt.is_literal and apt.is_plain for apt in entry.apt)
            if plain and entry.step in kept:
                return run
    return None


def _added_packages(draft: Draft) -> Piece:
    added = draft.system.added
    text = install_text(reasons(draft, None, added), [need.package for need in added])
    return Add(text, "the slim image lacks what the service uses of the full one")


def _environment_place(draft: Draft) -> int:
    """Before the first thing that is likely to change or needs the environment."""
    instructions = draft.stage.instructions
    place = len(instructions)
    for at, entry in enumerate(instructions[1:], 1):
        if entry.keyword in {"COPY", "ADD"} and not drops_from_runtime(draft, entry):
            place = at
            break
        is_installing = at >= draft.last_install
        if is_installing and (
            entry.keyword in {"ENTRYPOINT", "CMD", "USER", "HEALTHCHECK"} or _has_other_steps(draft, entry)
        ):
            place = at
            break
    while place > 1 and instructions[place - 1].keyword == "WORKDIR":
        place -= 1
    return place


def _has_other_steps(draft: Draft, entry: Instruction) -> bool:
    kept = runtime_steps(draft, entry) if entry.keyword == "RUN" else []
    return any(each.role is Role.OTHER and each.step in kept for each in draft.by_run.get(entry, ()))


def _environment(draft: Draft) -> Iterator[Piece]:
    if draft.makes_venv or (draft.venv.endswith("/.venv") and f"{draft.venv}/bin" not in draft.project.dockerfile.text):
        yield Add(f'ENV PATH="{draft.venv}/bin:$PATH"\n', "programs are found in the environment")
    yield Add(
        f"COPY --from={draft.builder_name} {draft.venv} {draft.venv}\n", "what was installed, without what installed it"
    )


def _piece(draft: Draft, entry: Instruction, added: tuple[Need, ...]) -> Iterator[Piece]:
    dockerfile = draft.project.dockerfile
    match entry.keyword:
        case "RUN" if entry in draft.by_run:
            steps = runtime_steps(draft, entry)
            text = reasons(draft, entry, added) + run_text(draft, entry, steps, runtime_edits(draft, entry, added))
            yield (
                Keep(entry)
                if text == dockerfile.slice(entry.span)
                else Change(entry, text, "the part that running needs")
            )
        case "CMD" | "ENTRYPOINT" | "HEALTHCHECK" if edits := moved(draft.project, script(entry), draft.venv):
            text, at = "", entry.span.start
            for span, new in sorted(edits):
                text += dockerfile.text[at : span.start] + new
                at = span.end
            if _loses_uv(draft, entry) and deaf_program(draft.project):
                yield Add(_STOP, "uv handed SIGTERM on, and Python does not hear it as the first process")
            yield Change(entry, text + dockerfile.text[at : entry.span.end], "programs are in the environment now")
        case "COPY" | "ADD" if place := _legacy_editable(draft, entry):
            yield Change(
                entry,
                f"COPY {_owner(entry)}--from={draft.builder_name} {place} {place}\n",
                "an editable install leaves its metadata beside the code",
            )
        case _:
            yield Keep(entry)


def _loses_uv(draft: Draft, entry: Instruction) -> bool:
    """Whether this starts the service without `uv run`, which would be the first process."""
    starts = entry.keyword in {"CMD", "ENTRYPOINT"} and any(each.program == "uv" for each in script(entry).commands)
    return starts and draft.stage.last(entry.keyword) is entry


def _owner(entry: Instruction) -> str:
    return "".join(f"--{flag.name}={flag.value} " for flag in entry.flags if flag.name in {"chown", "chmod"})


def _legacy_editable(draft: Draft, entry: Instruction) -> str:
    """The folder to take from the builder instead, where `setup.py develop` writes into the source."""
    editable = [word.value or "" for each in draft.steps for install in each.installs for word in install.editables]
    tree = draft.project.tree
    if not any(value.split("[")[0] in {".", "./"} for value in editable) or tree.has_file("pyproject.toml"):
        return ""
    copied = next((each for each in draft.project.copies(draft.stage) if each.instruction is entry), None)
    if copied is None or "." not in copied.sources:
        return ""
    at = draft.stage.instructions.index(entry)
    target = copied.target.rstrip("/")
    return (
        target if at <= draft.last_install and re.match(r"/\w", target) and posixpath.normpath(target) == target else ""
    )
