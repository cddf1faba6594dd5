"""A command line taken apart: program, verb, options with their values, operands.

Which options take a value stands in one table, `data/command_options.csv`; whatever asks what a command line
says asks here.
"""

from __future__ import annotations

from collections import deque
from functools import cache

from pydock.data import rows
from pydock.patterns import regex
from pydock.shell.structure import Word
from pydock.values import Value

_VERSION = regex(r"(?:-|(?<![\d.]))\d[\d.]*\Z")
_LAST = frozenset({"-m", "-c"})
_GLUED = {
    "sed": frozenset({"-i"}),
    "perl": frozenset({"-i"}),
    "make": frozenset({"-j", "-l", "-O"}),
    "ninja": frozenset({"-j"}),
    "gcc": frozenset({"-O", "-W", "-f", "-m", "-std"}),
}
# Their first word may be letters without a dash: `tar xzf FILE`.
_LETTERS_FIRST = frozenset({"tar", "bsdtar", "ar"})


class Option(Value):
    """An option as it is given; `value` is None for one that takes none."""

    name: str
    value: Word | None = None


class Grammar(Value):
    """How a program reads its arguments.

    `valued` are the options that take a value; those of one letter may have it joined (`-rFILE`), or stand last
    of several (`-Ur FILE`). Where one of them is a word behind one dash (`-name`), so are all (`-delete`).
    `has_verb`: the first operand says what to do. `stops`: options end at the first operand, since what
    follows belongs to another command. `last` are the options behind which all is an operand (`python -m NAME`).
    `glued` are those that have a value only where it is joined (`sed -i.bak`).
    """

    valued: frozenset[str] = frozenset()
    has_verb: bool = False
    stops: bool = False
    last: frozenset[str] = frozenset()
    glued: frozenset[str] = frozenset()

    @property
    def has_long_names(self) -> bool:
        """Whether one dash starts a name of several letters, as for `find`."""
        return any(len(name) > 2 and not name.startswith("--") for name in self.valued)


class Argv(Value, dict=True):
    """A command line. `program` is the name without its folder, None where it is not known.

    `words` is everything, the program first. `verb` is None where the program has none or it is not known; where
    a verb has verbs of its own it is both, `pip install` of `uv pip install flask`. `verb_words` are the words of it.
    """

    words: tuple[Word, ...]
    program: str | None = None
    verb: str | None = None
    options: tuple[Option, ...] = ()
    operands: tuple[Word, ...] = ()
    verb_words: tuple[Word, ...] = ()

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
    """How a program reads its arguments; `pip3.12` does as `pip`, and one that no table knows takes no values."""
    return _grammars().get(program) or _grammars().get(_VERSION.sub("", program)) or Grammar()


@cache
def _grammars() -> dict[str, Grammar]:
    return {
        name: Grammar(
            frozenset(row["valued"].split()),
            row["verb"] == "yes",
            row["stops"] == "yes",
            _LAST if name.startswith(("python", "pypy")) else frozenset(),
            _GLUED.get(name, frozenset()),
        )
        for row in rows("command_options")
        if (name := row["program"])
    }


def argv(words: tuple[Word, ...], program: str | None = None) -> Argv:
    """Expanded words as a command line; `program` names the grammar where the first word does not.

    A row `uv pip` of the table says how what stands behind that verb is read.
    """
    if not words:
        return Argv(())
    name = program or _name(words[0])
    reading = _Reading(name or "", words[1:])
    reading.all()
    options, operands, verb_words = tuple(reading.options), tuple(reading.operands), tuple(reading.verb_words)
    return Argv(words, name, reading.verb, options, operands, verb_words)


class _Reading:
    """What is found in a command line, from left to right."""

    def __init__(self, name: str, words: tuple[Word, ...]) -> None:
        self.name = name
        self.grammar = grammar(name)
        self.rest = deque(words)
        self.takes_verb = self.grammar.has_verb
        self.verb: str | None = None
        self.verb_words: list[Word] = []
        self.options: list[Option] = []
        self.operands: list[Word] = []

    def all(self) -> None:
        if self.name in _LETTERS_FIRST and self.rest and not self.rest[0].head.startswith("-"):
            self.letters(self.rest.popleft())
        while self.rest:
            word = self.rest.popleft()
            text = word.head
            if text == "--" and word.value is not None:
                self.others()
            elif text.startswith("-") and text != "-":
                self.option(word, text)
            elif self.takes_verb:
                self.take_verb(word)
            else:
                self.operands.append(word)
                if self.grammar.stops:
                    self.others()

    def others(self) -> None:
        """Nothing that is left is an option."""
        if self.takes_verb and self.rest:
            self.take_verb(self.rest.popleft())
        self.operands += self.rest
        self.rest.clear()

    def take_verb(self, word: Word) -> None:
        is_first = self.verb is None
        self.verb_words.append(word)
        self.verb = word.value if is_first or word.value is None else f"{self.verb} {word.value}"
        self.takes_verb = False
        if (own := _grammars().get(f"{_VERSION.sub('', self.name)} {self.verb}")) is not None:
            self.grammar, self.takes_verb = own, own.has_verb

    def letters(self, word: Word) -> None:
        """The first word of `tar xzf FILE`: options without a dash, whose values follow in turn."""
        for letter in word.value or "":
            name = f"-{letter}"
            takes_next = name in self.grammar.valued and self.rest
            self.options.append(Option(name, self.rest.popleft() if takes_next else None))

    def option(self, word: Word, text: str) -> None:
        taken, is_waiting = _options(word, text, self.grammar)
        *before, last = taken
        if is_waiting and self.rest:
            last = Option(last.name, self.rest.popleft())
        self.options += [*before, last]
        if last.name in self.grammar.last:
            self.others()


def _name(word: Word) -> str | None:
    return word.value.rstrip("/").rpartition("/")[2] if word.value else None


def _options(word: Word, text: str, known: Grammar) -> tuple[list[Option], bool]:
    """The options of one word, and whether the last of them takes the next word."""
    name, equals, _ = text.partition("=")
    is_joined = text[:2] in known.valued and len(text) > 2
    is_whole = name in known.valued or (known.has_long_names and not is_joined)
    if text.startswith("--") or is_whole or (equals and len(name) == 2):
        if equals:
            return [Option(name, word.behind(len(name) + 1))], False
        return [Option(text)], text in known.valued
    found: list[Option] = []
    # Joined letters: -Ur FILE, -rFILE, -yqq.
    for at, letter in enumerate(text[1:], 1):
        name = f"-{letter}"
        rest = word.behind(at + 1)
        has_more = bool(rest.head) or rest.value is None
        if name in known.valued or (name in known.glued and has_more):
            return [*found, Option(name, rest if has_more else None)], not has_more
        found.append(Option(name))
    return found, False
