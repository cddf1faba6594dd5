"""A Python file as libcst reads it, and edits that put another tree in its place byte for byte."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeVar, cast

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider, QualifiedNameProvider

from pydock.codemods.imports import with_import, without_import
from pydock.project import Project
from pydock.source import syntax
from pydock.text import Edit, Span
from pydock.values import Value

Node = TypeVar("Node", bound=cst.CSTNode)
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
Replacement = Callable[[cst.CSTNode], "cst.CSTNode | cst.FlattenSentinel[cst.CSTNode] | cst.RemovalSentinel"]
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Source(Value, dict=True, eq=False):
    """One file. `text` is what the tree of files holds, `module` the same as libcst reads it.

    Nodes are compared by identity, so they have to come from this very `module`.
    """

    path: str
    text: str
    wrapper: MetadataWrapper
    mark: bytes = b""

    @property
    def module(self) -> cst.Module:
        return self.wrapper.module

    def named(self, node: cst.CSTNode) -> str:
        """The dotted name behind an expression with its imports resolved, "" for none or several."""
        found = self._names.get(node)
        # libcst works names out when they are asked for.
        qualified = found() if callable(found) else found
        names = {name.name for name in qualified or ()}
        return names.pop() if len(names) == 1 else ""

    def line(self, node: cst.CSTNode) -> int:
        """The line on which a node's own code begins, from 1."""
        return self._positions[node].start.line

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node's first line stands in the text."""
        start = 0
        for _ in range(self.line(node) - 1):
            start = self.text.find("\n", start) + 1
        end = self.text.find("\n", start)
        return Span(start, end if end >= 0 else len(self.text))

    def parents(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What a node stands in, nearest first."""
        while (parent := self._parents.get(node)) is not None:
            yield parent
            node = parent

    def statement(self, node: cst.CSTNode) -> Statement | None:
        """The statement line that a node is a part of."""
        for parent in (node, *self.parents(node)):
            if isinstance(parent, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                return parent
        return None

    def statement_at(self, line: int) -> Statement | None:
        """The innermost statement that a line of the file is a part of."""
        around = [
            each
            for kind in (cst.SimpleStatementLine, cst.BaseCompoundStatement)
            for each in self.find(kind)
            if self._positions[each].start.line <= line <= self._positions[each].end.line
        ]
        return cast("Statement", max(around, key=self.line)) if around else None

    def string_at(self, line: int, column: int) -> cst.SimpleString | None:
        """The string literal that begins at a place; columns count characters from 0."""
        for node in self.find(cst.SimpleString):
            start = self._positions[node].start
            if (start.line, start.column) == (line, column):
                return node
        return None

    def is_statement(self, call: cst.Call) -> bool:
        """Whether a call is a statement of its own, whose value nobody takes."""
        return isinstance(next(self.parents(call), None), cst.Expr)

    def is_method(self, function: cst.FunctionDef | cst.Lambda) -> bool:
        """Whether a function stands in a class."""
        return any(isinstance(parent, cst.ClassDef) for parent in self.parents(function))

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | None:
        """The function that a node stands in, None at the top of the file."""
        return next((each for each in self.parents(node) if isinstance(each, cst.FunctionDef | cst.Lambda)), None)

    def find(self, kind: type[Node]) -> list[Node]:
        """Every node of a kind, in the order of the file."""
        return [node for node in self._nodes if isinstance(node, kind)]

    def calls(self, *names: str) -> list[cst.Call]:
        """The calls of functions by their dotted names."""
        # Names are costly to resolve; every part of one stands somewhere in the file, in an import at least.
        said = [name for name in names if all(part in self.text for part in name.split("."))]
        return [call for call in self.find(cst.Call) if self.named(call.func) in said] if said else []

    @cached_property
    def bound(self) -> frozenset[str]:
        """Every name that the file gives a meaning to, in whatever scope, modules of `import x` left out."""
        targets: list[cst.CSTNode] = [node.target for node in self.find(cst.AssignTarget)]
        targets += [node.target for node in self.find(cst.AnnAssign)]
        targets += [node.target for node in self.find(cst.AugAssign)]
        targets += [node.target for node in self.find(cst.NamedExpr)]
        targets += [node.target for node in self.find(cst.For)]
        targets += [node.target for node in self.find(cst.CompFor)]
        targets += [node.name for node in self.find(cst.FunctionDef)]
        targets += [node.name for node in self.find(cst.ClassDef)]
        targets += [node.name for node in self.find(cst.Param)]
        targets += [node.name for node in self.find(cst.AsName)]
        found = {name.value for target in targets for name in _plain(target)}
        for node in self.find(cst.ImportFrom):
            aliases = () if isinstance(node.names, cst.ImportStar) else node.names
            found.update(alias.evaluated_alias or alias.evaluated_name for alias in aliases)
        return frozenset(found)

    def free_name(self, *wanted: str) -> str:
        """The first of the names that nothing in the file is called, "" where all are taken."""
        used = self.bound | {name.value for name in self.find(cst.Name)}
        return next((name for name in wanted if name not in used), "")

    def is_only_use(self, name: str, uses: Sequence[cst.CSTNode]) -> bool:
        """Whether nothing but these nodes needs `import name`."""
        names = [node for node in self.find(cst.Name) if node.value == name]
        return len(names) == 1 + sum(any(use in (node, *self.parents(node)) for use in uses) for node in names)

    def parsed(self, text: str) -> list[Statement]:
        """Statements from text, in the file's own indentation and line ends."""
        indented = text.replace("    ", self.module.default_indent)
        written = indented.replace("\n", self.module.default_newline)
        module = cst.parse_module(written)
        head, *rest = module.body
        lines = (*module.header, *head.leading_lines)
        return [head.with_changes(leading_lines=lines), *rest]

    def edits(
        self, replacements: Mapping[cst.CSTNode, Replacement], imports: Sequence[str] = (), unused: Sequence[str] = ()
    ) -> tuple[Edit, ...]:
        """The file with nodes replaced, modules imported and others no longer, as the smallest edit that says so."""
        module = self.module.visit(_Replaced(replacements))
        for name in imports:
            module = with_import(module, name)
        for name in unused:
            module = without_import(module, name)
        return self._edit((self.mark + module.bytes).decode("utf-8", "surrogateescape"))

    def _edit(self, after: str) -> tuple[Edit, ...]:
        before = self.text
        if before == after:
            return ()
        start = len(posixpath.commonprefix([before, after]))
        most = min(len(before), len(after)) - start
        tail = 0
        while tail < most and before[-1 - tail] == after[-1 - tail]:
            tail += 1
        return (Edit(self.path, Span(start, len(before) - tail), after[start : len(after) - tail]),)

    @cached_property
    def _nodes(self) -> tuple[cst.CSTNode, ...]:
        found: list[cst.CSTNode] = []
        waiting: list[cst.CSTNode] = [self.module]
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting += reversed(node.children)
        return tuple(found)

    @cached_property
    def _positions(self) -> Mapping[cst.CSTNode, cst.metadata.CodeRange]:
        return self.wrapper.resolve(PositionProvider)

    @cached_property
    def _parents(self) -> Mapping[cst.CSTNode, cst.CSTNode]:
        return self.wrapper.resolve(ParentNodeProvider)

    @cached_property
    def _names(self) -> Mapping[cst.CSTNode, Any]:
        return self.wrapper.resolve(QualifiedNameProvider)


def read_source(project: Project, path: str) -> Source | None:
    """A file of the context; None where it is no Python that libcst gives back byte for byte."""
    data = project.tree.data(path)
    return _read(path, data) if data is not None else None


@lru_cache(maxsize=64)
def _read(path: str, data: bytes) -> Source | None:
    mark = _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""
    if syntax(data.decode("utf-8", "surrogateescape")) is None:
        # What is nested too deep ends libcst together with the process.
        return None
    try:
        wrapper = MetadataWrapper(cst.parse_module(data.removeprefix(mark)))
        is_whole = mark + wrapper.module.bytes == data
    except (cst.ParserSyntaxError, SyntaxError, UnicodeError, LookupError, RecursionError):
        return None
    return Source(path, data.decode("utf-8", "surrogateescape"), wrapper, mark) if is_whole else None


def text_of(node: cst.CSTNode) -> str:
    """The code of a node alone."""
    return cst.Module(()).code_for_node(node)


def string_of(node: cst.BaseExpression | None) -> str | None:
    """The value of a plain string literal, None for anything else."""
    if not isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        return None
    value = node.evaluated_value
    return value if isinstance(value, str) else None


def argument(call: cst.Call, name: str) -> cst.Arg | None:
    """The argument that a call is given by a name."""
    return next((each for each in call.args if each.keyword is not None and each.keyword.value == name), None)


def without(call: cst.Call, *gone: cst.Arg) -> cst.Call:
    """The call without some of its arguments; what stands behind the last one stays as it was."""
    kept = [each for each in call.args if not any(each is other for other in gone)]
    if kept and kept[-1] is not call.args[-1]:
        last = call.args[-1]
        kept[-1] = kept[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    return call.with_changes(args=kept)


def _plain(target: cst.CSTNode) -> Iterator[cst.Name]:
    """The names in a target, those of a tuple too; `a.b` and `a[b]` name nothing new."""
    match target:
        case cst.Name():
            yield target
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            for element in elements:
                yield from _plain(element.value)
        case _:
            return


class _Replaced(cst.CSTTransformer):
    """Puts something else where certain nodes of the file are, and touches no other."""

    def __init__(self, replacements: Mapping[cst.CSTNode, Replacement]) -> None:
        super().__init__()
        self.replacements = replacements

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        replacement = self.replacements.get(original_node)
        if replacement is None:
            return updated_node
        return cast("cst.CSTNodeT", replacement(updated_node))
