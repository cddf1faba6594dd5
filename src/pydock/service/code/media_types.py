"""Source that asks which media type a file has: mimetypes itself, and answers with files that name none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from pydock.patterns import regex
from pydock.source import MOST_SOURCES, imports_of, syntax, walk

# Python asks /etc/mime.types before its own table, which lacks .woff2, .webp and .docx for long:
# https://docs.python.org/3/library/mimetypes.html#mimetypes.knownfiles
_ASKS = frozenset(
    {"guess_type", "guess_extension", "guess_all_extensions", "guess_file_type", "types_map", "MimeTypes", "init"}
)
_ASKS_HINT = regex(r"\bmimetypes\b|\bguess_type\b", words="mimetypes guess_type")
_ANSWERS = frozenset({"send_file", "send_from_directory", "FileResponse", "SimpleHTTPRequestHandler"})
_OF_DJANGO = frozenset({"django.conf.urls.static.static", "django.views.static.serve"})
_ANSWERS_HINT = regex(
    r"\bsend_(?:file|from_directory)\b|\bFileResponse\b|\bSimpleHTTPRequestHandler\b"
    r"|\bdjango\.(?:conf\.urls|views)\b",
    words="send_f FileResponse SimpleHTTP django.conf.urls django.views",
)
# An answer that is told its type asks for none.
_TYPES = frozenset({"media_type", "mimetype", "content_type"})


@lru_cache(maxsize=MOST_SOURCES)
def asks_for_types(text: str) -> bool:
    """Whether a file asks mimetypes; to import it is not to ask."""
    tree = syntax(text) if _ASKS_HINT.search(text) else None
    if tree is None:
        return _ASKS_HINT.search(text) is not None
    return any(name.rpartition(".")[2] in _ASKS and _is_of_mimetypes(name) for name in _names(tree))


def _is_of_mimetypes(name: str) -> bool:
    return name.startswith("mimetypes.") or name.rpartition(".")[2].startswith("guess_")


@lru_cache(maxsize=MOST_SOURCES)
def answers_with_files(text: str) -> bool:
    """Whether a file answers with files whose type somebody has to guess."""
    tree = syntax(text) if _ANSWERS_HINT.search(text) else None
    if tree is None:
        return _ANSWERS_HINT.search(text) is not None
    return any(name in _OF_DJANGO or name.rpartition(".")[2] in _ANSWERS for name in _names(tree))


def _names(tree: ast.Module) -> Iterator[str]:
    """The names that a file uses, by where they come from: without imports, annotations and calls that name a type."""
    nodes = walk(tree)
    imports = imports_of(nodes)
    said = {id(part) for node in nodes for each in _annotations(node) for part in walk(each)}
    said |= {id(node.func) for node in nodes if isinstance(node, ast.Call) and _names_type(node)}
    for node in nodes:
        match node:
            case ast.Name(id=name) if id(node) not in said:
                yield imports.get(name, name)
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if id(node) not in said:
                yield f"{imports.get(owner, owner)}.{name}"
            case ast.Attribute(attr=name) if id(node) not in said:
                yield name


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    found = (getattr(node, name, None) for name in ("annotation", "returns"))
    yield from (each for each in found if isinstance(each, ast.expr))


def _names_type(call: ast.Call) -> bool:
    given = next((keyword.value for keyword in call.keywords if keyword.arg in _TYPES), None)
    return given is not None and not (isinstance(given, ast.Constant) and given.value is None)
