"""The parts of a RUN's chain with the steps that the walk made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from pydock.build import Build, Step
from pydock.build.commands import CommandLine
from pydock.dockerfile import Instruction
from pydock.shell import Command, Word
from pydock.shell import Step as Part
from pydock.state import is_below
from pydock.state.needs import Package, PackageLists
from pydock.values import Value


class Member(Value, eq=False, dict=True):
    """One part of a chain; several steps where operands stand for themselves."""

    part: Part
    steps: tuple[Step, ...]

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(step.number for step in self.steps)

    @property
    def installs(self) -> bool:
        """Whether Python packages of the service come from it."""
        return any(step.installs is not None for step in self.steps)

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages of the system that it installs, as they are named."""
        return tuple(name for step in self.steps if (name := package_of(step)) is not None)

    @property
    def reads_lists(self) -> bool:
        """Whether it installs with the package lists: packages by name, or a file with what that depends on."""
        return any(isinstance(need, PackageLists) for step in self.steps for need, _ in step.needs)

    @property
    def is_update(self) -> bool:
        """Whether it only fetches package lists."""
        return bool(self.steps) and all(step.is_upkeep and _fetches_lists(step) for step in self.steps)

    @property
    def cleans_up_apt(self) -> bool:
        """Whether it only removes package lists or apt's cache."""
        return not self.is_update and bool(self.steps) and all(map(_is_apt_upkeep, self.steps))

    @property
    def is_upkeep(self) -> bool:
        return bool(self.steps) and all(step.is_upkeep for step in self.steps)

    @property
    def is_setting(self) -> bool:
        return bool(self.steps) and all(step.is_setting for step in self.steps)

    @property
    def changes_folder(self) -> bool:
        command = self.part.command
        return command is not None and command.program in {"cd", "pushd", "popd"}

    @cached_property
    def calls(self) -> tuple[CommandLine, ...]:
        """The commands in it."""
        found = (call for step in self.steps for call in step.commands if call.is_in_file)
        return tuple(dict.fromkeys(found))

    @property
    def command(self) -> Command | None:
        return self.part.command

    def words_of(self, steps: Iterable[Step]) -> frozenset[Word]:
        """The words, as written, that these of its steps are about."""
        spans = {step.operand.span for step in steps if step.operand is not None}
        words = self.part.command.words if self.part.command is not None else ()
        return frozenset(word for word in words if word.span in spans)


def package_of(step: Step) -> str | None:
    """The package of the system that a step installs, None for every other step."""
    return next((thing.name for thing in step.provides if isinstance(thing, Package)), None)


def _fetches_lists(step: Step) -> bool:
    return any(isinstance(thing, PackageLists) for thing in step.provides)


def _is_apt_upkeep(step: Step) -> bool:
    removes = [thing for effect in step.effects for thing in effect.removes]
    return step.is_upkeep and (any(isinstance(thing, PackageLists) for thing in removes) or step.key[0] == "apt")


def members(build: Build, stage: int) -> Mapping[Instruction, tuple[Member, ...]]:
    """The parts of every RUN of a stage, in order."""
    found: dict[Instruction, dict[int, tuple[Part, list[Step]]]] = {}
    for step in build.of_stage(stage):
        if step.member is not None:
            _, steps = found.setdefault(step.instruction, {}).setdefault(id(step.member), (step.member, []))
            steps.append(step)
    return {run: tuple(Member(part, tuple(steps)) for part, steps in parts.values()) for run, parts in found.items()}


def works_in_folder(step: Step) -> bool:
    """Whether a command leaves something in a work directory, or reads something there."""
    folder = step.before.workdir
    if step.keyword != "RUN" or folder in {"/", None}:
        return False
    things = [*step.provides, *step.changes, *(need for need, _ in step.needs)]
    paths = [path for thing in things if isinstance(path := getattr(thing, "path", None), str)]
    return any(is_below(path, folder or "/") for path in paths)
