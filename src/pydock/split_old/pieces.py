"""The text of one RUN as each stage gets it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydock.chains import with_steps, with_words
from pydock.dockerfile import Instruction
from pydock.images.debian import Need
from pydock.lines import Span
from pydock.patterns import regex
from pydock.project.apt import AptKind, AptStep
from pydock.shell import Step, Word
from pydock.split_old.commands import moved, moved_paths
from pydock.split_old.copying import is_removal
from pydock.split_old.draft import Draft, purges
from pydock.split_old.environment import pip_as_module, renews_pip
from pydock.split_old.installer import uv_edits
from pydock.split_old.roles import Role, RoledStep, changes_folder, depends_on_folder

_APT_FOLDER = regex(r"=/var/(?:cache|lib)/apt\b")


def run_text(draft: Draft, run: Instruction, kept: Sequence[Step], edits: Sequence[tuple[Span, str]]) -> str:
    """The RUN with these steps, and the shell settings that they stand behind."""
    entries = draft.by_run[run]
    chosen = [
        entry.step
        for at, entry in enumerate(entries)
        if entry.step in kept or (entry.role is Role.SHARED and _serves(entry, entries[at + 1 :], kept))
    ]
    if not [step for step in chosen if step in kept]:
        return ""
    return _locked(draft, run, with_steps(draft.project.dockerfile, run, entries[0].script, chosen, edits))


def _locked(draft: Draft, run: Instruction, text: str) -> str:
    """The RUN with its cache of apt for one at a time: BuildKit runs both stages at once, and apt locks the folder."""
    for flag in run.flags:
        is_shared = "type=cache" in flag.value and "sharing=" not in flag.value
        if flag.name == "mount" and is_shared and _APT_FOLDER.search(flag.value):
            written = draft.project.dockerfile.slice(flag.span)
            text = text.replace(written, f"{written},sharing=locked", 1)
    return text


def _serves(shared: RoledStep, later: Sequence[RoledStep], kept: Sequence[Step]) -> bool:
    """Whether a shell setting means something to a step that is kept."""
    served = [entry for entry in later if entry.step in kept]
    return any(depends_on_folder(entry) for entry in served) if changes_folder(shared) else bool(served)


def builder_steps(draft: Draft, run: Instruction, *, late: bool) -> list[Step]:
    """The steps of a RUN that the builder has: `late` those that need the environment to be there."""
    entries = draft.by_run.get(run, ())
    has_system = any(
        apt.kind is AptKind.INSTALL and draft.system.builder_has(apt) for entry in entries for apt in entry.apt
    )
    chosen = []
    for entry in entries:
        match entry.role:
            case Role.INSTALL if draft.shares_pip and renews_pip(entry):
                # The image's pip is what installs; the service has no use for another one.
                wanted = not late and not draft.brings_uv
            case Role.VENV | Role.INSTALL:
                wanted = late
            case Role.TOOL:
                wanted = not late
            case Role.SYSTEM:
                wanted = not late and _in_builder(draft, entry, has_system=has_system)
            case Role.SYSTEM_CLEANUP:
                wanted = not late and has_system and not purges(entry)
            case Role.OTHER:
                wanted = (
                    late
                    if entry.step in draft.inputs.feeding
                    else not late and (entry.step in draft.prepares or _sets_up_apt(draft, entry))
                )
            case _:
                wanted = False
        if wanted:
            chosen.append(entry.step)
    return chosen


def _sets_up_apt(draft: Draft, entry: RoledStep) -> bool:
    return entry.step in draft.sets_up_apt and builder_installs(draft)


def builder_installs(draft: Draft) -> bool:
    """Whether the builder installs Debian packages."""
    return any(
        apt.kind is AptKind.INSTALL and draft.system.builder_has(apt) for entry in draft.steps for apt in entry.apt
    )


def runtime_installs(draft: Draft) -> bool:
    """Whether the runtime stage installs Debian packages that the file names."""
    return any(
        apt.kind is AptKind.INSTALL and draft.system.runtime_has(apt) for entry in draft.steps for apt in entry.apt
    )


def _in_builder(draft: Draft, entry: RoledStep, *, has_system: bool) -> bool:
    installs = [apt for apt in entry.apt if apt.kind is AptKind.INSTALL]
    if installs:
        return any(draft.system.builder_has(apt) for apt in installs)
    return has_system or (not _run_installs(draft, entry) and _serves_install(draft, entry, draft.system.builder_has))


def _serves_install(draft: Draft, entry: RoledStep, has: Callable[[AptStep], bool]) -> bool:
    """Whether a stage has an install to follow a step that has none in its RUN; lists serve until the next update."""
    is_update = any(apt.kind is AptKind.UPDATE for apt in entry.apt)
    for later in draft.steps[draft.steps.index(entry) + 1 :] if is_update else draft.steps:
        kinds = {apt.kind for apt in later.apt}
        if is_update and AptKind.UPDATE in kinds:
            return False
        if any(apt.kind is AptKind.INSTALL and has(apt) for apt in later.apt):
            return True
    return False


def _run_installs(draft: Draft, entry: RoledStep) -> bool:
    """Whether the RUN of this step has an install of its own that the step serves."""
    return any(apt.kind is AptKind.INSTALL for other in draft.by_run[entry.run] for apt in other.apt)


def runtime_steps(draft: Draft, run: Instruction) -> list[Step]:
    """The steps of a RUN that the runtime stage has."""
    entries = draft.by_run.get(run, ())
    has_system = any(
        apt.kind is AptKind.INSTALL and draft.system.runtime_has(apt) for entry in entries for apt in entry.apt
    )
    chosen = []
    for entry in entries:
        match entry.role:
            case Role.SYSTEM:
                installs = [apt for apt in entry.apt if apt.kind is AptKind.INSTALL]
                wanted = (
                    any(draft.system.runtime_has(apt) for apt in installs)
                    if installs
                    else has_system
                    or (not _run_installs(draft, entry) and _serves_install(draft, entry, draft.system.runtime_has))
                )
            case Role.SYSTEM_CLEANUP:
                wanted = (
                    has_system or (not _run_installs(draft, entry) and runtime_installs(draft))
                ) and not _purges_nothing(draft, entry)
            case Role.OTHER:
                wanted = entry.step not in draft.leaving and not is_removal(draft, entry)
            case _:
                wanted = False
        if wanted:
            chosen.append(entry.step)
    return chosen


def _purges_nothing(draft: Draft, entry: RoledStep) -> bool:
    """Whether a purge names only packages that the runtime stage never had."""
    purged = [apt for apt in entry.apt if apt.kind is AptKind.PURGE and apt.packages]
    return bool(purged) and all(apt.is_literal and not _purged_at_runtime(draft, apt) for apt in purged)


def _purged_at_runtime(draft: Draft, apt: AptStep) -> list[Word]:
    known = {entry.package for entry in draft.system.divisions}
    return [word for word in apt.packages if draft.system.of(word.value or "").runtime and (word.value or "") in known]


def builder_edits(draft: Draft, run: Instruction) -> list[tuple[Span, str]]:
    """What changes inside the builder's steps: its packages, options that a venv makes wrong."""
    edits = []
    for entry in draft.by_run.get(run, ()):
        if draft.shares_pip and renews_pip(entry):
            continue
        if draft.brings_uv:
            edits += uv_edits((entry,))
        elif entry.role is Role.INSTALL and draft.makes_venv:
            edits += moved_paths(draft.project, entry.step.commands, draft.venv)
            edits += pip_as_module(entry) if draft.shares_pip else []
        for apt in entry.apt:
            if apt.kind is AptKind.INSTALL and apt.is_literal and apt.is_plain:
                gone = {word for word in apt.packages if not draft.system.of(word.value or "").builder}
                if gone and len(gone) < len(apt.packages):
                    kept = [word for word in apt.command.words if word not in gone]
                    edits.append(with_words(draft.project.dockerfile, apt.command, kept))
        for install in entry.installs:
            unwanted = [word for word in install.command.words if word.value in {"--user", "--system"}]
            for word in unwanted if draft.makes_venv else ():
                edits.append((Span(word.span.start, _next_start(install.command.words, word)), ""))
    return edits


