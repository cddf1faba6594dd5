"""A command line taken apart: program, verb, options with their values, operands.

Which options take a value stands in one table, `data/command_options.csv`; whatever asks what a command line
says asks here.
"""

from __future__ import annotations

from functools import cache

from pydock.data import rows
from pydock.shell.structure import Word
from pydock.values import Value


class Option(Value):
    """An option as it is given; `value` is None for one that takes none."""

    name: str
    value: Word | None = None


class Grammar(Value):
    """How a program reads its arguments.

    `valued` are the options that take a value, `joined` single letters whose value may follow at once (`-rFILE`);
    `has_verb`: the first operand says what to do. `stops`: options end at the first operand, since what
    follows belongs to another command.
    """

    valued: frozenset[str] = frozenset()
    has_verb: bool = False
    stops: bool = False


class Argv(Value, dict=True):
    """A command line. `program` is the name without its folder, None where it is not known.

    `words` is everything, the program first. `verb` is None where the program has none or it is not known.
    """

    words: tuple[Word, ...]
    program: str | None = None
    verb: str | None = None
    options: tuple[Option, ...] = ()
    operands: tuple[Word, ...] = ()

    @property
    def path(self) -> str | None:
        """The program as it is called, with its folder where that is written."""
        return self.words[0].value if self.words else None

    def has(self, *names: str) -> bool:
        """Whether one of these options is given."""
        return any(option.name in names for option in self.options)

    def value(self, *names: str) -> Word | None:
        """The value of the last of these options that is given."""
        return next((option.value for option in reversed(self.options) if option.name in names), None)

    def values(self, *names: str) -> tuple[Word, ...]:
        """The values of these options, in order."""
        return tuple(option.value for option in self.options if option.name in names and option.value is not None)

    def after(self, count: int) -> tuple[Word, ...]:
        """The words behind the first so many."""
        return self.words[count:]


@cache
def grammar(program: str) -> Grammar:
    """How a program reads its arguments; one that no table knows takes no values."""
    return _grammars().get(program, Grammar())


@cache
def _grammars() -> dict[str, Grammar]:
    return {
        row["program"]: Grammar(frozenset(row["valued"].split()), row["verb"] == "yes", row["stops"] == "yes")
        for row in rows("command_options")
    }


def argv(words: tuple[Word, ...], program: str | None = None) -> Argv:
    """Expanded words as a command line; `program` names the grammar where the first word does not."""
    if not words:
        return Argv(())
    name = program or _name(words[0])
    known = grammar(name or "")
    options: list[Option] = []
    operands: list[Word] = []
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        text = word.value if word.value is not None else word.head
        if text == "--" and word.value is not None:
            operands += rest
            break
        if not text.startswith("-") or text == "-":
            operands.append(word)
            if known.stops:
                operands += rest
                break
            continue
        taken, is_waiting = _options(word, text, known)
        options += taken[:-1] if is_waiting else taken
        if is_waiting:
            options.append(Option(taken[-1].name, rest.pop(0) if rest else None))
    verb = operands.pop(0) if known.has_verb and operands else None
    return Argv(words, name, verb.value if verb else None, tuple(options), tuple(operands))


def _name(word: Word) -> str | None:
    return word.value.rstrip("/").rpartition("/")[2] if word.value else None


def _options(word: Word, text: str, known: Grammar) -> tuple[list[Option], bool]:
    """The options of one word, and whether the last of them takes the next word."""
    name, equals, _ = text.partition("=")
    if text.startswith("--") or (text in known.valued and len(text) > 2):
        if equals:
            return [Option(name, word.behind(len(name) + 1))], False
        return [Option(text)], text in known.valued
    if text in known.valued:
        return [Option(text)], True
    found: list[Option] = []
    # Joined letters: -Ur FILE, -rFILE, -yqq.
    for at, letter in enumerate(text[1:], 1):
        name = f"-{letter}"
        if name in known.valued:
            rest = word.behind(at + 1)
            return [*found, Option(name, rest if rest.head or rest.value is None else None)], not (
                rest.head or rest.value is None
            )
        found.append(Option(name))
    return found, False
