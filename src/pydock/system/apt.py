"""What apt-get does in a stage, command by command, for whoever edits its command lines.

Options: https://manpages.debian.org/bookworm/apt/apt-get.8.en.html, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import groupby

from pydock.build import Step as BuildStep
from pydock.build.commands import Called, CommandLine
from pydock.build.steps import read_steps
from pydock.dockerfile import Dockerfile, Instruction, Stage, mounts
from pydock.images.debian import package_name
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.shell import Step, Word
from pydock.state.needs import PackageLists
from pydock.values import Value, replace

LISTS = "/var/lib/apt/lists"
REMOVE_LISTS = f"rm -rf {LISTS}/*"
_LIST_FOLDERS = frozenset({"/var", "/var/lib", "/var/lib/apt", LISTS})
_STATEFUL = frozenset({"cd", "export", "set", "unset", "source", ".", "exec", "exit", "trap", "umask", "pushd"})
# Programs that run scripts of others, or fetch the lists themselves.
_MAY_UPDATE = frozenset({"sh", "bash", "add-apt-repository", "apt-add-repository", "extrepo"})

_OFF = regex(r"APT::Install-Recommends(?:\s*=\s*|\s+)\"?(0|false|no|off)\b", re.I)
_ON = regex(r"APT::Get::Assume-Yes(?:\s*=\s*|\s+)\"?(1|true|yes|on)\b", re.I)


class AptKind(Enum):
    """What one step of a RUN does to apt's state; OTHER is anything that is not listed here."""

    UPDATE = "update"
    INSTALL = "install"
    UPGRADE = "upgrade"
    CLEAN = "clean"
    REMOVE_LISTS = "remove lists"
    PURGE = "purge"
    OTHER = "other"


_KINDS = {
    "update": AptKind.UPDATE,
    "install": AptKind.INSTALL,
    "upgrade": AptKind.UPGRADE,
    "dist-upgrade": AptKind.UPGRADE,
    "full-upgrade": AptKind.UPGRADE,
    "clean": AptKind.CLEAN,
    "autoclean": AptKind.CLEAN,
    "auto-clean": AptKind.CLEAN,
    "remove": AptKind.PURGE,
    "purge": AptKind.PURGE,
    "autoremove": AptKind.PURGE,
    "auto-remove": AptKind.PURGE,
    "autopurge": AptKind.PURGE,
}


class AptStep(Called):
    """One command of a RUN and what it means to apt."""

    kind: AptKind

    @property
    def is_apt(self) -> bool:
        """Whether it calls apt; what `xargs apt-get install` installs stands elsewhere."""
        return self.line.program in {"apt-get", "apt"} and "xargs" not in self.call.wrappers

    @property
    def program(self) -> Word | None:
        """The word `apt-get` or `apt`, None for anything but apt."""
        return self.line.words[0] if self.is_apt else None

    @property
    def verb(self) -> Word | None:
        """The word `install`; new options go behind it."""
        return self.line.verb_words[0] if self.is_apt and self.line.verb_words else None

    @property
    def packages(self) -> tuple[Word, ...]:
        """Its arguments, without options."""
        return self.line.operands if self.is_apt else ()

    @property
    def is_plain(self) -> bool:
        """Whether the command stands alone in its step, not in a loop, a pipe or after `||`."""
        return self.call.is_alone and not self.command.redirects

    def _sets(self, pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(word.head) for word in self.line.values("-o", "--option"))

    @property
    def without_recommends(self) -> bool:
        return self.has("--no-install-recommends") or self._sets(_OFF)

    @property
    def assumes_yes(self) -> bool:
        """Whether apt-get asks nothing: `-qq` implies `-y`."""
        quiet = [option.value for option in self.line.options if option.name == "-q"]
        is_quiet = len(quiet) > 1 or any(value is not None and value.value in {"2", "3"} for value in quiet)
        return self.has("-y", "--yes", "--assume-yes") or is_quiet or self._sets(_ON)

    @property
    def names(self) -> tuple[str, ...]:
        """The packages as plain names, without version and architecture; unknown ones left out."""
        return tuple(package_name(word.value) for word in self.packages if word.value)

    @property
    def is_literal(self) -> bool:
        """Whether every package is known without running the shell."""
        return all(word.value and word.is_written for word in self.packages)


@remembered
def _steps(project: Project) -> list[tuple[AptStep, ...]]:
    """The commands of every stage of the file."""
    return [tuple(_of_stage(project, stage)) for stage in project.dockerfile.stages]


def _of_stage(project: Project, stage: Stage) -> Iterator[AptStep]:
    build = read_steps(project)
    without_lists = {id(step.member) for step in build.of_stage(stage.index) if step.member and _removes_lists(step)}
    for call in build.commands_of(stage.index):
        yield _read(stage, call, removes=id(call.member) in without_lists)


def apt_installs(project: Project, stage: Stage) -> tuple[AptStep, ...]:
    """Every `apt-get install` of a stage, in order."""
    return tuple(entry for entry in _steps(project)[stage.index] if entry.kind is AptKind.INSTALL)


def mounts_lists(run: Instruction) -> bool:
    """Whether a cache or tmpfs mount keeps apt's lists out of the layer while this RUN runs."""
    return any(mount.target.rstrip("/") in _LIST_FOLDERS for mount in mounts(run, "cache", "tmpfs"))


