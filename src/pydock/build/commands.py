"""The commands that the steps of a build run, for whoever asks about one: each is read here once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from pydock import shell
from pydock.dockerfile import Instruction, Stage
from pydock.shell import Argv, Command, Word, argv, called, unwrapped
from pydock.state import State
from pydock.text import Span
from pydock.values import Value, replace


class CommandLine(Value, eq=False, dict=True):
    """One command as a step runs it.

    `command` is what is written, `words` what the shell makes of its words: variables filled in as far as they are
    known. In a loop, or a function that is called twice, a word that is not the same each time is not known. `before`
    is the image that it finds, with its work folder, its user and its variables. `number` is that of its first step,
    `member` the part of the RUN's chain that it stands in. It is not sure to run behind `||` and in an `if`. One that
    a script of another file runs is not in the file: its place is `outer`, the command that runs the script.
    """

    number: int
    stage: int
    instruction: Instruction
    member: shell.Step | None
    command: Command
    words: tuple[Word, ...]
    before: State
    is_sure: bool
    outer: Command

    @property
    def is_in_file(self) -> bool:
        return self.outer is self.command

    @property
    def span(self) -> Span:
        return self.outer.span

    @cached_property
    def _unwrapped(self) -> tuple[tuple[str, ...], Argv, bool]:
        words = self.words if self.is_in_file else _elsewhere(self.words, self.span)
        wrappers, inner = unwrapped(self.command.of(words))
        module = called(inner)
        return wrappers, argv(module.words), module is not inner

    @cached_property
    def wrappers(self) -> tuple[str, ...]:
        """The programs in front that only start it: sudo, env, timeout; outermost first."""
        return self._unwrapped[0]

    @cached_property
    def line(self) -> Argv:
        """The command behind its wrappers, and behind `python -m`."""
        return self._unwrapped[1]

    @cached_property
    def is_module(self) -> bool:
        """Whether Python runs the program as a module: `python -m pip`."""
        return self._unwrapped[2]

    @cached_property
    def program(self) -> str:
        """The program behind the wrappers, without its folder; "" where it is not known."""
        return self.line.program or ""

    @cached_property
    def verb(self) -> str:
        """What the program is told to do, `install` of `apt-get install`; "" where it is not told or not known."""
        return self.line.verb or ""

    @property
    def is_in_shell(self) -> bool:
        """Whether a shell reads its words; in exec form they are strings."""
        return shell.script(self.instruction).shell

    @property
    def part(self) -> shell.Step:
        """The part of the RUN's chain that it stands in."""
        assert self.member is not None, "only what is no shell's has no part"
        return self.member

    @property
    def is_alone(self) -> bool:
        """Whether it is the whole of its part of the RUN: in no loop, no pipe, not behind `||`."""
        return self.is_in_file and self.member is not None and self.member.command is self.command


class Called(Value):
    """A command of a stage, for the views that say what one program is told."""

    stage: Stage
    call: CommandLine

    @property
    def line(self) -> Argv:
        return self.call.line

    @property
    def instruction(self) -> Instruction:
        return self.call.instruction

    @property
    def command(self) -> Command:
        """The whole command as it is written."""
        return self.call.command

    @property
    def step(self) -> shell.Step:
        """The part of the RUN's chain that it stands in."""
        return self.call.part

    def has(self, *names: str) -> bool:
        """Whether one of these options is given."""
        return self.line.has(*names)


def _elsewhere(words: tuple[Word, ...], place: Span) -> tuple[Word, ...]:
    """Words of another text, at the place in the file of what runs that text."""
    return tuple(replace(word, span=place, is_written=False) for word in words)


def once_each(commands: Iterable[CommandLine]) -> tuple[CommandLine, ...]:
    """The commands of the file among these, one that runs again as one."""
    found: dict[Span, CommandLine] = {}
    for command in commands:
        if command.is_in_file:
            known = found.get(command.span)
            found[command.span] = command if known is None or known is command else either(known, command)
    return tuple(found.values())


def either(first: CommandLine, second: CommandLine) -> CommandLine:
    """One command that runs twice: what is the same both times is known."""
    is_sure = first.is_sure and second.is_sure
    if len(first.words) != len(second.words):
        return replace(first, words=first.command.words, is_sure=is_sure)
    words = tuple(
        one if one.value == other.value else replace(one, value=None, known="")
        for one, other in zip(first.words, second.words, strict=True)
    )
    return replace(first, words=words, is_sure=is_sure)
