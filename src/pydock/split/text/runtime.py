"""The runtime stage: everything that is not for building, on the slim image, with the environment copied over."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import Step
from pydock.dockerfile import Instruction
from pydock.images.debian import Need
from pydock.patches import Add, Change, Drop, Keep, Piece, Repeat
from pydock.service.shutdown import deaf_program
from pydock.split.draft import Draft
from pydock.split.facts.reasons import Reason
from pydock.split.text.assignments import assigned
from pydock.split.text.builder import comments_of_run, tells_of
from pydock.split.text.commands import moved
from pydock.split.text.parts import drops_from_runtime, is_dropped
from pydock.split.text.reasons import install_text, reasons
from pydock.split.text.run_text import run_text, runtime_edits, runtime_members
from pydock.split.text.uses import why_installed
from pydock.state import is_below
from pydock.state.needs import Below, File, Folder

_STOP = "# Python as PID 1 ignores SIGTERM\nSTOPSIGNAL SIGINT\n"


def runtime_pieces(draft: Draft) -> tuple[Piece, ...]:
    """The pieces of the runtime stage in the order of the source."""
    stage = draft.stage
    pieces: list[Piece] = [_from(draft)]
    added = _placed_additions(draft)
    beside = _beside_source(draft)
    place = _environment_place(draft)
    if needs := added.pop(None, ()):
        pieces.append(_added_packages(draft, needs))
    for at, entry in enumerate(stage.instructions):
        if at == place:
            pieces += _environment(draft)
        if at == 0:
            continue
        needs = added.get(entry, ())
        has_install = entry.keyword == "RUN" and any(member.packages for member in runtime_members(draft, entry))
        if needs and not has_install:
            pieces.append(_added_packages(draft, needs))
            needs = ()
        if not drops_from_runtime(draft, entry):
            pieces += _piece(draft, entry, needs)
        pieces += (_metadata(draft, folder) for folder in beside.get(entry, ()))
    if place >= len(stage.instructions):
        pieces += _environment(draft)
    return tuple(pieces)


def _placed_additions(draft: Draft) -> dict[Instruction | None, tuple[Need, ...]]:
    """What slim lacks, in the first install of packages that stands above its first use; None: in a RUN of its own.

    What only the service needs goes into the first install of the stage, wherever that is.
    """
    entries = draft.stage.instructions
    runs = [entry for entry in draft.stage.of("RUN") if any(each.packages for each in runtime_members(draft, entry))]
    found: dict[Instruction | None, list[Need]] = {}
    for place, needs in draft.system.added.items():
        above = [run for run in runs if place is None or entries.index(run) < entries.index(place)]
        own = place if place in runs and not _uses_first(draft, place) else None
        found.setdefault(above[0] if above else own, []).extend(needs)
    return {place: tuple(needs) for place, needs in found.items()}


def _uses_first(draft: Draft, run: Instruction | None) -> bool:
    """Whether a RUN calls something in front of its own install of packages."""
    members = runtime_members(draft, run) if run is not None else []
    first = next((at for at, member in enumerate(members) if member.packages), 0)
    return any(not (member.is_setting or member.is_update) for member in members[:first])


def dropped(draft: Draft) -> tuple[Drop, ...]:
    """Instructions that neither stage has."""
    found = []
    for entry in draft.stage.instructions[1:]:
        if is_dropped(draft, entry):
            reason = next(iter(draft.reasons(entry)), None)
            why = reason.value if reason is not None and reason is not Reason.INSTALLS else "nothing needs it"
            found.append(Drop(entry, why))
    return tuple(found)


def _from(draft: Draft) -> Piece:
    start = draft.stage.start
    text, why = draft.project.dockerfile.slice(start.span), "the same image"
    word = start.words[0]
    if draft.base.is_slimmed:
        at = start.place(word.start, word.end).start - start.span.start
        text, why = text[:at] + draft.base.runtime + text[at + len(word.text) :], "nothing is compiled here"
    return Change(start, text, why) if draft.is_below_others else Repeat(start, text, why)


def _added_packages(draft: Draft, needs: tuple[Need, ...]) -> Piece:
    text = install_text(reasons(draft, None, needs), [need.package for need in needs])
    return Add(text, why_installed(draft, (), needs))


def _environment_place(draft: Draft) -> int:
    """Before the first step that may need the environment, and before what is likely to change."""
    instructions = draft.stage.instructions
    cleared = _cleared(draft)
    last = max((instructions.index(draft.by_number[number].instruction) for number in draft.slices.makers), default=0)
    place = len(instructions)
    for at, entry in enumerate(instructions[1:], 1):
        if at <= cleared or drops_from_runtime(draft, entry):
            continue
        if entry.keyword in {"COPY", "ADD"} or _needs_environment(draft, entry):
            place = at
            break
        is_behind = at >= last
        if is_behind and (entry.keyword in {"ENTRYPOINT", "CMD", "USER", "HEALTHCHECK"} or _works(draft, entry)):
            place = at
            break
    while place > cleared + 1 and place > 1 and instructions[place - 1].keyword == "WORKDIR":
        place -= 1
    return place


def _cleared(draft: Draft) -> int:
    """The place of the last instruction of the runtime stage that removes what lies where the environment comes to be.

    It stood above the installs, and would take the environment away.
    """
    steps = [step for step in draft.by_number.values() if step.number in draft.slices.runtime]
    first = min(draft.slices.makers, default=0)
    removing = [step for step in steps if step.number < first and _removes(step, draft.environment.path)]
    return max((draft.stage.instructions.index(step.instruction) for step in removing), default=0)


def _removes(step: Step, path: str) -> bool:
    gone = [
        thing.path for effect in step.effects for thing in effect.removes if isinstance(thing, Below | File | Folder)
    ]
    return any(is_below(place, path) or is_below(path, place) for place in gone)


def _needs_environment(draft: Draft, entry: Instruction) -> bool:
    """Whether a step of the runtime stage needs, or may read, what the installs made."""
    for step in draft.steps.get(entry, ()):
        if step.number not in draft.slices.runtime:
            continue
        if any(answer.makers & draft.slices.makers for _, answer in (*step.needs, *step.takes)):
            return True
    return False


def _works(draft: Draft, entry: Instruction) -> bool:
    members = runtime_members(draft, entry) if entry.keyword == "RUN" else []
    return any(not (member.packages or member.is_upkeep or member.is_setting) for member in members)


def _environment(draft: Draft) -> Iterator[Piece]:
    path = draft.environment.path
    is_named = f"{path}/bin" in draft.project.dockerfile.text
    if draft.environment.is_made or (path.endswith("/.venv") and not is_named):
        yield Add(f'ENV PATH="{path}/bin:$PATH"\n', "programs are found in the environment")
    yield Add(f"COPY --from={draft.builder_name} {path} {path}\n", "what was installed, without what installed it")


def _beside_source(draft: Draft) -> dict[Instruction, list[str]]:
    """The metadata that editable installs leave beside the source, by the instruction that brings the last of that."""
    found: dict[Instruction, list[str]] = {}
    left = [
        thing.path
        for number in sorted(draft.slices.makers)
        for thing in draft.by_number[number].provides
        if isinstance(thing, File) and thing.path.endswith(".egg-info/PKG-INFO")
    ]
    for folder in dict.fromkeys(map(posixpath.dirname, left)):
        source = posixpath.dirname(folder)
        copies = [entry for entry in draft.stage.of("COPY", "ADD") if _brings_below(draft, entry, source)]
        if copies:
            found.setdefault(copies[-1], []).append(folder)
    return found


def _brings_below(draft: Draft, entry: Instruction, folder: str) -> bool:
    steps = (step for step in draft.steps.get(entry, ()) if step.number in draft.slices.runtime)
    things = (thing for step in steps for thing in step.provides)
    return any(is_below(thing.path, folder) for thing in things if isinstance(thing, File | Folder))


def _metadata(draft: Draft, folder: str) -> Piece:
    text = f"COPY --from={draft.builder_name} {folder} {folder}\n"
    return Add(text, "an editable install leaves its metadata beside the code")


def _piece(draft: Draft, entry: Instruction, added: tuple[Need, ...]) -> Iterator[Piece]:
    dockerfile = draft.project.dockerfile
    match entry.keyword:
        case "RUN" if entry in draft.members:
            members = runtime_members(draft, entry)
            edits = runtime_edits(draft, entry, members, added)
            text = reasons(draft, entry, added) + run_text(draft, entry, members, edits)
            is_same = text == dockerfile.slice(entry.span)
            comments = comments_of_run(draft, entry)
            lead = comments.lead if comments.gone and tells_of(draft, entry) else None
            why = why_installed(draft, members, added) or ("" if is_same else "the part that running needs")
            yield Keep(entry, why) if is_same and lead is None else Change(entry, text, why, lead)
        case "ENV" | "ARG" if (rest := _variables(draft, entry)) is not None:
            yield Change(entry, rest, "the rest is for building")
        case "CMD" | "ENTRYPOINT" | "HEALTHCHECK":
            yield from _started(draft, entry)
        case _:
            yield Keep(entry)


def _started(draft: Draft, entry: Instruction) -> Iterator[Piece]:
    """What a container runs, with programs of the environment at their new place."""
    dockerfile = draft.project.dockerfile
    moves = moved(draft.project, entry, draft.environment.path)
    if not moves:
        yield Keep(entry)
        return
    text, at = "", entry.span.start
    for span, new in sorted(moves):
        text += dockerfile.text[at : span.start] + new
        at = span.end
    if _loses_uv(draft, entry) and deaf_program(draft.project):
        yield Add(_STOP, "uv handed SIGTERM on, and Python does not hear it as the first process")
    yield Change(entry, text + dockerfile.text[at : entry.span.end], "programs are in the environment now")


def _variables(draft: Draft, entry: Instruction) -> str | None:
    """The ENV or ARG without the variables that only building reads; None where all of them stay."""
    steps = draft.steps.get(entry, ())
    kept = [step for step in steps if step.number in draft.slices.runtime]
    if len(kept) == len(steps):
        return None
    return assigned(draft, entry, draft.slices.runtime)


def _loses_uv(draft: Draft, entry: Instruction) -> bool:
    """Whether this starts the service without `uv run`, which would be the first process."""
    starts = entry.keyword in {"CMD", "ENTRYPOINT"} and any(
        call.command.program == "uv" for call in draft.build.commands_in(entry)
    )
    return starts and draft.stage.last(entry.keyword) is entry
