"""What the names of a Python file stand for: assignments, what functions return, what classes are made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from pydock.service.code.listening_calls import dotted_name
from pydock.source import MOST_SOURCES, imports_of, syntax, walk
from pydock.values import Value, field


class Reference(Value):
    """What a name is set to: another dotted name, or the call of one with the names among its arguments.

    Imports are resolved in dotted names; a relative import keeps its dots.
    """

    target: str
    is_call: bool = False
    arguments: tuple[str, ...] = ()


class References(Value):
    """The names of a file.

    `bindings` has what each (function, name) is set to, in order, "" for the top of the file;
    the name "" is what the function returns. `classes` maps classes to their dotted bases;
    `stars` are the modules of `from x import *`.
    """

    bindings: Mapping[tuple[str, str], tuple[Reference, ...]] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    stars: tuple[str, ...] = ()


@lru_cache(maxsize=MOST_SOURCES)
def read_references(text: str) -> References:
    """The names of a file's text; nothing for a file that this interpreter cannot read."""
    tree = syntax(text)
    if tree is None:
        return References()
    reader = _Reader(imports_of(walk(tree)))
    reader.read(tree.body, "")
    bindings = {key: tuple(found) for key, found in reader.bindings.items()}
    return References(bindings, frozenset(reader.functions), reader.classes, reader.imports, tuple(reader.stars))


class _Reader:
    """Walks the statements of a module and never looks inside an expression that sets no name."""

    def __init__(self, imports: dict[str, str]) -> None:
        self.imports = imports
        self.bindings: dict[tuple[str, str], list[Reference]] = {}
        self.functions: set[str] = set()
        self.classes: dict[str, tuple[str, ...]] = {}
        self.stars: list[str] = []

    def read(self, body: list[ast.stmt], function: str) -> None:
        for node in body:
            self.statement(node, function)

    def statement(self, node: ast.stmt, function: str) -> None:
        match node:
            case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
                self.functions.add(name)
                self.read(body, name)
            case ast.ClassDef(name=name, bases=bases, body=body):
                self.classes[name] = tuple(filter(None, (self.dotted(base) for base in bases)))
                self.read(body, function)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.bind(function, ast.unparse(target), value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.bind(function, ast.unparse(target), value)
            case ast.Return(value=ast.expr() as value):
                self.bind(function, "", value)
            case ast.ImportFrom(names=[ast.alias(name="*")], module=module, level=level):
                self.stars.append("." * level + (module or ""))
            case _:
                for body in _blocks(node):
                    self.read(body, function)

    def bind(self, function: str, name: str, value: ast.expr) -> None:
        if reference := self.reference(value):
            self.bindings.setdefault((function, name), []).append(reference)

    def reference(self, value: ast.expr) -> Reference | None:
        if isinstance(value, ast.Await):
            value = value.value
        if not isinstance(value, ast.Call):
            dotted = self.dotted(value)
            return Reference(dotted) if dotted else None
        arguments = [*value.args, *(keyword.value for keyword in value.keywords)]
        return Reference(
            self.dotted(value.func), is_call=True, arguments=tuple(filter(None, map(self.dotted, arguments)))
        )

    def dotted(self, node: ast.expr) -> str:
        """The dotted name of an expression, "" for anything but names; a call stands for what it is called on."""
        return dotted_name(node, self.imports)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The statements inside `if`, `try`, `with`, `for` and `while`."""
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        yield handler.body
