"""The text of one RUN as each stage gets it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from pydock.build import Step
from pydock.build.installs import plain_pip
from pydock.dockerfile import Instruction
from pydock.images.debian import Need
from pydock.patches import with_steps, with_words
from pydock.patterns import regex
from pydock.shell import Command, Word
from pydock.shell import Step as Part
from pydock.split.draft import Draft
from pydock.split.facts.members import Member, works_in_folder
from pydock.split.text.commands import elsewhere, manager, moved, moved_paths
from pydock.split.text.installer import uv_edits
from pydock.text import Span

_APT_FOLDER = regex(r"=/var/(?:cache|lib)/apt\b")
_INSTALLERS_FOLDER = regex(r"/\.cache/(?:pip|pipenv|pypoetry|uv|pdm)\b")
Chosen = Callable[[Member], bool]


def run_text(draft: Draft, run: Instruction, kept: Sequence[Member], edits: Sequence[tuple[Span, str]]) -> str:
    """The RUN with these parts; "" where there are none."""
    if not [member for member in kept if not member.is_setting]:
        return ""
    parts: list[Part] = [member.part for member in kept]
    text = with_steps(draft.project.dockerfile, run, draft.build.members(run), parts, edits)
    return _locked(draft, run, _without_idle_caches(draft, run, kept, text))


def _without_idle_caches(draft: Draft, run: Instruction, kept: Sequence[Member], text: str) -> str:
    """The RUN without the caches of tools that its other half calls: of pip where only apt is left, and vice versa."""
    idle = [folder for folder, has_its_user in _CACHES if not any(map(has_its_user, kept))]
    for flag in run.flags:
        is_cache = flag.name == "mount" and "type=cache" in flag.value
        if is_cache and any(folder.search(flag.value) for folder in idle):
            written = re.escape(draft.project.dockerfile.slice(flag.span))
            text = re.sub(rf"{written}[ \t]*(?:[\\`]\r?\n[ \t]*)*", "", text, count=1)
    return text


def _may_call_apt(member: Member) -> bool:
    return not _calls_installers(member)


def _may_call_installers(member: Member) -> bool:
    return not (member.packages or member.is_upkeep or member.is_update or member.is_setting)


def _calls_installers(member: Member) -> bool:
    calls = [call for call in member.calls if call.words]
    return all(plain_pip(call) is not None or manager(call.command) is not None for call in calls)


def _locked(draft: Draft, run: Instruction, text: str) -> str:
    """The RUN with its cache of apt for one at a time: BuildKit runs both stages at once, and apt locks the folder."""
    for flag in run.flags:
        is_shared = "type=cache" in flag.value and "sharing=" not in flag.value
        if flag.name == "mount" and is_shared and _APT_FOLDER.search(flag.value):
            written = draft.project.dockerfile.slice(flag.span)
            text = text.replace(written, f"{written},sharing=locked", 1)
    return text


_CACHES = ((_APT_FOLDER, _may_call_apt), (_INSTALLERS_FOLDER, _may_call_installers))


def builder_members(draft: Draft, run: Instruction, *, late: bool) -> list[Member]:
    """The parts of a RUN that the builder has: `late` those that stand below the environment."""
    entries = draft.members.get(run, ())
    has = draft.system.builder_has

    def is_wanted(member: Member) -> bool:
        steps = [step for step in member.steps if step.number in draft.slices.builder]
        steps = [step for step in steps if (step.number in draft.late) is late]
        if member.packages:
            return any(map(has, steps))
        return bool(steps) and not member.is_upkeep

    chosen = [member for member in entries if is_wanted(member)]
    if not late:
        chosen += _apt_upkeep(draft, run, chosen, lambda member: any(map(has, member.steps)))
    return _in_order(entries, _with_settings(entries, chosen))


def runtime_members(draft: Draft, run: Instruction) -> list[Member]:
    """The parts of a RUN that the runtime stage has."""
    entries = draft.members.get(run, ())

    def has_packages(member: Member) -> bool:
        return any(draft.system.runtime_has(step) or step.number in draft.system.libraries for step in member.steps)

    def is_wanted(member: Member) -> bool:
        if member.packages:
            return has_packages(member)
        if member.is_upkeep:
            return False
        return any(step.number in draft.slices.runtime for step in member.steps)

    chosen = [member for member in entries if is_wanted(member)]
    chosen += _apt_upkeep(draft, run, chosen, has_packages)
    return _in_order(entries, _with_settings(entries, chosen))


def _in_order(entries: Sequence[Member], chosen: Collection[Member]) -> list[Member]:
    return [member for member in entries if member in chosen]


def _with_settings(entries: Sequence[Member], chosen: list[Member]) -> list[Member]:
    """The parts and the shell settings that they stand behind."""
    working = [member for member in chosen if not member.is_setting]
    found = list(working)
    for at, member in enumerate(entries):
        if not member.is_setting:
            continue
        later = [each for each in entries[at + 1 :] if each in working]
        if any(map(depends_on_folder, later)) if member.changes_folder else later:
            found.append(member)
    return found


def depends_on_folder(member: Member) -> bool:
    """Whether a part means something else in another folder."""
    if member.packages or member.is_upkeep:
        return False
    if any(map(works_in_folder, member.steps)):
        return True
    command = member.command
    if command is None or not (member.installs or all(step.is_tool for step in member.steps)):
        return True
    words = [word.value for word in command.words[1:]]
    return any(value is None or value.startswith(".") or "/" in value.strip("/") or _is_file(value) for value in words)


def _is_file(value: str) -> bool:
    return not value.startswith(("-", "/")) and value.endswith((".txt", ".in", ".lock", ".toml", ".whl", ".gz", ".zip"))


def _apt_upkeep(
    draft: Draft, run: Instruction, chosen: Sequence[Member], has: Callable[[Member], bool]
) -> list[Member]:
    """Fetching lists and cleaning up, where packages are installed in the same RUN, or in another that they serve."""
    entries = draft.members.get(run, ())
    runs_install = any(member.reads_lists for member in entries)
    found = []
    for at, member in enumerate(entries):
        if member.is_update:
            own = _until_update(entries[at + 1 :])
            is_wanted = any(each in chosen for each in own if each.reads_lists) or _serves(draft, member, has)
        elif member.cleans_up_apt:
            is_wanted = any(each.reads_lists for each in chosen) or (not runs_install and _serves(draft, member, has))
        else:
            is_wanted = False
        if is_wanted:
            found.append(member)
    return found


def _until_update(entries: Sequence[Member]) -> list[Member]:
    """The parts up to the next one that fetches package lists."""
    found: list[Member] = []
    for member in entries:
        if member.is_update:
            break
        found.append(member)
    return found


def _serves(draft: Draft, upkeep: Member, has: Callable[[Member], bool]) -> bool:
    """Whether a stage has an install in another RUN that lists are fetched for, or that is cleaned up after."""
    everything = [member for entries in draft.members.values() for member in entries]
    at = everything.index(upkeep)
    if not upkeep.is_update:
        return any(member.reads_lists and has(member) for member in everything[:at])
    for member in everything[at + 1 :]:
        if member.is_update:
            return False
        if member.reads_lists and has(member):
            return True
    return False


def builder_edits(draft: Draft, members: Sequence[Member], *, late: bool) -> list[tuple[Span, str]]:
    """What changes inside the builder's parts: its packages, where pip installs, options that a venv makes wrong."""
    edits: list[tuple[Span, str]] = []
    for member in members:
        command = member.command
        if member.packages and command is not None:
            edits += _narrowed(draft, member, command, draft.system.builder_has)
        elif command is not None and _is_mixed(draft, member):
            edits += _without_others(draft, member, command, late=late)
        if late and (member.installs or any(plain_pip(call) is not None for call in member.calls)):
            edits += _install_edits(draft, member)
    return _without_clashes(edits)


