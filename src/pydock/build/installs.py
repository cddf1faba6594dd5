"""What RUN instructions install: the command lines of pip and `uv pip`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydock.build.copies import copies
from pydock.build.model import Step as BuildStep
from pydock.build.views import files_before, image
from pydock.build.walk import walk
from pydock.dockerfile import Dockerfile, Instruction, Stage, lineage
from pydock.packages.operands import is_place
from pydock.packages.requirements import RequirementSet
from pydock.patches import comment_lines
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.shell import Argv, Command, Step, Word, argv, is_posix, script, unwrapped
from pydock.state.needs import Distribution
from pydock.text import Span, to_exec_form
from pydock.values import Value, once

# uv takes these names, too.
_ALIASES = {"--requirements": "--requirement", "--constraints": "--constraint"}
INSTALL = frozenset({"install"})
# What decides on versions: what is made or fetched here is installed later.
RESOLVING = frozenset({"install", "wheel", "download"})
_SAME_ENVIRONMENT = frozenset(
    {"sudo", "doas", "exec", "env", "command", "time", "nice", "nohup", "timeout", "eatmydata"}
)
_PIP = regex(r"pip(\d+(\.\d+)?)?\Z")
_PYTHON = regex(r"python(\d+(\.\d+)?)?\Z")


class Install(Value):
    """One `pip install` or `uv pip install`.

    `verb` is the word `install` (new options go behind it); `files`, `constraints` and
    `editables` are the values of -r, -c and -e; `packages` the other arguments.
    """

    stage: Stage
    instruction: Instruction
    step: Step
    command: Command
    tool: str
    verb: Word
    files: tuple[Word, ...]
    constraints: tuple[Word, ...]
    editables: tuple[Word, ...]
    packages: tuple[Word, ...]
    options: tuple[tuple[str, Word | None], ...]

    @property
    def is_plain(self) -> bool:
        """Whether every argument is known without running the shell."""
        words = (*self.files, *self.constraints, *self.editables, *self.packages)
        return all(word.value is not None for word in words)

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)

    def value(self, *names: str) -> str | None:
        """The value of an option, "" when only known at run time, None when it is not given."""
        return next(((word.value or "") if word else "" for name, word in self.options if name in names), None)

    @property
    def is_code(self) -> bool:
        """Whether it brings a project and nothing that it needs."""
        named = set(self.packages).difference(self.places)
        return self.has("--no-deps") and not self.files and not named

    @property
    def places(self) -> tuple[Word, ...]:
        """Arguments that are paths or archives rather than names: `.`, `./lib`, `x.whl`."""
        return (*self.editables, *(word for word in self.packages if is_place(word.value or word.text)))


def has_the_rest(project: Project, install: Install) -> bool:
    """Whether earlier installs of its stage have brought all that an install of local projects brings but these."""
    steps = walk(project).of_stage(install.stage.index)
    own = _names(step for step in steps if step.instruction is install.instruction)
    before = _names(step for step in steps if step.line < install.instruction.number)
    return bool(before and install.places) and len(own - before) <= len(install.places)


def _names(steps: Iterable[BuildStep]) -> set[str]:
    provided = (thing for step in steps if step.installs is not None for thing in step.provides)
    return {thing.name for thing in provided if isinstance(thing, Distribution)}


def own_command(command: Command) -> Command | None:
    """The command behind `sudo -H` and the like.

    None behind a project manager or `xargs`: that installs elsewhere, or what nobody sees.
    """
    wrappers, inner = unwrapped(command)
    return inner if inner.words and _SAME_ENVIRONMENT.issuperset(wrappers) else None


def pip_command(command: Command) -> Command | None:
    """`pip ...` behind `python -m`, `sudo -H` and the like, with `pip` as its first word."""
    inner = own_command(command)
    if inner is None:
        return None
    if _PYTHON.match(inner.program):
        module = argv(inner.words).value("-m")
        at = next((at for at, word in enumerate(inner.words) if word is module and word.value == "pip"), None)
        return inner.of(inner.words[at:]) if at is not None else None
    return inner if _PIP.match(inner.program) else None


def read_install(
    stage: Stage, instruction: Instruction, step: Step, command: Command, verbs: frozenset[str] = INSTALL
) -> Install | None:
    """The install that a command makes, or None for any other command."""
    pip = pip_command(command)
    tool = "pip"
    if pip is None and command.values[:2] == ("uv", "pip"):
        pip, tool = command.past("uv"), "uv"
    if pip is None:
        return None
    line = argv(pip.words, "uv pip" if tool == "uv" else "pip")
    verb = line.verb_words[-1] if line.verb_words else None
    if verb is None or verb.value not in verbs:
        return None
    return _parsed(stage, instruction, step, command, tool, line, verb)


def _parsed(
    stage: Stage, instruction: Instruction, step: Step, command: Command, tool: str, line: Argv, verb: Word
) -> Install:
    options = tuple((_ALIASES.get(option.name, option.name), option.value) for option in line.options)

    def given(*names: str) -> tuple[Word, ...]:
        return tuple(value for name, value in options if name in names and value is not None)

    return Install(
        stage,
        instruction,
        step,
        command,
        tool,
        verb,
        files=given("-r", "--requirement"),
        constraints=given("-c", "--constraint"),
        editables=given("-e", "--editable"),
        packages=line.operands,
        options=options,
    )


def behind(instruction: Instruction, word: Word, option: str) -> tuple[Span, str]:
    """Where and how an option is put behind a word, in exec form too."""
    at = Span(word.span.end, word.span.end)
    if instruction.exec_form is None:
        return at, f" {option}"
    return at, "".join(f", {to_exec_form((part,))[1:-1]}" for part in option.split())


def pinned(dockerfile: Dockerfile, word: Word, version: str) -> tuple[Span, str]:
    """Where and how `==version` is put behind a name, inside its quotes."""
    end = word.span.end - (1 if dockerfile.slice(word.span)[-1] in "'\"" else 0)
    return Span(end, end), f"=={version}"


def without(dockerfile: Dockerfile, command: Command, word: Word) -> Span | None:
    """What to delete to take a word out of its command, None where a comment would go with it.

    A word that opens a line leaves the line break to the one behind it.
    """
    before = [entry.span.end for entry in command.words if entry.span.end <= word.span.start]
    after = [entry.span.start for entry in command.words if entry.span.start >= word.span.end]
    gap = Span(max(before), word.span.end) if before else None
    if gap is None or comment_lines(dockerfile.slice(gap)):
        return None
    opens_line = "\n" in dockerfile.slice(gap) and after and "\n" not in dockerfile.text[word.span.end : min(after)]
    return Span(word.span.start, min(after)) if opens_line else gap


def runs(dockerfile: Dockerfile, stage: Stage) -> Iterator[Instruction]:
    """The RUNs of a stage that sh or bash reads; those under another SHELL or on Windows are left out."""
    line = lineage(dockerfile, stage)
    inherited = next((shell for each in line[1:] if (shell := each.last("SHELL")) is not None), None)
    reads = is_posix(inherited) and not re.search(r"windows|nanoserver", line[-1].base)
    for instruction in stage.instructions:
        if instruction.keyword == "SHELL":
            reads = is_posix(instruction)
        elif instruction.keyword == "RUN" and reads:
            yield instruction


@once
def installs(dockerfile: Dockerfile, stage: Stage, verbs: frozenset[str] = INSTALL) -> tuple[Install, ...]:
    """Every pip install of a stage, in order; with RESOLVING also `pip wheel` and `pip download`."""
    return tuple(_all(dockerfile, stage, verbs))


def _all(dockerfile: Dockerfile, stage: Stage, verbs: frozenset[str]) -> Iterator[Install]:
    for run in runs(dockerfile, stage):
        for step in script(run).steps:
            for command in step.commands:
                if found := read_install(stage, run, step, command, verbs):
                    yield found


def installs_of(project: Project, stage: Stage) -> tuple[Install, ...]:
    """Every pip install of a stage, in order."""
    return installs(project.dockerfile, stage)


@remembered
def requirement_sets(project: Project) -> tuple[RequirementSet, ...]:
    """The requirements files that any stage installs, each once."""
    found: dict[str, RequirementSet] = {}
    for install in (install for stage in project.dockerfile.stages for install in installs_of(project, stage)):
        for word in install.files:
            origin = files_before(project, install.instruction).origin(word.value) if word.value else None
            if origin is None and word.value:
                _refuse_special(project, install, word.value)
            if origin and origin not in found:
                found[origin] = project.requirement_set(origin)
    return tuple(found.values())


def _refuse_special(project: Project, install: Install, path: str) -> None:
    """Raises UnreadableError where what a COPY would bring is a named pipe, a socket or a device."""
    place = image(project, install.stage, install.instruction).at(path)
    for copied in copies(project, install.stage) if place is not None else ():
        copied.origin(project.tree, place or "")
