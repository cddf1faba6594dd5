"""A Dockerfile read as a program: its steps with the image before and after each, and what runs in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import groupby

from pydock import shell
from pydock.build.commands import CommandLine, once_each
from pydock.build.containers.start import Start
from pydock.dockerfile import Dockerfile, Instruction
from pydock.patterns import regex
from pydock.state import NOBODY, Effect, Found, Need, Numbers, Open, Purpose, State, Thing
from pydock.state.needs import Below, Distribution, File, Program
from pydock.values import Value

_SETTINGS = regex(
    r"/etc/|/root/\.|/usr/share/keyrings|/usr/local/share/ca-certificates"
    r"|.*/(?:pip\.conf|\.netrc|\.pypirc|\.pip/|\.ssh/|\.gitconfig|\.git-credentials|uv\.toml)"
)
Met = tuple[Need, Found]


class PythonCode(Value):
    """Python code that a step runs: its text, None where nobody knows it, and its file of the context, if it is one."""

    text: str | None
    place: str | None


class Step(Value, eq=False, dict=True):
    """One command of a build, or one operand of a command whose operands stand for themselves.

    `number` counts through the file, `stage` is the index of the stage, `at` the index of the instruction in the
    file. `member` is the part of a RUN's chain that this is, `operand` the one word that it is about (of an
    instruction: its text). `key` names what it does without options and versions, so that it is known again in
    another version of the file. `needs` have to be met, `takes` are read where they are there. `reads` are the
    folders that are needed as a whole, each with the image in which it was read. `undoes` are the steps whose things
    this removes. `commands` are those that it runs; the steps of one command's operands share it. `code` is the
    Python code among what it runs.
    """

    number: int
    stage: int
    at: int
    instruction: Instruction
    key: tuple[str, ...]
    text: str
    before: State
    after: State
    member: shell.Step | None = None
    operand: shell.Word | None = None
    word: str | None = None
    needs: tuple[Met, ...] = ()
    takes: tuple[Met, ...] = ()
    effects: tuple[Effect, ...] = ()
    reads: Mapping[Below, State] = {}
    undoes: Numbers = NOBODY
    commands: tuple[CommandLine, ...] = ()
    code: tuple[PythonCode, ...] = ()

    @property
    def line(self) -> int:
        return self.instruction.number

    @property
    def is_unread(self) -> bool:
        """Whether it is a RUN that could not be read, so that it may do anything."""
        return self.keyword == "RUN" and self.member is None

    @property
    def keyword(self) -> str:
        return self.instruction.keyword

    @property
    def installs(self) -> str | None:
        """The environment that the service's Python packages go to, None for every other step."""
        return next((effect.installs for effect in self.effects if effect.installs is not None), None)

    def pin(self, name: str) -> str | None:
        """What it asks of the version of a Python package, "" for any; None where it does not ask for it."""
        asked = [effect.pins.get(name, "") for effect in self.effects if _brings(effect, name)]
        return asked[0] if asked else None

    @property
    def is_of_environment(self) -> bool:
        """Whether it installs the service's Python packages, or takes some of them away."""
        removed = (thing for effect in self.effects for thing in effect.removes)
        return self.installs is not None or any(isinstance(thing, Distribution) for thing in removed)

    @property
    def is_tool(self) -> bool:
        """Whether it brings what only building calls."""
        return any(effect.purpose is Purpose.TOOL for effect in self.effects)

    @property
    def is_setting(self) -> bool:
        """Whether it changes nothing but the shell that it runs in: cd, set, export."""
        return bool(self.effects) and all(effect.purpose is Purpose.SETTING for effect in self.effects)

    @property
    def is_upkeep(self) -> bool:
        """Whether it only fetches package lists or removes caches."""
        return bool(self.effects) and all(effect.purpose is Purpose.UPKEEP for effect in self.effects)

    @property
    def provides(self) -> tuple[Thing, ...]:
        return tuple(thing for effect in self.effects for thing in effect.provides)

    @property
    def changes(self) -> tuple[Thing, ...]:
        return tuple(thing for effect in self.effects for thing in effect.changes)

    @property
    def opens(self) -> tuple[Open, ...]:
        return tuple(effect.opens for effect in self.effects if effect.opens is not None)

    @property
    def brings_settings(self) -> bool:
        """Whether all files that a COPY brings are settings of the system or of installers: pip.conf, keys, sources."""
        paths = [thing.path for thing in self.provides if isinstance(thing, File)]
        return bool(paths) and all(_SETTINGS.match(path) for path in paths)

    @property
    def leaves_anything(self) -> bool:
        """Whether the image is another one afterwards; false for what only looks or prints."""
        removes = any(effect.removes for effect in self.effects)
        return bool(self.provides or self.changes or self.opens or removes) or self.keyword != "RUN"

    @property
    def only_removes(self) -> bool:
        """Whether all it does is to take something away."""
        return any(effect.removes for effect in self.effects) and not (self.provides or self.changes or self.opens)


