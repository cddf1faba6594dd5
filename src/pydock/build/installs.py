"""What the commands of a build install with pip and `uv pip`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from pydock.build.commands import Called, CommandLine
from pydock.build.copies import copies
from pydock.build.files import Files
from pydock.build.model import Step as BuildStep
from pydock.build.steps import read_steps
from pydock.build.views import files_before
from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.packages.operands import is_place
from pydock.packages.requirements import RequirementSet
from pydock.patches import comment_lines
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.shell import Argv, Command, Word
from pydock.state.needs import Distribution
from pydock.text import Span, to_exec_form
from pydock.values import once

INSTALL = frozenset({"install"})
# What decides on versions: what is made or fetched here is installed later.
RESOLVING = frozenset({"install", "wheel", "download"})
_SAME_ENVIRONMENT = frozenset(
    {"sudo", "doas", "exec", "env", "command", "time", "nice", "nohup", "timeout", "eatmydata"}
)
_IMAGES_OWN = regex(r"(?:pip(?:3(?:\.\d+)?)?|(?:/usr/local/bin/)?python(?:3(?:\.\d+)?)?)\Z")
_ON_PACKAGES = frozenset({"install", "uninstall", "check", "list", "freeze", "show"})
PIP = regex(r"pip(\d+(\.\d+)?)?\Z")


class Install(Called):
    """One `pip install` or `uv pip install`."""

    @property
    def tool(self) -> str:
        return "uv" if self.line.program == "uv" else "pip"

    @property
    def verb(self) -> Word:
        """The word `install`; new options go behind it."""
        return self.line.verb_words[-1]

    @property
    def files(self) -> tuple[Word, ...]:
        return self.line.values("-r", "--requirement", "--requirements")

    @property
    def constraints(self) -> tuple[Word, ...]:
        return self.line.values("-c", "--constraint", "--constraints")

    @property
    def editables(self) -> tuple[Word, ...]:
        return self.line.values("-e", "--editable")

    @property
    def packages(self) -> tuple[Word, ...]:
        """Its arguments, without options and their values."""
        return self.line.operands

    @property
    def words(self) -> tuple[Word, ...]:
        """Everything that it is told to install, and where that is listed."""
        return (*self.files, *self.constraints, *self.editables, *self.packages)

    @property
    def is_plain(self) -> bool:
        """Whether every argument is known without running the shell."""
        return all(word.value is not None and word.is_written for word in self.words)

    def origin(self, project: Project, path: str | None) -> str | None:
        """The file of the context that it finds under a path, or that was there until its RUN changed it."""
        place = self.call.before.at(path) if path else None
        found = (Files(self.call.before), files_before(project, self.instruction)) if place is not None else ()
        return next((origin for files in found if (origin := files.origin(place or ""))), None)

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
    if not install.places:
        return False
    lines, number = _first_lines(project, install.stage), install.instruction.number
    own = {name for step in read_steps(project).of_instruction(install.instruction) for name in _installed(step)}
    is_behind_others = next(iter(lines.values()), number) < number
    return is_behind_others and sum(lines[name] >= number for name in own) <= len(install.places)


@once
def _first_lines(project: Project, stage: Stage) -> Mapping[str, int]:
    """The line of a stage that installs a package first, in their order."""
    lines: dict[str, int] = {}
    for step in read_steps(project).of_stage(stage.index):
        for name in _installed(step):
            lines.setdefault(name, step.line)
    return lines


def _installed(step: BuildStep) -> tuple[str, ...]:
    if step.installs is None:
        return ()
    return tuple(thing.name for thing in step.provides if isinstance(thing, Distribution))


def is_here(call: CommandLine) -> bool:
    """Whether a command works with the environment that is active where it stands.

    Behind a project manager or `xargs` it works elsewhere, or with what nobody sees.
    """
    return _SAME_ENVIRONMENT.issuperset(call.wrappers)


def pip_line(call: CommandLine) -> Argv | None:
    """The command line of pip or `uv pip`, None for any other command."""
    line = call.line
    is_pip = PIP.match(line.program or "") or (line.program == "uv" and call.verb.startswith("pip "))
    return line if is_pip and is_here(call) else None


def plain_pip(call: CommandLine) -> Argv | None:
    """The command line of the image's own pip, called by its name or as a module; None for any other command."""
    line, caller = pip_line(call), call.command.words[0].value or "" if call.command.words else ""
    is_plain = _IMAGES_OWN.match(caller) is not None and not call.wrappers and call.verb in _ON_PACKAGES
    return line if is_plain else None


def _decides(call: CommandLine) -> bool:
    """Whether a command installs, or decides on versions as an install does."""
    line = pip_line(call)
    return line is not None and bool(line.verb_words) and line.verb_words[-1].value in RESOLVING


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


@once
def installs_of(project: Project, stage: Stage, verbs: frozenset[str] = INSTALL) -> tuple[Install, ...]:
    """Every pip install of a stage, in order; with RESOLVING also `pip wheel` and `pip download`."""
    return tuple(install for install in _installs(project)[stage.index] if install.verb.value in verbs)


def installs_in(project: Project, instruction: Instruction) -> tuple[Install, ...]:
    """Every pip install of one instruction, in order."""
    return _by_instruction(project).get(instruction, ())


@remembered
def _by_instruction(project: Project) -> dict[Instruction, tuple[Install, ...]]:
    found = (install for stage in project.dockerfile.stages for install in installs_of(project, stage))
    return {instruction: tuple(own) for instruction, own in groupby(found, lambda install: install.instruction)}


@remembered
def _installs(project: Project) -> dict[int, tuple[Install, ...]]:
    build = read_steps(project)
    return {
        stage.index: tuple(Install(stage, call) for call in build.commands_of(stage.index) if _decides(call))
        for stage in project.dockerfile.stages
    }


@remembered
def requirement_sets(project: Project) -> tuple[RequirementSet, ...]:
    """The requirements files that any stage installs, each once."""
    found: dict[str, RequirementSet] = {}
    for install in (install for stage in project.dockerfile.stages for install in installs_of(project, stage)):
        for word in install.files:
            origin = install.origin(project, word.value)
            if origin is None and word.value:
                _refuse_special(project, install, word.value)
            if origin and origin not in found:
                found[origin] = project.requirement_set(origin)
    return tuple(found.values())


def _refuse_special(project: Project, install: Install, path: str) -> None:
    """Raises UnreadableError where what a COPY would bring is a named pipe, a socket or a device."""
    place = install.call.before.at(path)
    for copied in copies(project, install.stage) if place is not None else ():
        copied.origin(project.tree, place or "")
