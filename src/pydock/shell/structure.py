"""What a shell script is made of: steps, pipelines, commands, compounds, redirections and words, with their places."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cached_property

from pydock.text import Span, unquote
from pydock.values import Value, replace


class Word(Value):
    """A word as written; `value` is what a shell makes of it, None when only known at run time.

    `known` is what stands in front of the first part that is not known: `weasyprint==` of `weasyprint==$V`.
    `is_written` is false where the text is not what the shell takes it for, so that nothing can be edited in it: a
    variable filled in a part, or another text than the file's says it.
    """

    text: str
    value: str | None
    span: Span
    known: str = ""
    is_written: bool = True

    @property
    def head(self) -> str:
        """The value, or as much of its beginning as is known."""
        return self.known if self.value is None else self.value

    @property
    def place_of_value(self) -> int | None:
        """Where its value begins that stands between its quotes as it is, None for any other word."""
        is_whole = self.text[:1] in {"'", '"'} and self.text[1:-1] == self.value
        return self.span.start + 1 if is_whole and self.span.end - self.span.start == len(self.text) else None

    def behind(self, count: int) -> Word:
        """The word without the first so many characters of its value."""
        value = None if self.value is None else self.value[count:]
        return Word(self.text, value, self.span, self.known[count:], self.is_written)


class Redirect(Value):
    """Where a command reads from or writes to.

    `operator` is what is written without the number in front, which is `descriptor` (None where there is none):
    `>`, `>>`, `<`, `>|`, `<>`, `>&`, `<&`, `&>`, `&>>`, `<<`, `<<-` and `<<<`. `target` is the file, or the number
    behind `>&`; None for a heredoc. `body` is the text that a heredoc or a known `<<<` gives to the command, as
    it is written; `is_literal`: a shell expands nothing in it. The span ends before the body of a heredoc.
    """

    operator: str
    target: Word | None
    body: str | None
    span: Span
    is_literal: bool = False
    descriptor: int | None = None


class Command(Value, dict=True):
    """One simple command: its words, what it assigns, where it reads and writes.

    `substitutions` are the scripts in its words, assignments and redirections: `$(...)`, backticks, `<(...)`.
    """

    words: tuple[Word, ...]
    assignments: tuple[Word, ...]
    span: Span
    redirections: tuple[Redirect, ...] = ()
    substitutions: tuple[Script, ...] = ()

    @property
    def redirects(self) -> bool:
        """Whether it has any redirection."""
        return bool(self.redirections)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The words, "" for those only known at run time."""
        return tuple(word.value or "" for word in self.words)

    @cached_property
    def program(self) -> str:
        """The name of the program, without its folder; "" when it is not known."""
        return self.values[0].rstrip("/").rpartition("/")[2] if self.words else ""

    def has(self, *options: str) -> bool:
        """Whether one of these options is given, `--name=value` included."""
        return any(value == option or value.startswith(f"{option}=") for value in self.values for option in options)

    def option(self, *names: str) -> Word | None:
        """The value of the first of these options, as `--name value`, `--name=value` or `-nvalue`."""
        for at, word in enumerate(self.words[1:], 1):
            text = unquote(word.text) if word.value is None else word.value
            for name in names:
                if text == name:
                    return self.words[at + 1] if at + 1 < len(self.words) else None
                is_short = len(name) == 2 and text.startswith(name) and not text.startswith("--")
                if is_short or text.startswith(f"{name}="):
                    rest = text[len(name) + (not is_short) :]
                    return Word(rest, None if word.value is None else rest, word.span)
        return None

    def shifted(self, by: int) -> Command:
        """The command of a text that stands in another one, from so many characters on."""

        def moved(words: tuple[Word, ...]) -> tuple[Word, ...]:
            return tuple(replace(word, span=word.span.shifted(by)) for word in words)

        redirections = tuple(replace(each, span=each.span.shifted(by)) for each in self.redirections)
        span = self.span.shifted(by)
        return Command(moved(self.words), moved(self.assignments), span, redirections, self.substitutions)

    def of(self, words: tuple[Word, ...]) -> Command:
        """The same command with other words."""
        return Command(words, self.assignments, self.span, self.redirections, self.substitutions)