class AptRun(Value):
    """One RUN that has to do with apt."""

    stage: Stage
    run: Instruction
    steps: tuple[AptStep, ...]
    members: tuple[Step, ...]

    def of(self, *kinds: AptKind) -> tuple[AptStep, ...]:
        return tuple(entry for entry in self.steps if entry.kind in kinds)

    @property
    def updates(self) -> bool:
        return bool(self.of(AptKind.UPDATE))

    @property
    def is_update(self) -> bool:
        """Whether it fetches the lists and does nothing else."""
        return all(entry.kind is AptKind.UPDATE and entry.is_plain for entry in self.steps)

    @property
    def is_cleaning(self) -> bool:
        """Whether all it does is clean up after an earlier RUN."""
        kinds = {AptKind.CLEAN, AptKind.REMOVE_LISTS, AptKind.PURGE}
        return all(entry.kind in kinds for entry in self.steps)

    @property
    def is_shell(self) -> bool:
        """Whether a shell reads it, so that a step can be joined to it."""
        return self.run.exec_form is None

    @property
    def first_needing_lists(self) -> AptStep | None:
        """The first step that needs package lists which an earlier RUN has left behind.

        What a pipe into a shell or a repository tool does is not known; it usually updates.
        """
        for entry in self.steps:
            if entry.kind is AptKind.UPDATE or entry.command.program in _MAY_UPDATE:
                return None
            if _needs_lists(entry):
                return entry
        return None

    @property
    def leaves_lists(self) -> bool:
        """Whether fetched lists are still in the layer when it is done."""
        kinds = [entry.kind for entry in self.steps if entry.kind in {AptKind.UPDATE, AptKind.REMOVE_LISTS}]
        return bool(kinds) and kinds[-1] is AptKind.UPDATE and not mounts_lists(self.run)


def apt_runs(project: Project, stage: Stage) -> tuple[AptRun, ...]:
    """The RUNs of a stage that call apt or clean up after it, in order."""
    return _runs(project)[stage.index]


@remembered
def _runs(project: Project) -> list[tuple[AptRun, ...]]:
    return [tuple(_runs_of(project, stage)) for stage in project.dockerfile.stages]


def _runs_of(project: Project, stage: Stage) -> Iterator[AptRun]:
    for run, found in groupby(_steps(project)[stage.index], lambda step: step.instruction):
        steps = tuple(found)
        if any(step.program or step.kind is AptKind.REMOVE_LISTS for step in steps):
            yield AptRun(stage, run, steps, read_steps(project).members(run))


class AptChain(Value):
    """RUNs that can be one: the text between two of them becomes `&&`.

    A RUN that only updates may stand apart from the next one; nothing needs it in between.
    """

    runs: tuple[AptRun, ...]

    @property
    def last(self) -> AptRun:
        return self.runs[-1]


def apt_chains(dockerfile: Dockerfile, runs: Sequence[AptRun]) -> Iterator[AptChain]:
    chain: list[AptRun] = []
    for entry in runs:
        if chain and not _follows(dockerfile, chain[-1], entry):
            yield AptChain(tuple(chain))
            chain = []
        chain.append(entry)
    if chain:
        yield AptChain(tuple(chain))


def _follows(dockerfile: Dockerfile, first: AptRun, second: AptRun) -> bool:
    """Whether the second RUN goes on where the first stopped, and both can be one."""
    needed = second.first_needing_lists is not None and not first.of(AptKind.REMOVE_LISTS)
    has_lists = first.updates or first.first_needing_lists is not None
    if not (needed or second.is_cleaning) or not has_lists or first.run.heredocs or second.run.heredocs:
        return False
    if dockerfile.text[first.members[-1].span.end : first.run.value_span.end].strip(" \t;"):
        return False
    if not first.is_shell or not second.is_shell or _flags(first.run) != _flags(second.run):
        return False
    if any(step.operator not in {"", "&&"} for step in second.members) or any(
        step.command is None and "||" in dockerfile.slice(step.span) for step in second.members
    ):
        return False
    if any(entry.command.program in _STATEFUL or not entry.command.words for entry in first.steps):
        return False
    gap = between(first.stage, first.run, second.run)
    return not gap or (
        first.is_update and not second.is_cleaning and not any(_matters_to_update(entry) for entry in gap)
    )


def between(stage: Stage, first: Instruction, second: Instruction) -> tuple[Instruction, ...]:
    start, end = stage.instructions.index(first), stage.instructions.index(second)
    return stage.instructions[start + 1 : end]


def _matters_to_update(instruction: Instruction) -> bool:
    """Whether an instruction between an update and its install may change what the update would see."""
    return instruction.keyword in {"RUN", "USER", "SHELL", "ONBUILD"}


def _flags(run: Instruction) -> tuple[str, ...]:
    return tuple(sorted(f"{flag.name}={flag.value}" for flag in run.flags))


def _needs_lists(entry: AptStep) -> bool:
    if entry.command.program in {"apt-cache", "aptitude"}:
        return True
    if entry.program is None or entry.verb is None:
        return False
    installs = entry.kind is AptKind.INSTALL and bool(entry.packages)
    return (
        installs
        or entry.kind is AptKind.UPGRADE
        or entry.verb.value in {"build-dep", "download", "source", "changelog"}
    )


def _read(stage: Stage, call: CommandLine, *, removes: bool) -> AptStep:
    found = AptStep(stage, call, _KINDS.get(call.verb, AptKind.OTHER))
    return found if found.is_apt else replace(found, kind=AptKind.REMOVE_LISTS if removes else AptKind.OTHER)


def _removes_lists(step: BuildStep) -> bool:
    return any(isinstance(gone, PackageLists) for effect in step.effects for gone in effect.removes)
