"""What a shell makes of one word: quotes, escapes, `$V`, `${V:-default}`, `"$@"`, splitting.

Facts: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html (2.6, word expansions), from
knowledge, 2026-11. Names of files (`*`) are left as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydock.patterns import regex
from pydock.shell.braces import brace_expanded
from pydock.shell.quoting import end_of_nested, end_of_plain, end_of_single
from pydock.shell.structure import Redirect, Word
from pydock.shell.trimming import trimmed

Variables = Mapping[str, str | None]

MOST_CHARACTERS = 65536
_MOST_DEPTH = 20
_BLANK = " \t\n"
_BLANKS = regex(r"[ \t\n]+")
_QUOTED_TEXT = regex(r'[^\\`$"]*')
_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]|[@*#?$!-]")
_IN_BRACES = regex(r"#?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])")
_OPERATOR = regex(r":?[-=+?]|%%?|##?")


class _UnknownError(Exception):
    """The next part of a word is only known when it runs."""


def expand(
    word: Word, variables: Variables, arguments: tuple[Word, ...] = (), *, braces: bool = False
) -> tuple[Word, ...]:
    """The words that a shell makes of one, with the span of that one.

    A name that maps to None has a value that is only known at run time; one that is not in `variables` is empty.
    `arguments` are `$1` and so on; when `variables` maps "@" to None they are not known. From the first part that
    is not known on, what is left is one word: its value is None and `known` what stands before. `braces`:
    the shell is bash, which makes two words of `{a,b}`. A word of the exec form comes back as it is, and so
    does all that is longer than 64 KiB.
    """
    texts = brace_expanded(word.text) if braces and "{" in word.text else (word.text,)
    if texts == (word.text,) and word.value is not None and not word.text.startswith("~"):
        return (word,)
    if texts is None:
        return (Word(word.text, None, word.span, word.text.partition("{")[0], is_written=False),)
    found: list[Word] = []
    for text in texts:
        fields = _Fields(variables, arguments)
        fields.read(text)
        found += (Word(word.text, value, word.span, known, is_written=False) for value, known in fields.words)
    return tuple(found)


def expand_one(word: Word, variables: Variables, arguments: tuple[Word, ...] = ()) -> Word:
    """What a shell makes of a word where it does not split it: an assignment, the file of a redirection."""
    if word.value is not None and not word.text.startswith("~"):
        return word
    fields = _Fields(variables, arguments, splits=False)
    fields.read(word.text)
    value, known = fields.words[0] if fields.words else ("", "")
    return Word(word.text, value, word.span, known, is_written=False)


def expand_body(redirect: Redirect, variables: Variables, arguments: tuple[Word, ...] = ()) -> str | None:
    """The text that a heredoc gives to its command, None where it is not known or there is none."""
    if redirect.body is None or redirect.is_literal:
        return redirect.body
    fields = _Fields(variables, arguments, splits=False)
    try:
        fields.quoted(redirect.body, is_body=True)
    except _UnknownError:
        return None
    return fields.text


class _Fields:
    """The words that come out of one, as it is read from left to right."""

    def __init__(self, variables: Variables, arguments: tuple[Word, ...], *, splits: bool = True) -> None:
        self.variables = variables
        self.arguments = arguments
        self.splits = splits
        self.words: list[tuple[str | None, str]] = []
        self.parts: list[str] = []
        self.is_open = False
        self.size = 0
        self.depth = 0

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def read(self, text: str) -> None:
        """Take a whole word; what is not known ends it."""
        try:
            self.unquoted(self.at_home(text), is_value=False)
        except _UnknownError:
            self.words.append((None, self.text))
            return
        self.close()

    def at_home(self, text: str) -> str:
        home = self.variables.get("HOME")
        if not home or not (text == "~" or text.startswith("~/")):
            return text
        self.add(home)
        return text[1:]

    def add(self, text: str) -> None:
        self.size += len(text)
        if self.size > MOST_CHARACTERS:
            raise _UnknownError
        self.parts.append(text)
        self.is_open = True

    def close(self) -> None:
        if self.is_open:
            self.words.append((self.text, ""))
        self.parts, self.is_open = [], False

    def add_value(self, text: str) -> None:
        """Take what a variable holds outside of quotes: blanks end a word."""
        if not self.splits:
            self.add(text)
            return
        if self.variables.get("IFS", _BLANK) != _BLANK:
            raise _UnknownError
        pieces = _BLANKS.split(text)
        for at, piece in enumerate(pieces):
            if at:
                self.close()
            if piece:
                self.add(piece)

    def unquoted(self, text: str, *, is_value: bool) -> None:
        """Read text outside of quotes; `is_value`: it is a default, whose blanks split too."""
        at = 0
        while at < len(text):
            match text[at]:
                case "'":
                    end = end_of_single(text, at)
                    self.add(text[at + 1 : end])
                    at = end + 1
                case '"':
                    end = self.end_of(text, at)
                    self.in_double_quotes(text[at + 1 : end])
                    at = end + 1
                case "\\":
                    if text[at + 1 : at + 2] != "\n":
                        self.add(text[at + 1 : at + 2] or "\\")
                    at += 2
                case "`":
                    raise _UnknownError
                case "$":
                    at = self.parameter(text, at, is_quoted=False)
                case character:
                    end = end_of_plain(text, at)
                    plain = text[at:end] or character
                    self.add_value(plain) if is_value else self.add(plain)
                    at += len(plain)

    def end_of(self, text: str, at: int, *, is_quoted: bool = False) -> int:
        end = end_of_nested(text, at, is_quoted=is_quoted)
        if end is None:
            raise _UnknownError
        return end

    def in_double_quotes(self, text: str) -> None:
        if text == "$@" and self.arguments_are_known() and not self.arguments:
            return
        self.add("")
        self.quoted(text)

    def quoted(self, text: str, *, is_body: bool = False) -> None:
        """Read text in double quotes, or the body of a heredoc, where a `"` is a letter like any other."""
        at = 0
        while at < len(text):
            character, following = text[at], text[at + 1 : at + 2]
            if character == "\\" and following in {"$", "`", "\\", "\n"} | ({'"'} if not is_body else set()):
                self.add("" if following == "\n" else following)
                at += 2
            elif character == "`":
                raise _UnknownError
            elif character == "$":
                at = self.parameter(text, at, is_quoted=True)
            elif character == '"' and not is_body:
                # The quotes of `"${A:-"b"}"`.
                at += 1
            else:
                end = _QUOTED_TEXT.match(text, at + 1)
                self.add(text[at : end.end() if end else at + 1])
                at = end.end() if end else at + 1

    def parameter(self, text: str, at: int, *, is_quoted: bool) -> int:
        """Read what stands at a `$`, and give the place behind it."""
        following = text[at + 1 : at + 2]
        if following == "{":
            end = self.end_of(text, at + 1, is_quoted=is_quoted)
            self.braced(text[at + 2 : end], is_quoted=is_quoted)
            return end + 1
        found = _NAME.match(text, at + 1)
        if found:
            self.value(found[0], is_quoted=is_quoted)
            return found.end()
        if following in {"(", "'", '"'} and not (is_quoted and following != "("):
            raise _UnknownError
        self.add("$")
        return at + 1

    def value(self, name: str, *, is_quoted: bool) -> None:
        if name in {"@", "*"}:
            self.all_arguments(is_joined=is_quoted and name == "*", is_quoted=is_quoted)
            return
        value = self.look_up(name)
        self.put(value or "", is_quoted=is_quoted)

    def put(self, value: str, *, is_quoted: bool) -> None:
        self.add(value) if is_quoted else self.add_value(value)

    def look_up(self, name: str) -> str | None:
        """The value of a variable, None where it is not set."""
        if name == "#" and self.arguments_are_known():
            return str(len(self.arguments))
        if name.isdigit() and name != "0" and self.arguments_are_known():
            return self.argument(int(name) - 1)
        if not (name[0].isalpha() or name[0] == "_"):
            raise _UnknownError
        if name not in self.variables:
            return None
        value = self.variables[name]
        if value is None:
            raise _UnknownError
        return value

    def argument(self, at: int) -> str | None:
        if at >= len(self.arguments):
            return None
        word = self.arguments[at]
        if word.value is None:
            self.add(word.known)
            raise _UnknownError
        return word.value

    def arguments_are_known(self) -> bool:
        return self.variables.get("@", "") is not None

    def all_arguments(self, *, is_joined: bool, is_quoted: bool) -> None:
        if not self.arguments_are_known():
            raise _UnknownError
        if is_joined or not self.splits:
            values = [self.argument(at) or "" for at in range(len(self.arguments))]
            self.add(" ".join(values))
            return
        for at, word in enumerate(self.arguments):
            if at:
                self.close()
            if word.value is None and is_quoted and at + 1 < len(self.arguments):
                # Where an unknown argument ends is known: the next ones are words of their own.
                self.words.append((None, self.text + word.known))
                self.parts, self.is_open = [], False
                continue
            self.put(self.argument(at) or "", is_quoted=is_quoted)

    def braced(self, text: str, *, is_quoted: bool) -> None:
        """Read the inside of `${...}`."""
        found = _IN_BRACES.match(text)
        if found is None:
            raise _UnknownError
        name, rest = found[0], text[found.end() :]
        if name.startswith("#") and len(name) > 1 and not rest:
            self.put(str(len(self.look_up(name[1:]) or "")), is_quoted=is_quoted)
            return
        if name.startswith("#") and len(name) > 1:
            raise _UnknownError
        if not rest:
            self.value(name, is_quoted=is_quoted)
            return
        operator = _OPERATOR.match(rest)
        if operator is None or name in {"@", "*"}:
            raise _UnknownError
        self.operated(name, operator[0], rest[operator.end() :], is_quoted=is_quoted)

    def operated(self, name: str, operator: str, operand: str, *, is_quoted: bool) -> None:
        value = self.look_up(name)
        is_there = bool(value) if operator.startswith(":") else value is not None
        match operator[-1]:
            case "+" if is_there:
                self.inner(operand, is_quoted=is_quoted)
            case "+":
                self.put("", is_quoted=is_quoted)
            case "-" if not is_there:
                self.inner(operand, is_quoted=is_quoted)
            case "=" if not is_there:
                self.assign(name, operand, is_quoted=is_quoted)
            case "?" if not is_there:
                raise _UnknownError
            case "%" | "#":
                rest = trimmed(value or "", operator, operand)
                if rest is None:
                    raise _UnknownError
                self.put(rest, is_quoted=is_quoted)
            case _:
                self.put(value or "", is_quoted=is_quoted)

    def assign(self, name: str, operand: str, *, is_quoted: bool) -> None:
        """`${V:=default}`: the value is that of the variable from here on, quotes are gone when it is split."""
        fields = _Fields(self.variables, self.arguments, splits=False)
        fields.depth = self.depth
        fields.inner(operand, is_quoted=is_quoted)
        self.variables = {**self.variables, name: fields.text}
        self.put(fields.text, is_quoted=is_quoted)

    def inner(self, operand: str, *, is_quoted: bool) -> None:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise _UnknownError
        if operand.startswith("~") and not is_quoted:
            raise _UnknownError
        self.quoted(operand) if is_quoted else self.unquoted(operand, is_value=True)
        self.depth -= 1