def _is_mixed(draft: Draft, member: Member) -> bool:
    """Whether some operands of a command are tools and some are packages of the service, or tools without a use."""
    is_divided = len({step.number in draft.late for step in member.steps}) > 1
    return is_divided or any(_is_idle(draft, step) for step in member.steps)


def _without_others(draft: Draft, member: Member, command: Command, *, late: bool) -> list[tuple[Span, str]]:
    """The command without the operands of the other half; the rest of its words may change, too."""
    gone = member.words_of(
        step for step in member.steps if (step.number in draft.late) is not late or _is_idle(draft, step)
    )
    words = command.words
    return [(Span(words[at - 1].span.end, word.span.end), "") for at, word in enumerate(words) if word in gone]


def _is_idle(draft: Draft, step: Step) -> bool:
    """Whether a step installs a tool that no step calls, beside an environment that another pip fills."""
    return draft.environment.is_filled_from_outside and step.is_tool and step.number not in draft.slices.builder


def _narrowed(
    draft: Draft, member: Member, command: Command, has: Callable[..., bool], added: Sequence[str] = ()
) -> list[tuple[Span, str]]:
    """The command without the operands that this stage has no use for."""
    wanted = member.words_of(filter(has, member.steps))
    gone = member.words_of(member.steps) - wanted
    if not gone and not added:
        return []
    kept = [word for word in command.words if word not in gone]
    return [with_words(draft.project.dockerfile, command, kept, added)]