def _next_start(words: tuple[Word, ...], word: Word) -> int:
    at = words.index(word)
    return words[at + 1].span.start if at + 1 < len(words) else word.span.end


def runtime_edits(draft: Draft, run: Instruction, added: Sequence[Need]) -> list[tuple[Span, str]]:
    """What changes inside the runtime steps: libraries instead of headers, programs at their new path.

    `added` go into the first install of the RUN.
    """
    edits = list(moved(draft.project, draft.by_run[run][0].script, draft.venv)) if draft.by_run.get(run) else []
    pending = [need.package for need in added]
    for entry in draft.by_run.get(run, ()):
        for apt in entry.apt:
            if apt.kind is AptKind.INSTALL and apt.is_literal and apt.is_plain and draft.system.runtime_has(apt):
                gone = {word for word in apt.packages if not draft.system.of(word.value or "").runtime}
                new = _instead(draft, apt) + pending
                pending = []
                if gone or new:
                    kept = [word for word in apt.command.words if word not in gone]
                    edits.append(with_words(draft.project.dockerfile, apt.command, kept, new))
            elif apt.kind is AptKind.PURGE and apt.is_literal and apt.is_plain:
                left = _purged_at_runtime(draft, apt)
                if left and len(left) < len(apt.packages):
                    gone = set(apt.packages) - set(left)
                    kept = [word for word in apt.command.words if word not in gone]
                    edits.append(with_words(draft.project.dockerfile, apt.command, kept))
    return edits


def _instead(draft: Draft, apt: AptStep) -> list[str]:
    """The libraries behind this install's headers, each once in the stage."""
    present = set(apt.names)
    new: list[str] = []
    for entry in draft.system.divisions:
        if entry.package in apt.names:
            new += [name for name in entry.instead if name not in present and name not in new]
    earlier = set()
    for other in (apt for entry in draft.steps for apt in entry.apt if apt.kind is AptKind.INSTALL):
        if other is apt or other.command.span.start >= apt.command.span.start:
            break
        earlier |= {name for entry in draft.system.divisions if entry.package in other.names for name in entry.instead}
    return [name for name in new if name not in earlier]
