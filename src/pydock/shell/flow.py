"""What of a shell script runs when it is called with certain arguments, and what its variables hold then.

Only a `case` or `if` whose words are all known decides anything; whatever else stands there may run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from pydock.patterns import regex
from pydock.shell.grammar import Syntax, syntax_tree
from pydock.text import Span, unquote
from pydock.values import Value

MOST_CALLS = 20
_EXPANSION = regex(r"\$(?:(\w+|[#@*])|\{(\w+|[#@*])(?:(:?[-=])([^{}]*))?\})")
_DEFAULTED = regex(r"\$\{(\w+):?=([^{}]*)\}")
_HIDDEN = regex(r"\$\(|`|\$\{\w+(?:[%/^,#]|:\d)")

Values = Mapping[str, str | None]


class Flow(Value):
    """`skipped` are the pieces of a script that do not run, `doubtful` those of which nobody knows.

    `variables` holds what the script assigns, the environment's own names left in. `shifted` says
    how many arguments are gone in the end, and `evaluated` are the texts that `eval` runs.
    """

    skipped: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    shifted: int = 0
    evaluated: tuple[str, ...] = ()

    def runs(self, at: int) -> bool:
        """Whether what stands at an offset may run."""
        return not _is_in(at, self.skipped)

    def is_sure(self, at: int) -> bool:
        """Whether what stands at an offset surely runs, or what stands before it does not go on."""
        return not _is_in(at, (*self.skipped, *self.doubtful))


def _is_in(at: int, spans: tuple[Span, ...]) -> bool:
    return any(span.start <= at < span.end for span in spans)


def flow(text: str, arguments: tuple[str | None, ...], environment: Values) -> Flow:
    """What a script does that is called with these words; None stands for what only run time knows."""
    root = syntax_tree(text)
    if root is None:
        return Flow()
    walk = _Walk(text, list(arguments), dict(environment))
    walk.functions = {name: node for node in root.children if (name := walk.function_name(node))}
    walk.all(root.children, is_sure=True)
    unused = [node for name, node in walk.functions.items() if name not in walk.called]
    skipped = (*walk.skipped, *map(_span, unused))
    known = tuple((name, value) for name, value in walk.variables.items() if value is not None)
    return Flow(skipped, tuple(walk.doubtful), known, len(arguments) - len(walk.arguments), tuple(walk.evaluated))


def _span(node: Syntax) -> Span:
    return Span(node.start_byte, node.end_byte)


class _Walk:
    """One run through a script, in the order in which a shell takes it."""

    def __init__(self, text: str, arguments: list[str | None], environment: dict[str, str | None]) -> None:
        self.source = text
        self.arguments = arguments
        self.environment = environment
        self.variables: dict[str, str | None] = {}
        self.functions: dict[str, Syntax] = {}
        self.called: set[str] = set()
        self.skipped: list[Span] = []
        self.doubtful: list[Span] = []
        self.evaluated: list[str] = []

    def text(self, node: Syntax) -> str:
        return self.source[node.start_byte : node.end_byte]

    def function_name(self, node: Syntax) -> str:
        name = node.child_by_field_name("name") if node.type == "function_definition" else None
        return self.text(name) if name else ""

    def skip(self, *nodes: Syntax) -> None:
        self.skipped += map(_span, nodes)

    def all(self, nodes: list[Syntax], *, is_sure: bool) -> None:
        self.doubtful += () if is_sure else map(_span, nodes)
        for node in nodes:
            self.one(node, is_sure=is_sure)

    def one(self, node: Syntax, *, is_sure: bool) -> None:
        match node.type:
            case "function_definition" | "comment":
                return
            case "case_statement":
                self.case(node, is_sure=is_sure)
            case "if_statement":
                self.condition(node, is_sure=is_sure)
            case "list":
                self.listed(node, is_sure=is_sure)
            case "variable_assignment":
                self.assigned(node, is_sure=is_sure)
            case "command":
                self.command(node, is_sure=is_sure)
            case "while_statement" | "for_statement" | "c_style_for_statement" | "subshell" | "pipeline":
                self.all(node.children, is_sure=False)
            case _:
                self.all(node.children, is_sure=is_sure)

    def case(self, node: Syntax, *, is_sure: bool) -> None:
        given = node.child_by_field_name("value")
        value = self.value(self.text(given)) if given else None
        is_met = False
        for item in (child for child in node.children if child.type == "case_item"):
            patterns = [self.text(each).strip("\"'") for each in item.children_by_field_name("value")]
            if value is None:
                self.all(item.children, is_sure=False)
            elif is_met or not any(fnmatchcase(value, pattern) for pattern in patterns):
                self.skip(item)
            else:
                is_met = True
                self.all(item.children, is_sure=is_sure)

    def condition(self, node: Syntax, *, is_sure: bool) -> None:
        """`if`, `elif` and `else` in turn, until one of them is sure to be taken."""
        is_taken: bool | None = False
        for answer, test, body in self.branches(node):
            if is_taken:
                self.skip(*body)
                continue
            holds = self.holds(test) if answer is None and test else answer
            if holds is False:
                self.skip(*body)
                continue
            self.all(body, is_sure=is_sure and holds is True and is_taken is False)
            is_taken = True if holds and is_taken is False else None

    def branches(self, node: Syntax) -> Iterator[tuple[bool | None, Syntax | None, list[Syntax]]]:
        """(answer where there is nothing to test, test, what follows `then`)."""
        at = next((at for at, child in enumerate(node.children) if child.type == "then"), 0)
        tests = [child for child in node.children[1:at] if child.is_named]
        others = [child for child in node.children[at + 1 :] if child.type in {"elif_clause", "else_clause"}]
        body = [child for child in node.children[at + 1 :] if child not in others]
        # What is tested after an answer is not even asked.
        first = tests if node.type == "elif_clause" else []
        yield None, tests[0] if len(tests) == 1 else None, [*first, *body]
        for other in others:
            if other.type == "else_clause":
                yield True, None, list(other.children)
            else:
                yield from self.branches(other)

    def listed(self, node: Syntax, *, is_sure: bool) -> None:
        """`[ "$1" = web ] && exec gunicorn`: what stands behind a test that fails does not run."""
        first, operator, *rest = node.children
        self.one(first, is_sure=is_sure)
        answer = self.holds(first)
        if answer is not None and answer is (operator.type == "||"):
            self.skip(*rest)
            return
        self.all(rest, is_sure=is_sure and answer is not None)

    def holds(self, test: Syntax) -> bool | None:
        """Whether a test succeeds, None where that is not known."""
        inner = [child for child in test.children if child.is_named]
        match test.type:
            case "test_command" if len(inner) == 1:
                return self.holds(inner[0])
            case "list" if len(test.children) == 3:
                first, second = self.holds(test.children[0]), self.holds(test.children[2])
                is_and = test.children[1].type == "&&"
                decided = (not is_and) in {first, second}
                return (not is_and) if decided else None if None in {first, second} else is_and
            case "binary_expression" if len(test.children) == 3:
                return self.compared(*map(self.text, test.children))
            case "unary_expression":
                return self.asked(test)
            case _:
                return None

    def compared(self, left: str, operator: str, right: str) -> bool | None:
        first, second = self.value(left), self.value(right)
        if first is None or second is None or set(second) & set("*?["):
            return None
        match operator:
            case "=" | "==":
                return first == second
            case "!=":
                return first != second
            case "-eq" | "-lt" | "-gt" if first.isdigit() and second.isdigit():
                return {"-eq": int(first) == int(second), "-lt": int(first) < int(second)}.get(
                    operator, int(first) > int(second)
                )
            case _:
                return None

    def asked(self, test: Syntax) -> bool | None:
        if test.children[0].type == "!":
            answer = self.holds(test.children[1])
            return None if answer is None else not answer
        operator, *words = map(self.text, test.children)
        value = self.value(words[0]) if len(words) == 1 else None
        return None if value is None or operator not in {"-n", "-z"} else (value == "") is (operator == "-z")

    def assigned(self, node: Syntax, *, is_sure: bool) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None:
            return
        text = self.filled(self.text(value)) if value and "+=" not in self.text(node) else None if value else ""
        self.keep(self.text(name), text, is_sure=is_sure)

    def keep(self, name: str, text: str | None, *, is_sure: bool) -> None:
        self.variables[name] = text if is_sure or self.variables.get(name) == text else None

    def command(self, node: Syntax, *, is_sure: bool) -> None:
        named = node.child_by_field_name("name")
        name = self.text(named) if named else ""
        words = [self.text(child) for child in node.children_by_field_name("argument")]
        if name == "shift":
            by = int(words[0]) if words and words[0].isdigit() else 1
            self.arguments = self.arguments[by:] if is_sure else [None] * len(self.arguments)
        elif name == ":":
            for found in (each for word in words for each in _DEFAULTED.finditer(word)):
                self.keep(found[1], f"${{{found[1]}:-{found[2]}}}", is_sure=is_sure)
        elif name == "eval" and is_sure and (text := self.filled(" ".join(words))):
            self.evaluated.append(text)
        elif name in self.functions:
            self.skip(node)
            self.call(name, words, is_sure=is_sure)
        elif not named:
            self.all(node.children, is_sure=is_sure)

    def call(self, name: str, words: list[str], *, is_sure: bool) -> None:
        if name in self.called or len(self.called) > MOST_CALLS:
            return
        self.called.add(name)
        body = self.functions[name].child_by_field_name("body")
        before, self.arguments = self.arguments, self.given(words)
        self.all(list(body.children) if body else [], is_sure=is_sure)
        self.arguments = before

    def given(self, words: list[str]) -> list[str | None]:
        found: list[str | None] = []
        for word in words:
            found += self.arguments if word.strip('"') in {"$@", "$*", "${@}"} else [self.value(word)]
        return found

    def filled(self, text: str) -> str | None:
        """Text with the script's own names put in; those of the environment stay, with their defaults."""
        return None if _HIDDEN.search(text) else _put(text, self.own)

    def value(self, text: str) -> str | None:
        """What a word is, where everything in it is known; what nobody sets is empty."""
        filled = self.filled(text)
        found = None if filled is None else _put(filled, self.whole)
        return None if found is None or "${" in found else found

    def own(self, found: re.Match[str]) -> str | None:
        name, operator, default = found[1] or found[2], found[3], found[4] or ""
        if name == "#":
            return str(len(self.arguments))
        if name in {"@", "*"}:
            return None
        if name.isdigit():
            at = int(name) - 1
            given = self.arguments[at] if 0 <= at < len(self.arguments) else default
            return self.filled(default) if given == "" and operator else given
        if name in self.variables:
            return self.variables[name]
        return found[0]

    def whole(self, found: re.Match[str]) -> str | None:
        value = self.environment.get(found[1] or found[2], "")
        return value if value is None or value else found[4] or ""


def _put(text: str, meaning: Callable[[re.Match[str]], str | None]) -> str | None:
    """A word with what its expansions mean, and without its quotes; None where one of them is not known."""
    if text.startswith("'"):
        return text.strip("'")
    parts, end = [], 0
    for found in _EXPANSION.finditer(text):
        value = meaning(found)
        if value is None:
            return None
        parts += [text[end : found.start()], value]
        end = found.end()
    return unquote("".join([*parts, text[end:]]))
