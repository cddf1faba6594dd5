"""The syntax tree of a Python file, and a quick way through it: the only reader of Python source as syntax."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

from pydock.patterns import regex

MOST_SOURCES = 3_000
# A syntax tree takes fifty times the memory of its text: only those that several questions go to are kept.
MOST_TREES = 64
# A chain of 150 `elif` or of 300 strings with `+` between them is not unheard of; Python itself ends at a few thousand.
DEEPEST_SYNTAX = 400
# Python 3.14 takes several exceptions without brackets: https://peps.python.org/pep-0758/, read 2026-11. In Python 2 a
# name stands behind the comma, which begins with a small letter.
_UNBRACKETED = regex(r"^([ \t]*except\*?) ((?:\w+\.)*[A-Z]\w*(?:\s*,\s*(?:\w+\.)*[A-Z]\w*)+)(?=[ \t]*:)", re.M)
_MARKS = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
# What the fields of a node hold besides nodes that say more than their kind.
_LEAVES = frozenset({str, int, float, complex, bytes, bool, type(None), type(...)}).union(
    *(mark.__subclasses__() for mark in _MARKS)
)


@lru_cache(maxsize=MOST_TREES)
def syntax(text: str) -> ast.Module | None:
    """The syntax tree of a Python file; None where this interpreter cannot read it."""
    tree = _parsed(text)
    if tree is None and (older := _UNBRACKETED.sub(r"\1(\2)", text)) != text:
        return _parsed(older)
    return tree


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # As bytes, so that a byte order mark and `# coding:` mean what they mean to Python.
            tree = ast.parse(text.encode("utf-8", "surrogateescape"))
            return None if _is_deep(tree) else tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_deep(tree: ast.AST) -> bool:
    """Whether nodes are nested so deep that readers, which call themselves, could not follow."""
    level = [tree]
    for _ in range(DEEPEST_SYNTAX):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


def walk(tree: ast.AST) -> list[ast.AST]:
    """What `ast.walk` finds, in its order, without the marks of load and store and the operators."""
    found = [tree]
    for node in found:
        found += children(node)
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """What `ast.iter_child_nodes` finds, without those marks."""
    found: list[ast.AST] = []
    for value in vars(node).values():
        kind = type(value)
        if kind is list:
            found += [each for each in value if type(each) not in _LEAVES]
        elif kind not in _LEAVES:
            found.append(value)
    return found


def imports_of(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Local names and the dotted names they stand for; a relative import keeps its dots."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            joint = "" if origin.endswith(".") else "."
            found |= {alias.asname or alias.name: f"{origin}{joint}{alias.name}" for alias in node.names}
    return found