def _install_edits(draft: Draft, member: Member) -> list[tuple[Span, str]]:
    environment = draft.environment
    if not environment.is_made:
        return []
    if environment.brings_uv:
        return uv_edits(member)
    edits = list(moved_paths(draft.project, member.part.commands, environment.path))
    for call in member.calls:
        command, line, own = call.command, plain_pip(call), manager(call.command)
        if line is not None and environment.is_filled_from_outside:
            edits.append(elsewhere(line, environment.path))
        if line is not None or own is not None:
            unwanted = [word for word in command.words if word.value in {"--user", "--system"}]
            unwanted = [] if own is not None and own.program == "pipenv" else unwanted
            # The Python of the environment, which comes first on the PATH, does not have the manager.
            unwanted += command.words[: -len(own.words)] if own is not None else ()
            edits += [(Span(word.span.start, _next_start(command.words, word)), "") for word in unwanted]
    return edits


def _next_start(words: tuple[Word, ...], word: Word) -> int:
    at = words.index(word)
    return words[at + 1].span.start if at + 1 < len(words) else word.span.end


def _without_clashes(edits: list[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """The edits without those that lie in a wider one."""
    return [
        (span, text)
        for span, text in edits
        if not any(other.holds(span) and other != span and other.start < other.end for other, _ in edits)
    ]


def runtime_edits(
    draft: Draft, run: Instruction, members: Sequence[Member], added: Sequence[Need]
) -> list[tuple[Span, str]]:
    """What changes inside the runtime parts: libraries instead of headers, programs at their new path.

    `added` go into the first install of the RUN.
    """
    edits: list[tuple[Span, str]] = list(moved(draft.project, run, draft.environment.path))
    pending = [need.package for need in added]
    for member in members:
        command = member.command
        if command is None or member.is_upkeep or not member.steps or member.steps[0].operand is None:
            continue
        if member.packages:
            libraries = [name for step in member.steps for name in draft.system.libraries.get(step.number, ())]
            edits += _narrowed(draft, member, command, draft.system.runtime_has, [*libraries, *pending])
            pending = []
        elif any(step.number not in draft.slices.runtime for step in member.steps):
            edits += _narrowed(draft, member, command, draft.system.runtime_has)
    return _without_clashes(edits)
