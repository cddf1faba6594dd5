"""The commands inside RUN, CMD, ENTRYPOINT and HEALTHCHECK, with their place in the Dockerfile.

The only door to tree-sitter. It reads the logical text (continuations and comment lines
removed) and offsets are mapped back. A script with an error in it, or one for another shell,
is opaque: it shows no commands, so nothing in it is ever edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from pydock.dockerfile import Instruction
from pydock.lines import Logical, Span
from pydock.patterns import regex
from pydock.values import Value
from pydock.words import Piece, exec_form, unquote

_OPERATORS = frozenset({"&&", "||", ";", "&", "\n", "|", "|&", ";;"})
_BEYOND_ASCII = regex(r"[^\x00-\x7f]")
# A list as a default, `${ORIGINS:-["*"]}`, at whose quotes the grammar stumbles.
_LIST_DEFAULT = regex(r"(\$\{\w+(?:\[\w+\])?:?[-=])(\[\"[^\"$`{}\n]*\"(?:, ?\"[^\"$`{}\n]*\")*\])(?=\})")
_SHELL_CALL = regex(r"(?:/usr)?(?:/bin/)?(?:ba|da|a)?sh(?:\s+-[a-z]+)*")


class Word(Value):
    """A word as written; `value` is what a shell makes of it, None when only known at run time.

    `known` is what stands in front of the first part that is not known: `weasyprint==` of `weasyprint==$V`.
    """

    text: str
    value: str | None
    span: Span
    known: str = ""

    @property
    def head(self) -> str:
        """The value, or as much of its beginning as is known."""
        return self.known if self.value is None else self.value

    def behind(self, count: int) -> Word:
        """The word without the first so many characters of its value."""
        value = None if self.value is None else self.value[count:]
        return Word(self.text, value, self.span, self.known[count:])


class Command(Value, dict=True):
    """One simple command: its words, what it assigns, and whether it redirects."""

    words: tuple[Word, ...]
    assignments: tuple[Word, ...]
    span: Span
    redirects: bool = False

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

    def past(self, *prefix: str) -> Command | None:
        """The command after a prefix such as `python -m`, with the prefix removed."""
        if self.values[: len(prefix)] == prefix and len(self.words) > len(prefix):
            return Command(self.words[len(prefix) :], self.assignments, self.span, self.redirects)
        return None


class Step(Value):
    """One member of the chain at the top of a script.

    `operator` joins it to the previous step; `command` is None for anything but a simple
    command (a pipeline, a loop, a group); `commands` are all inside it.
    """

    operator: str
    span: Span
    command: Command | None
    commands: tuple[Command, ...]


class Script(Value, dict=True):
    """What a RUN-like instruction runs; `shell` is false for exec form."""

    steps: tuple[Step, ...]
    shell: bool = True
    opaque: bool = False

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        return tuple(command for step in self.steps for command in step.commands)

    @property
    def only(self) -> Command | None:
        """The one command of a script that is nothing else."""
        return self.steps[0].command if len(self.steps) == 1 else None


OPAQUE = Script((), opaque=True)
Syntax = Node


@lru_cache(maxsize=4096)
def script(instruction: Instruction) -> Script:
    """The script of RUN, CMD, ENTRYPOINT, or of HEALTHCHECK's CMD."""
    start = 0
    if instruction.keyword == "HEALTHCHECK":
        match = re.match(r"CMD\s+", instruction.value, re.I)
        if not match:
            return Script(())
        start = match.end()
    value = instruction.value[start:]
    if (pieces := exec_form(value)) is not None:
        return _exec_script(instruction, pieces, start)
    if instruction.heredocs:
        return _with_heredocs(instruction)
    return _parse(_shifted(instruction, start))


def script_of_text(text: str) -> Script:
    """The script of a shell file; spans are offsets in `text`."""
    return _parse(Logical(text, ((0, 0),)))


def _exec_script(instruction: Instruction, pieces: tuple[Piece, ...], start: int) -> Script:
    words = tuple(
        Word(piece.text, piece.text, instruction.place(start + piece.start, start + piece.end)) for piece in pieces
    )
    if not words:
        return Script((), shell=False)
    span = Span(words[0].span.start, words[-1].span.end)
    command = Command(words, (), span)
    return Script((Step("", span, command, (command,)),), shell=False)


def _shifted(instruction: Instruction, start: int) -> Logical:
    """The logical text of `value` from an offset on."""
    offset = len(instruction.logical.text) - len(instruction.logical.text[instruction.value_at :]) + start
    parts = [(max(0, here - offset), there + max(0, offset - here)) for here, there in instruction.logical.parts]
    kept = [part for part, after in zip(parts, [*parts[1:], None], strict=True) if after is None or after[0] > 0]
    return Logical(instruction.value[start:], tuple(kept))


def _with_heredocs(instruction: Instruction) -> Script:
    """`RUN <<EOF` runs the body; any other heredoc feeds a command and hides nothing from it."""
    match = re.fullmatch(r"<<-?\s*([\"']?)\w+\1(?:\s+(.+))?", instruction.value)
    if match and match[2] and not _SHELL_CALL.fullmatch(match[2]):
        # `RUN <<EOF python3`: the body is another program's.
        return _parse(_shifted(instruction, match.start(2)))
    if match:
        doc = instruction.heredocs[0]
        body = instruction.heredoc_text(doc)
        if body.startswith("#!") and not re.match(r"#!\s*(/usr)?/bin/(env\s+)?(ba|da)?sh\b", body):
            return OPAQUE
        return _parse(Logical(body, ((0, doc.body.start),)))
    logical = _shifted(instruction, 0)
    text, parts = logical.text, list(logical.parts)
    for doc in instruction.heredocs:
        parts.append((len(text) + 1, doc.body.start))
        text += "\n" + instruction.heredoc_text(doc) + doc.name
    return _parse(Logical(text + "\n", tuple(parts)))


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


