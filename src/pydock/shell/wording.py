"""The words and redirections of the grammar's tree."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.patterns import regex
from pydock.shell.grammar import Source, Syntax
from pydock.shell.structure import Redirect, Word
from pydock.text import unquote

_SKIPPED = frozenset({"comment", "heredoc_body", "heredoc_end"})
# What `[ -f a -a ! b ]` is to the grammar; to a shell each part is a word.
_TESTS = frozenset({"unary_expression", "binary_expression", "parenthesized_expression"})
_ESCAPED = regex(r"\\.")
# A single quote in double quotes is a letter like any other: `"it's $NAME"`.
_QUOTED = regex(r"\\.|'[^']*'|(\"(?:\\.|[^\"\\])*\")")
_FIRST_TABS = regex(r"(?m)^\t+")


class NotReadError(Exception):
    """A script says something that cannot be held."""


def literal(text: str) -> str | None:
    """What a shell makes of a word, or None when it holds a variable or a substitution."""
    if "$" not in text and "`" not in text:
        return unquote(text)
    outside_single = _QUOTED.sub(lambda found: _ESCAPED.sub("", found[1] or ""), text)
    return None if "$" in outside_single or "`" in outside_single else unquote(text)


class Wording:
    """Makes words and redirections of nodes of one text."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def word(self, first: Syntax, last: Syntax | None = None) -> Word:
        end = (last or first).end_byte
        text = self.source.logical.text[first.start_byte : end]
        return Word(text, literal(text), self.source.span(first.start_byte, end))

    def words(self, nodes: Iterable[Syntax]) -> tuple[Word, ...]:
        """One word for each run of nodes with nothing between them."""
        runs: list[tuple[Syntax, Syntax]] = []
        waiting = [*nodes]
        waiting.reverse()
        while waiting:
            node = waiting.pop()
            if node.type in _SKIPPED or node.type.endswith("_redirect"):
                continue
            if node.type in _TESTS:
                waiting += reversed(node.children)
            elif runs and runs[-1][1].end_byte == node.start_byte:
                runs[-1] = (runs[-1][0], node)
            else:
                runs.append((node, node))
        return tuple(self.word(first, last) for first, last in runs)

    def redirect(self, node: Syntax) -> tuple[Redirect, list[Syntax]]:
        """A redirection, and the nodes of the words behind it."""
        number = next((child for child in node.children if child.type == "file_descriptor"), None)
        text = self.source.text(number) if number else ""
        descriptor = int(text) if text.isdecimal() and len(text) < 9 else None
        if node.type == "heredoc_redirect":
            return self.heredoc(node, descriptor), node.children_by_field_name("argument")
        operator = next((child.type for child in node.children if not child.is_named), "")
        targets = [child for child in node.children if child.is_named and child is not number]
        if number is not None:
            targets = [child for child in targets if child.type != "file_descriptor"]
        joined = 1
        while joined < len(targets) and targets[joined].start_byte == targets[joined - 1].end_byte:
            joined += 1
        target = self.word(targets[0], targets[joined - 1]) if targets else None
        end = targets[joined - 1].end_byte if targets else node.end_byte
        span = self.source.span(node.start_byte, end)
        if node.type == "herestring_redirect":
            value = None if target is None or target.value is None else f"{target.value}\n"
            return Redirect("<<<", target, value, span, value is not None, descriptor), targets[joined:]
        return Redirect(operator, target, None, span, False, descriptor), targets[joined:]

    def heredoc(self, node: Syntax, descriptor: int | None) -> Redirect:
        start = next(child for child in node.children if child.type == "heredoc_start")
        operator = next(child.type for child in node.children if child.type.startswith("<<"))
        name = self.source.text(start)
        body = next((child for child in node.children if child.type == "heredoc_body"), None)
        text = self.source.text(body) if body else ""
        if operator == "<<-":
            text = _FIRST_TABS.sub("", text)
        is_literal = any(each in name for each in "'\"\\")
        return Redirect(operator, None, text, self.source.span(node.start_byte, start.end_byte), is_literal, descriptor)
