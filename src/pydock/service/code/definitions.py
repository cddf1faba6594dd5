"""What the names of a Python file are defined by, as syntax, looked up through the imports of the project's files."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from functools import lru_cache

from pydock.project import Project
from pydock.service.code.imports import imported_files
from pydock.source import MOST_SOURCES, imports_of, syntax, walk
from pydock.values import Value

DEEPEST = 6
Function = ast.FunctionDef | ast.AsyncFunctionDef
_BUILTINS = frozenset(vars(builtins))


class Definition(Value, eq=False):
    """What a dotted name stands for.

    `node` is a function, a class or the value that is assigned, in the file `path`, and `rest` what stands behind it
    in the dotted name. None for what is not of the project: then `rest` is the whole name, "" for an unknown one.
    """

    path: str
    node: ast.AST | None
    rest: str


class _Names(Value, eq=False):
    defined: Mapping[str, ast.AST]
    imports: Mapping[str, str]
    stars: tuple[str, ...]


@lru_cache(maxsize=MOST_SOURCES)
def _names(text: str) -> _Names:
    tree = syntax(text)
    if tree is None:
        return _Names({}, {}, ())
    nodes = walk(tree)
    stars = tuple(
        "." * node.level + (node.module or "")
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    )
    return _Names(dict(_defined(tree.body)), imports_of(nodes), stars)


def _defined(body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case ast.Assign(targets=targets, value=value):
                yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.If() | ast.Try() | ast.With():
                inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
                yield from _defined([*inner, *(part for each in getattr(node, "handlers", []) for part in each.body)])
            case _:
                pass


def defined_in(project: Project, path: str) -> Mapping[str, ast.AST]:
    """The functions, classes and values at the top of a file."""
    return _names(project.tree.text(path) or "").defined


def definition(project: Project, path: str, dotted: str, depth: int = 0) -> Definition:
    """What a dotted name of a file stands for."""
    head, _, rest = dotted.partition(".")
    names = _names(project.tree.text(path) or "")
    if head in names.defined:
        node = names.defined[head]
        is_alias = isinstance(node, ast.Name | ast.Attribute) and depth < DEEPEST and ast.unparse(node) != dotted
        return definition(project, path, _joined(node, rest), depth + 1) if is_alias else Definition(path, node, rest)
    if head in names.imports:
        return _imported(project, path, ".".join(filter(None, (names.imports[head], rest))), depth)
    if head in _BUILTINS:
        return Definition(path, None, f"builtins.{dotted}")
    starred = (_imported(project, path, f"{star}.{dotted}" if star.strip(".") else f"{star}{dotted}", depth)
               for star in names.stars)  # fmt: skip
    return next((found for found in starred if found.node is not None), Definition(path, None, ""))


def _joined(node: ast.AST, rest: str) -> str:
    return ".".join(filter(None, (ast.unparse(node), rest)))


def _imported(project: Project, path: str, dotted: str, depth: int) -> Definition:
    places = [(place, rest) for place, rest in imported_files(project, path, dotted) if place != path or rest]
    for place, rest in places if depth < DEEPEST else ():
        if rest and (found := definition(project, place, rest, depth + 1)).node is not None:
            return found
        if rest and found.rest and not found.rest.startswith("builtins."):
            # The file hands on what it imports itself.
            return found
    return Definition(path, None, "" if places or dotted.startswith(".") else dotted)