class CompoundKind(Enum):
    """What a compound does with its members; WHILE is `until` too, FOR is `select` too."""

    SUBSHELL = "subshell"
    GROUP = "group"
    FOR = "for"
    WHILE = "while"
    IF = "if"
    CASE = "case"
    FUNCTION = "function"


class Branch(Value):
    """One way through an `if` or a `case`.

    `condition` are the pipelines that an `if` or `elif` asks, empty for `else`; `patterns` the words of a `case`.
    """

    condition: tuple[Pipeline, ...]
    patterns: tuple[Word, ...]
    members: tuple[Pipeline, ...]


class Compound(Value):
    """A group, subshell, loop, choice or function.

    `members` is all that may run in it, in the order it stands; for a `while` and an `if` with its conditions.
    `variable` is what a `for` counts with and `words` what it goes through (none written: the arguments of the
    script); the one word of a `case`. `name` is a function's. `branches` are those of `if` and `case`.
    """

    kind: CompoundKind
    members: tuple[Pipeline, ...]
    span: Span
    variable: str | None = None
    words: tuple[Word, ...] = ()
    redirections: tuple[Redirect, ...] = ()
    substitutions: tuple[Script, ...] = ()
    name: str | None = None
    branches: tuple[Branch, ...] = ()


class Joint(Enum):
    """How a pipeline is joined to the one before it; BACKGROUND: the one before is not waited for."""

    FIRST = ""
    AND = "&&"
    OR = "||"
    SEQUENCE = ";"
    BACKGROUND = "&"


class Pipeline(Value):
    """Commands whose output flows into the next one; most have one command.

    `is_negated`: `!` stands in front. `is_background`: `&` stands behind.
    """

    joint: Joint
    commands: tuple[Command | Compound, ...]
    span: Span
    is_negated: bool = False
    is_background: bool = False


class Step(Value, dict=True):
    """One member of the chain at the top of a script, which a text can be cut at.

    `operator` joins it to the previous step, as written. It has several members where nothing may come between
    them: `a || b`, and what stands on the line of a heredoc.
    """

    operator: str
    span: Span
    members: tuple[Pipeline, ...]

    @property
    def command(self) -> Command | None:
        """The simple command that the step is, None for anything else (a pipeline, a loop, a group)."""
        if len(self.members) != 1 or len(self.members[0].commands) != 1 or self.members[0].is_negated:
            return None
        only = self.members[0].commands[0]
        return only if isinstance(only, Command) else None

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """All simple commands in it, those of substitutions behind the command that they are in."""
        return tuple(_simple_commands(self.members))


class Script(Value, dict=True):
    """What a RUN-like instruction runs; `shell` is false for exec form."""

    steps: tuple[Step, ...]
    shell: bool = True
    opaque: bool = False

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        return tuple(command for step in self.steps for command in step.commands)

    @property
    def members(self) -> tuple[Pipeline, ...]:
        """The pipelines of all steps, in order."""
        return tuple(member for step in self.steps for member in step.members)

    @property
    def only(self) -> Command | None:
        """The one command of a script that is nothing else."""
        return self.steps[0].command if len(self.steps) == 1 else None


OPAQUE = Script((), opaque=True)


def _simple_commands(members: tuple[Pipeline, ...]) -> Iterator[Command]:
    waiting: list[Command | Compound | Pipeline] = [*reversed(members)]
    while waiting:
        match waiting.pop():
            case Pipeline(commands=commands):
                waiting += reversed(commands)
            case Compound(members=inner, substitutions=scripts):
                waiting += reversed(inner)
                waiting += reversed([member for script in scripts for member in script.members])
            case Command() as command:
                yield command
                waiting += reversed([member for script in command.substitutions for member in script.members])
