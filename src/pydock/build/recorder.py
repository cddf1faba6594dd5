"""What a walk has seen so far: the image now, and the steps behind it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock import shell
from pydock.build.commands import CommandLine, either
from pydock.build.model import Met, PythonCode, Step
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.state import NOBODY, Answer, Effect, Found, Kind, Need, Nested, Numbers, State, is_below
from pydock.state.needs import Below, File, Folder, Matching, Variable
from pydock.text import Span
from pydock.values import Value, replace

_NAMED = regex(r"\$\{?(\w+)")
# pip fills in ${NAME} in requirement files: https://pip.pypa.io/en/stable/reference/requirements-file-format/
_FILLED_IN = regex(r"\$\{([A-Z0-9_]+)\}")
_WORD = regex(r"[A-Za-z_]\w*")
_BUILD_FILES = (
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "hatch_build.py",
    "build.py",
    "CMakeLists.txt",
    "meson.build",
)


class Draft:
    """A step while its commands are being read; what a container runs is of no instruction."""

    def __init__(
        self, number: int, state: State, instruction: Instruction | None = None, member: shell.Step | None = None
    ) -> None:
        self.number = number
        self.before = state
        self.instruction = instruction
        self.member = member
        self.needs: dict[Need, Found] = {}
        self.takes: dict[Need, Found] = {}
        self.effects: list[Effect] = []
        self.reads: dict[Below, State] = {}
        self.undoes = NOBODY
        self.commands: dict[Span | int, CommandLine] = {}
        self.code: dict[PythonCode, None] = {}

    def ran(self, command: CommandLine) -> None:
        """Keep a command that the step runs; one that runs again is the same one."""
        key = command.span if command.is_in_file else id(command)
        known = self.commands.get(key)
        self.commands[key] = command if known is None else either(known, command)


class Place(Value):
    """Where a step stands in the file, and how it is known again."""

    at: int
    key: tuple[str, ...]
    text: str
    operand: shell.Word | None = None
    word: str | None = None


class Recorder:
    """The walk's memory. `state` is the image now; `steps` are finished."""

    def __init__(self) -> None:
        self.state = State()
        self.stage = -1
        self.steps: list[Step] = []

    def begin(self, instruction: Instruction, member: shell.Step | None = None) -> Draft:
        return Draft(len(self.steps), self.state, instruction, member)

    def end(self, draft: Draft, place: Place) -> Step:
        """The finished step, the next in the list."""
        assert draft.instruction is not None
        step = Step(
            draft.number,
            self.stage,
            place.at,
            draft.instruction,
            place.key,
            place.text,
            draft.before,
            self.state,
            draft.member,
            place.operand,
            place.word,
            tuple(draft.needs.items()),
            tuple(draft.takes.items()),
            tuple(draft.effects),
            draft.reads,
            draft.undoes,
            tuple(draft.commands.values()),
            tuple(draft.code),
        )
        self.steps.append(step)
        return step

    def apply(self, draft: Draft, effect: Effect, *, is_sure: bool = True) -> None:
        """Ask for what an effect needs, then let it happen."""
        for need in effect.needs:
            self.need(draft, need)
        for need in effect.takes:
            self.take(draft, need)
        if effect.installs is not None:
            self._take_named(draft, effect)
        for gone in effect.removes:
            draft.undoes |= self._undone(gone).without(draft.number)
        draft.effects.append(effect)
        self.state = self.state.after(effect, draft.number, is_sure=is_sure)

    def _take_named(self, draft: Draft, effect: Effect) -> None:
        """Take along variables that lists of packages fill in, and those that the build of a project names."""
        for need in effect.needs:
            if isinstance(need, File):
                for name in _FILLED_IN.findall(self.state.text(need.path) or ""):
                    self.take(draft, Variable(name))
            if isinstance(need, Below):
                text = "\n".join(self.state.text(f"{need.path}/{name}") or "" for name in _BUILD_FILES)
                words = set(_WORD.findall(text))
                for name in self.state.setters:
                    if name in words:
                        self.take(draft, Variable(name))

    def _undone(self, gone: Need) -> Numbers:
        if isinstance(gone, Below | File | Folder):
            return self.state.find(Below(gone.path)).makers
        if isinstance(gone, Matching):
            folder = posixpath.dirname(gone.pattern.partition("*")[0])
            places = [place for kind, place in self.state.opened if kind is Kind.FILE and is_below(place, folder)]
            return Numbers.joined(
                (self.state.find(gone).makers, *(self.state.opened[(Kind.FILE, place)] for place in places))
            )
        return self.state.find(gone).makers

    def need(self, draft: Draft, need: Need) -> None:
        """Ask for what has to be there; what the step made itself is no need."""
        found = self.state.find(need)
        others = found.makers.without(draft.number)
        if found.makers and not others:
            return
        if isinstance(need, Below):
            draft.reads[need] = self.state
        draft.needs.setdefault(need, Found(found.answer, others))

    def take(self, draft: Draft, need: Need) -> None:
        """Ask for what is read where it is there."""
        found = self.state.find(need)
        if found.answer is not Answer.NO and (others := found.makers.without(draft.number)):
            draft.takes.setdefault(need, Found(found.answer, others))

    def mention(self, draft: Draft, text: str) -> None:
        """Take along the variables that a text names."""
        for name in dict.fromkeys(_NAMED.findall(text)):
            if name in self.state.setters:
                self.take(draft, Variable(name))

    def set_workdir(self, path: str | None) -> None:
        self.state = replace(self.state, workdir=path)


def met(entries: Iterable[Met]) -> dict[Need, Found]:
    return dict(entries)


Part = Effect | Nested
