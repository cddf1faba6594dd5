"""What a newer Python no longer has and the application's own source uses, by `data/python_removals.csv`.

Only what runs on every path is told: an import inside `try ... except ImportError` or under a test of
`sys.version_info` has its own answer to a newer version.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from pydock.build.sources import sources
from pydock.data import rows
from pydock.images.tags import version_order
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.entry import entry_file
from pydock.service.files.module_writes import may_write
from pydock.service.server import server
from pydock.source import MOST_SOURCES, children, imports_of, may_start_programs, syntax, walk
from pydock.values import Value

_CATCHES = regex(r"\b(?:ImportError|ModuleNotFoundError|AttributeError|TypeError|Exception)\b")
_OLD = regex(
    r"^[ \t]*(?:(?:print|exec)[ \t]+[\"'\w]|raise[ \t]+[\w.]+[ \t]*,|except[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:)", re.M
)
_WORD = regex(r"\w+")
_ASKS_VERSION = regex(r"version_info|\bPY2\b|\bPY3|hexversion|python_version|hasattr\(")


class Removal(Value):
    """A name of the standard library that is gone from a minor version on; `instead` may be ""."""

    minor: str
    kind: str
    name: str
    instead: str

    def __str__(self) -> str:
        shown = {"method": f"the method {self.name}", "argument": _argument(self.name)}.get(self.kind, self.name)
        return f"{shown} (gone in {self.minor}{f', use {self.instead}' if self.instead else ''})"


class Use(Value):
    """A place of the source that a newer Python refuses: "app.py:3" and what stands there."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place} uses {self.what}"


@lru_cache
def _removals(kind: str) -> Mapping[str, Removal]:
    return {
        row["name"]: Removal(row["minor"], row["kind"], row["name"], row["instead"])
        for row in rows("python_removals")
        if row["kind"] == kind
    }


def removed_uses(project: Project, before: str, after: str) -> tuple[Use, ...]:
    """What the source uses that was removed later than X.Y and not later than another X.Y, in the order of files."""
    first, last = version_order(before), version_order(after)
    found = [(place, removal) for place, removal in _uses(project) if first < version_order(removal.minor) <= last]
    return tuple(dict.fromkeys(Use(place, str(removal)) for place, removal in found))


@remembered
def unreadable_sources(project: Project) -> tuple[str, ...]:
    """Files that the grammar of a current Python refuses, such as those written for Python 2."""
    return tuple(path for path in sources(project) if (text := project.tree.text(path)) and syntax(text) is None)


@remembered
def refused_sources(project: Project) -> tuple[str, ...]:
    """The file that the image starts, and files that write, start programs or look like Python 2, where the Python that
    runs pydock reads none of them: they are for an older or a newer one.

    All others would have to be parsed for it, which takes seconds where there are thousands.
    """
    found = server(project)
    entry = entry_file(project, found) if found else None
    texts = {path: project.tree.text(path) or "" for path in sources(project)}
    likely = [
        path
        for path, text in texts.items()
        if path == entry or _looks_old(text) or may_write(text) or may_start_programs(text)
    ]
    return tuple(path for path in likely if syntax(texts[path]) is None)


@lru_cache(maxsize=MOST_SOURCES)
def _looks_old(text: str) -> bool:
    return _OLD.search(text) is not None


def why_unreadable(text: str) -> tuple[int, str]:
    """(line, reason) for a file that this interpreter refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text.encode("utf-8", "surrogateescape"))
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return 1, str(error)
    return 1, ""


@remembered
def _uses(project: Project) -> tuple[tuple[str, Removal], ...]:
    found = []
    for path in sources(project):
        text = project.tree.text(path)
        for line, removal in _uses_of(text) if text else ():
            found.append((f"{path}:{line}", removal))
    return tuple(found)


@lru_cache
def _parts() -> Mapping[str, tuple[frozenset[str], ...]]:
    """For the last word of what is gone, every set of words that are in a text which uses it."""
    found: dict[str, tuple[frozenset[str], ...]] = {}
    for kind in ("module", "name", "method", "argument"):
        for name in _removals(kind):
            words = _WORD.findall(name)
            found[words[-1]] = (*found.get(words[-1], ()), frozenset(words))
    return found


def _may_use(text: str) -> bool:
    """Whether all words of something that is gone are in a text: parsing it takes ten times longer than this."""
    words = frozenset(_WORD.findall(text))
    return any(parts <= words for last in words & _parts().keys() for parts in _parts()[last])


@lru_cache(maxsize=MOST_SOURCES)
def _uses_of(text: str) -> tuple[tuple[int, Removal], ...]:
    tree = syntax(text) if _may_use(text) else None
    if tree is None:
        return ()
    imports = imports_of(walk(tree))
    return tuple((node.lineno, removal) for node in _unguarded(tree.body) for removal in _removed(node, imports))


def _unguarded(body: Sequence[ast.AST]) -> Iterator[ast.stmt | ast.expr]:
    """Every statement and expression that no handler and no version test stands around, in their order."""
    waiting = [*reversed(body)]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Try(handlers=handlers) if any(_catches(handler) for handler in handlers):
                continue
            case ast.If(test=test) if _ASKS_VERSION.search(ast.unparse(test)):
                continue
            case ast.stmt() | ast.expr():
                yield node
        waiting += reversed(children(node))


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(_CATCHES.search(ast.unparse(handler.type)))


def _removed(node: ast.stmt | ast.expr, imports: Mapping[str, str]) -> Iterator[Removal]:
    modules, names, methods, arguments = map(_removals, ("module", "name", "method", "argument"))
    match node:
        case ast.Import(names=aliases):
            yield from (modules[part] for alias in aliases for part in _prefixes(alias.name) if part in modules)
        case ast.ImportFrom(module=str(module), level=0, names=aliases):
            yield from (modules[part] for part in _prefixes(module) if part in modules)
            dotted = [f"{module}.{alias.name}" for alias in aliases]
            yield from (known[name] for known in (modules, names) for name in dotted if name in known)
        case ast.Attribute():
            if (name := _dotted(node, imports)) in names:
                yield names[name]
        case ast.Call(func=function, keywords=keywords):
            if isinstance(function, ast.Attribute) and function.attr in methods and not node.args:
                yield methods[function.attr]
            called = _dotted(function, imports)
            yield from (arguments[name] for keyword in keywords if (name := f"{called}({keyword.arg})") in arguments)
        case _:
            pass


def _prefixes(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[: at + 1]) for at in range(len(parts)))


def _dotted(node: ast.expr, imports: Mapping[str, str]) -> str:
    """The full name of an attribute of something imported, "" of anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in imports:
        return ""
    return ".".join([imports[node.id], *reversed(parts)])


def _argument(name: str) -> str:
    function, _, argument = name.rstrip(")").partition("(")
    return f"{argument}= of {function}"