def _brings(effect: Effect, name: str) -> bool:
    return any(isinstance(thing, Distribution) and thing.name == name for thing in effect.provides)


class Process(Value, eq=False):
    """One command that a container of the final stage runs.

    `origin` says who starts it: "CMD", "HEALTHCHECK", "compose.yaml: worker", "entrypoint.sh:12". `environment` is
    the folder of the interpreter that it runs with, None where it is no Python or not known. `places` are the lines
    of the source behind needs that its command line does not show. A probe is a health check.
    """

    origin: str
    text: str
    user: str
    home: str
    workdir: str | None
    needs: tuple[Met, ...] = ()
    takes: tuple[Met, ...] = ()
    environment: str | None = None
    distributions: frozenset[str] = frozenset()
    places: Mapping[Need, str] = {}
    is_probe: bool = False


class Build(Value, eq=False, dict=True):
    """A whole build: every step in the order of the file, the image at the end of each stage, and the processes.

    `starts` are the commands of containers, those of the processes and what a script only runs when it is called
    otherwise.
    """

    dockerfile: Dockerfile
    steps: tuple[Step, ...]
    stages: tuple[State, ...]
    processes: tuple[Process, ...]
    final: State
    starts: tuple[Start, ...] = ()

    def of_stage(self, index: int) -> tuple[Step, ...]:
        return self._of_stages.get(index, ())

    @cached_property
    def _of_stages(self) -> dict[int, tuple[Step, ...]]:
        return {index: tuple(steps) for index, steps in groupby(self.steps, lambda step: step.stage)}

    def called_of(self, numbers: Iterable[int]) -> frozenset[str]:
        """The programs that steps and processes call and that the steps with these numbers may have brought."""
        asked = Numbers(numbers).bits
        return frozenset(name for name, makers in self._called.items() if makers.bits & asked)

    @cached_property
    def _called(self) -> Mapping[str, Numbers]:
        """The programs that steps and processes call, with all who may have brought them."""
        called: dict[str, Numbers] = {}
        met = [entry for step in self.steps for entry in step.needs]
        met += [entry for process in self.processes for entry in process.needs]
        for need, found in met:
            if isinstance(need, Program):
                called[need.name] = called.get(need.name, NOBODY) | found.makers
        return called

    def before(self, instruction: Instruction) -> State:
        """The image that an instruction finds; one that makes no step changes nothing."""
        found = self.of_instruction(instruction)
        if found:
            return found[0].before
        later = (step for step in self.steps if step.instruction.span.start > instruction.span.start)
        following = next(later, None)
        return following.before if following is not None else self.final

    def of_instruction(self, instruction: Instruction) -> tuple[Step, ...]:
        """The steps of one instruction of the file, in order."""
        return self._of_instructions.get(instruction, ())

    def is_unread(self, instruction: Instruction) -> bool:
        """Whether an instruction is a RUN that could not be read."""
        return any(step.is_unread for step in self.of_instruction(instruction))

    def members(self, instruction: Instruction) -> tuple[shell.Step, ...]:
        """The parts of the chain of a RUN, or of what a container runs, in order."""
        steps = self.of_instruction(instruction)
        found = [step.member for step in steps] + [command.member for step in steps for command in step.commands]
        return tuple({id(member): member for member in found if member is not None}.values())

    def commands_in(self, instruction: Instruction) -> tuple[CommandLine, ...]:
        """The commands that an instruction runs, in order, each once; those of scripts that it calls left out."""
        return self._commands.get(instruction, ())

    @cached_property
    def _commands(self) -> dict[Instruction, tuple[CommandLine, ...]]:
        return {
            instruction: once_each(command for step in steps for command in step.commands)
            for instruction, steps in self._of_instructions.items()
        }

    def commands_of(self, stage: int) -> tuple[CommandLine, ...]:
        """The commands that the RUNs of a stage run, in order, each once; those of scripts left out."""
        return self._commands_of.get(stage, ())

    @cached_property
    def _commands_of(self) -> dict[int, tuple[CommandLine, ...]]:
        runs = {stage: dict.fromkeys(step.instruction for step in steps) for stage, steps in self._of_stages.items()}
        return {
            stage: tuple(command for run in found if run.keyword == "RUN" for command in self.commands_in(run))
            for stage, found in runs.items()
        }

    @cached_property
    def _of_instructions(self) -> dict[Instruction, tuple[Step, ...]]:
        return {instruction: tuple(steps) for instruction, steps in groupby(self.steps, lambda step: step.instruction)}