class _Source(Value):
    """The text a tree was made of: one byte for each character, so offsets are the same in both."""

    logical: Logical

    @property
    def data(self) -> bytes:
        # The grammar's scanner hands characters to C's isdigit(), which reads outside of its table for
        # large ones and ends the process; to a shell they are letters like any other.
        plain = _LIST_DEFAULT.sub(lambda found: found[1] + "x" * len(found[2]), self.logical.text)
        return _BEYOND_ASCII.sub("x", plain).encode("ascii")

    def text(self, start: int, end: int) -> str:
        return self.logical.text[start:end]

    def span(self, start: int, end: int) -> Span:
        return self.logical.span(start, end)


def syntax_tree(text: str) -> Syntax | None:
    """The grammar's tree of a shell file, None where there is an error in it; its offsets are those of the text."""
    root = _parser().parse(_Source(Logical(text, ((0, 0),))).data).root_node
    return None if root.has_error else root


def _parse(logical: Logical) -> Script:
    source = _Source(logical)
    root = _parser().parse(source.data).root_node
    if root.has_error:
        return OPAQUE
    steps = [_step(source, operator, node, end) for operator, node, end in _chain(root)]
    return Script(tuple(_alternatives_joined(steps)))


def _alternatives_joined(steps: list[Step]) -> list[Step]:
    """`a || b` is one step, for nothing may come between its halves."""
    joined: list[Step] = []
    for step in steps:
        if step.operator == "||" and joined:
            first = joined.pop()
            span = Span(first.span.start, step.span.end)
            joined.append(Step(first.operator, span, None, (*first.commands, *step.commands)))
        else:
            joined.append(step)
    return joined


def _chain(node: Node, operator: str = "") -> Iterator[tuple[str, Node, int]]:
    """(operator before, node, end) of the members of a chain, leftmost first."""
    if node.type == "redirected_statement" and node.children[0].type == "list":
        # The grammar hangs the redirect of `a && b >x` on the whole list; it belongs to b.
        *rest, (last_operator, last, _) = _chain(node.children[0], operator)
        yield from rest
        yield last_operator, last, node.end_byte
    elif node.type in {"program", "list"}:
        before = operator
        for child in node.children:
            if child.type in _OPERATORS:
                before = child.type
            elif child.type != "comment":
                yield from _chain(child, before)
                before = "\n"
    else:
        yield operator, node, node.end_byte


def _step(source: _Source, operator: str, node: Node, end: int) -> Step:
    inner = node.children[0] if node.type == "redirected_statement" else node
    redirects = node.end_byte != end or inner is not node
    commands = tuple(_commands(source, node))
    span = source.span(node.start_byte, end)
    single = None
    if inner.type in {"command", "declaration_command", "test_command", "unset_command", "variable_assignment"}:
        first = commands[0] if commands else Command((), (), span)
        single = Command(first.words, first.assignments, span, redirects or first.redirects)
        commands = (single, *commands[1:])
    return Step(operator, span, single, commands)


def _commands(source: _Source, node: Node) -> Iterator[Command]:
    """Every simple command below a node, in the order they stand, substitutions last."""
    if node.type in {"command", "declaration_command", "test_command", "unset_command"}:
        yield _command(source, node)
    elif node.type == "redirected_statement" and node.children[0].type == "command":
        yield _command(source, node.children[0], node.children[1:])
        for redirect in node.children[1:]:
            yield from _commands(source, redirect)
        node = node.children[0]
    for child in node.children:
        if child.child_count:
            yield from _commands(source, child)


def _command(source: _Source, node: Node, redirects: list[Node] | None = None) -> Command:
    words: list[Word] = []
    assignments: list[Word] = []
    parts = [*node.children]
    for redirect in redirects or ():
        # Words after a redirect still belong to the command: `echo >f a b`.
        parts += redirect.children_by_field_name("destination")[1:]
    first_byte = last_end = -1
    for child in parts:
        if child.type == "variable_assignment" and node.type == "command":
            assignments.append(_word(source, child.start_byte, child.end_byte))
        elif child.type in {"file_redirect", "heredoc_redirect", "herestring_redirect", "comment"}:
            continue
        elif words and child.start_byte == last_end:
            words[-1] = _word(source, first_byte, child.end_byte)
            last_end = child.end_byte
        else:
            first_byte, last_end = child.start_byte, child.end_byte
            words.append(_word(source, first_byte, last_end))
    span = source.span(node.start_byte, max(node.end_byte, last_end))
    return Command(tuple(words), tuple(assignments), span, bool(redirects))


def _word(source: _Source, start: int, end: int) -> Word:
    text = source.text(start, end)
    return Word(text, literal(text), source.span(start, end))


def literal(text: str) -> str | None:
    """What a shell makes of a word, or None when it holds a variable or a substitution."""
    outside_single = re.sub(r"\\.|'[^']*'", "", text)
    return None if "$" in outside_single or "`" in outside_single else unquote(text)
