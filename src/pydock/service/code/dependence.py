"""Whom a function asks before it answers: nobody outside of its process, others, or nobody can tell.

Calls are followed through the project's own modules; what packages do is said by `data/asking_imports.csv`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from pydock.data import rows
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.code.definitions import Definition, Function, definition
from pydock.source import syntax, walk

DEEPEST, MOST = 6, 80
# Parts of the standard library that wait for something outside of the process.
_WAITING = (
    "subprocess",
    "sqlite3",
    "multiprocessing",
    "ctypes",
    "time.sleep",
    "asyncio.sleep",
    "os.system",
    "os.popen",
)
_ASKING = ("socket.create_connection", "socket.socket", "socket.getaddrinfo", "asyncio.open_connection")
_OTHERS = regex(
    r"(?:\A|[._])(?:db|database|redis|session|engine|mongo\w*|cursor|conn|connection|pool|broker|cache|client|kafka|"
    r"rabbit\w*|queue|celery|elastic\w*|es|s3|bucket|consumer|producer|repo|repository|dao|objects)(?:\Z|[._(])",
    re.I,
)
# What only takes a value apart or writes it down.
_PLAIN_METHODS = (
    "append capitalize copy dict encode decode endswith extend format get getlist hex info insert isoformat items join "
    "json keys lower model_dump model_dump_json pop replace rstrip setdefault split startswith strftime strip "
    "timestamp title to_dict total_seconds update upper values warning debug error exception"
)
# What a handler is given, with what it reads of it.
_GIVEN_NAMES = "self cls request req response resp res r _ ctx info scope receive send context h"
_READ_NAMES = "headers args query_params cookies form GET META url query match_info path_params client wfile"
_PLAIN = frozenset(_PLAIN_METHODS.split())
_GIVEN, _READ = frozenset(_GIVEN_NAMES.split()), frozenset(_READ_NAMES.split())
_REFUSALS = regex(r"\b(?:abort|HTTP_[45]\d\d\w*|SERVICE_UNAVAILABLE|INTERNAL_SERVER_ERROR|HttpResponseServerError)\b")
_DEPENDENCIES = frozenset({"Depends", "Security", "Provide"})
# What may stand around a handler and asks nobody.
_DECORATORS = regex(
    r"exempt|cross_origin|cors|swag|docs?\Z|response|marshal|log|trace|version|tag|never_cache|require_(?:GET|safe|http)"
    r"|api_view|renderer|permission|authentication|throttle|schema|metric|count|time|track|monitor|measure|instrument"
    r"|method|route|expose",
    re.I,
)
_VERBS = frozenset({"get", "head", "post", "put", "route", "api_route"})


class Asks(IntEnum):
    """Whom code asks; of several answers the greatest holds."""

    NOBODY = 0
    UNKNOWN = 1
    OTHERS = 2


def asks_of(project: Project, path: str, node: ast.AST) -> Asks:
    """Whom a function, a class of views or an expression of a file asks when it handles a request."""
    tree = syntax(project.tree.text(path) or "")
    is_method = isinstance(node, Function) and [each.arg for each in node.args.args[:1]] == ["self"]
    classes = [each for each in walk(tree) if isinstance(each, ast.ClassDef)] if tree and is_method else []
    line = getattr(node, "lineno", 0)
    owner = next((each for each in classes if each.lineno <= line <= (each.end_lineno or 0)), None)
    return _Search(project).node(path, node, 0, owner)


@cache
def _table() -> Mapping[str, Asks]:
    known = {"others": Asks.OTHERS, "nobody": Asks.NOBODY}
    return {row["module"]: known[row["asks"]] for row in rows("asking_imports")}


def asks_of_import(dotted: str) -> Asks:
    """Whom a name of a package or of the standard library asks."""
    parts = dotted.split(".")
    for size in range(len(parts), 0, -1):
        name = ".".join(parts[:size])
        if name in _table():
            found = _table()[name]
            is_hidden = found is Asks.NOBODY and _OTHERS.search(".".join(parts[size + 1 :])) is not None
            return Asks.OTHERS if is_hidden else found
    if f"{dotted}.".startswith(tuple(f"{name}." for name in _ASKING)):
        return Asks.OTHERS
    is_waiting = f"{dotted}.".startswith(tuple(f"{name}." for name in _WAITING))
    return Asks.NOBODY if parts[0] in {*sys.stdlib_module_names, "builtins"} and not is_waiting else Asks.UNKNOWN


@dataclass
class _Search:
    """One search: what was looked at once is not looked at again, so it ends."""

    project: Project
    seen: set[tuple[str, int, str]] = field(default_factory=set)

    def node(self, path: str, node: ast.AST, depth: int, owner: ast.ClassDef | None = None) -> Asks:
        key = (path, getattr(node, "lineno", 0), type(node).__name__)
        if key in self.seen:
            return Asks.NOBODY
        self.seen.add(key)
        if depth > DEEPEST or len(self.seen) > MOST:
            return Asks.UNKNOWN
        if isinstance(node, ast.ClassDef):
            return self.views(path, node, depth)
        return _Body(self, path, node, depth, owner).asks()

    def views(self, path: str, node: ast.ClassDef, depth: int) -> Asks:
        """The methods of a class of views that answer a GET, and those that come before them."""
        found = {name: method for name, method in _methods(node).items() if name in _HANDLING}
        bases = [definition(self.project, path, ast.unparse(base)) for base in node.bases]
        inherited = [
            self.node(base.path, base.node, depth + 1) for base in bases if isinstance(base.node, ast.ClassDef)
        ]
        foreign = [asks_of_import(base.rest) for base in bases if base.node is None and base.rest]
        answers = [self.node(path, method, depth + 1, node) for method in found.values()]
        is_answered = bool(_ANSWERING & found.keys()) or bool(inherited)
        return max([*answers, *inherited, *(each for each in foreign if each is Asks.OTHERS),
                    Asks.NOBODY if is_answered else Asks.UNKNOWN])  # fmt: skip

    def called(self, found: Definition, depth: int) -> Asks:
        """Whom the call of a name asks."""
        match found.node:
            case None:
                return asks_of_import(found.rest) if found.rest else Asks.UNKNOWN
            case ast.FunctionDef() | ast.AsyncFunctionDef() as function if not found.rest:
                return self.node(found.path, function, depth + 1)
            case ast.ClassDef() as owner:
                return self.method(found.path, owner, found.rest or "__init__", depth)
            case ast.expr() as value:
                return self.of_value(found, value, depth)
            case _:
                return Asks.UNKNOWN

    def method(self, path: str, owner: ast.ClassDef, name: str, depth: int) -> Asks:
        """A method of a class of the project, or of what the class is made of."""
        head, _, rest = name.partition(".")
        own = _methods(owner).get(head)
        if own is not None and not rest:
            return self.node(path, own, depth + 1, owner)
        if rest:
            return Asks.OTHERS if _OTHERS.search(name) else Asks.UNKNOWN
        answers = [Asks.NOBODY]
        for base in owner.bases:
            found = definition(self.project, path, ast.unparse(base).partition("[")[0])
            if isinstance(found.node, ast.ClassDef) and depth < DEEPEST:
                answers.append(self.method(found.path, found.node, name, depth + 1))
            else:
                answers.append(asks_of_import(found.rest) if found.rest else Asks.UNKNOWN)
        return max(answers)

    def of_value(self, found: Definition, value: ast.expr, depth: int) -> Asks:
        """What is done with a value at the top of a file: a client asks others, a logger nobody."""
        made = value.value if isinstance(value, ast.Await) else value
        if isinstance(made, ast.Constant) and found.rest and found.rest not in _PLAIN:
            # `client = None`, which something else fills.
            return Asks.UNKNOWN
        if isinstance(made, ast.Call) and found.rest:
            maker = definition(self.project, found.path, ast.unparse(made.func))
            if isinstance(maker.node, ast.ClassDef) and not maker.rest:
                return self.method(maker.path, maker.node, found.rest, depth + 1)
        asked = Asks.NOBODY if self.is_framework(found.path, made) else self.node(found.path, value, depth + 1)
        if asked is Asks.NOBODY and "." in found.rest:
            return Asks.OTHERS if _OTHERS.search(found.rest) else Asks.UNKNOWN
        return asked

    def is_framework(self, path: str, made: ast.expr) -> bool:
        """Whether a value is an object of a framework: what it is given runs at other times."""
        maker = definition(self.project, path, ast.unparse(made.func)) if isinstance(made, ast.Call) else None
        if maker is None or maker.node is not None or maker.rest.rpartition(".")[2] in _DEPENDENCIES:
            return False
        is_own = bool(maker.rest) and maker.rest.partition(".")[0] not in sys.stdlib_module_names
        return is_own and asks_of_import(maker.rest) is Asks.NOBODY


def _methods(node: ast.ClassDef) -> Mapping[str, Function]:
    return {part.name: part for part in node.body if isinstance(part, Function)}


_ANSWERING = frozenset({"get", "list", "on_get", "__call__", "dispatch_request", "do_GET", "retrieve", "handle"})
_HANDLING = _ANSWERING | {"dispatch", "initial", "initialize", "prepare", "setup", "process_request", "process_view"}


class _Body:
    """A function or an expression: what is called in it, and what its own names are."""

    def __init__(self, search: _Search, path: str, node: ast.AST, depth: int, owner: ast.ClassDef | None) -> None:
        self.search, self.path, self.node, self.depth, self.owner = search, path, node, depth, owner
        self.parts = list(_parts(node))
        self.own = _own(self.parts)

    def asks(self) -> Asks:
        return max((self.part(each) for each in self.parts), default=Asks.NOBODY)

    def part(self, node: ast.AST) -> Asks:
        match node:
            case ast.Call():
                return self.call(node)
            case ast.Raise():
                return Asks.UNKNOWN
            case ast.Constant(value=int(status)) if 400 <= status <= 599:
                return Asks.UNKNOWN
            case ast.Name(id=name) if name not in self.own:
                return self.mentioned(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) if _REFUSALS.fullmatch(name):
                return Asks.UNKNOWN
            case _:
                return Asks.NOBODY

    def mentioned(self, name: str) -> Asks:
        """A name that is handed on is called by somebody; of others only what asks others is of interest."""
        if _REFUSALS.fullmatch(name):
            return Asks.UNKNOWN
        found = definition(self.search.project, self.path, name)
        if isinstance(found.node, Function) and found.node is not self.node:
            return self.search.called(found, self.depth)
        asked = self.search.called(found, self.depth) if found.node is None or isinstance(found.node, ast.expr) else 0
        return Asks.OTHERS if asked is Asks.OTHERS else Asks.NOBODY

    def call(self, call: ast.Call) -> Asks:
        function, methods = call.func, list[str]()
        while isinstance(function, ast.Attribute):
            methods.insert(0, function.attr)
            function = function.value
        if isinstance(function, ast.Name):
            return self.named(call, function.id, ".".join(methods))
        # The call, the container or the text that a method is called on is looked at by itself.
        is_plain = isinstance(function, ast.Constant | ast.JoinedStr | ast.Dict | ast.List | ast.BinOp | ast.Tuple)
        return Asks.NOBODY if is_plain or self.is_plain(function, methods) else self.by_name(ast.unparse(call.func))

    def is_plain(self, base: ast.expr, methods: list[str]) -> bool:
        """Whether a method of a result only takes it apart, or the result comes from the standard library."""
        base = base.value if isinstance(base, ast.Await) else base
        if set(methods) <= _PLAIN:
            return True
        if not isinstance(base, ast.Call):
            return False
        found = definition(self.search.project, self.path, ast.unparse(base.func).partition("(")[0])
        return found.node is None and bool(found.rest) and asks_of_import(found.rest) is Asks.NOBODY

    def named(self, call: ast.Call, head: str, rest: str) -> Asks:
        if (rest or head).rpartition(".")[2] in _DEPENDENCIES:
            # The name of what is called for it is looked at by itself; a class is called, too.
            classes = [definition(self.search.project, self.path, ast.unparse(given)) for given in call.args[:1]]
            return max((self.search.called(each, self.depth) for each in classes), default=Asks.NOBODY)
        if head in self.own:
            return self.of_own(head, rest)
        return self.search.called(
            definition(self.search.project, self.path, ".".join(filter(None, (head, rest)))), self.depth
        )

    def of_own(self, head: str, rest: str) -> Asks:
        """A method of an argument or of a name of the function itself."""
        parts = rest.split(".")
        if head in {"self", "cls"} and self.owner is not None and parts[0] in _methods(self.owner):
            return self.search.method(self.path, self.owner, rest, self.depth)
        value = self.own[head]
        made = value.value if isinstance(value, ast.Await) else value
        if set(parts[-1:]) <= _PLAIN and not _OTHERS.search(f"{head}.{rest}"):
            return Asks.NOBODY
        if isinstance(made, ast.Call):
            found = definition(self.search.project, self.path, ast.unparse(made.func).partition("(")[0])
            if isinstance(found.node, ast.ClassDef) and not found.rest:
                return self.search.method(found.path, found.node, rest, self.depth)
            if found.node is None and found.rest and asks_of_import(found.rest) is Asks.NOBODY:
                return Asks.NOBODY
        is_given = head in _GIVEN and (len(parts) == 1 or set(parts[:-1]) <= _READ)
        return Asks.NOBODY if is_given and value is None else self.by_name(f"{head}.{rest}")

    def by_name(self, text: str) -> Asks:
        return Asks.OTHERS if _OTHERS.search(text) else Asks.UNKNOWN


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a function is called, with its arguments and decorators but without what it says to return."""
    if not isinstance(node, Function):
        yield from walk(node)
        return
    for part in (*node.body, node.args):
        yield from walk(part)
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        yield from (part for each in keywords if each.arg == "dependencies" for part in walk(each.value))
        if name not in _VERBS and not _DECORATORS.search(name):
            yield from walk(decorator)


def _own(parts: list[ast.AST]) -> Mapping[str, ast.expr | None]:
    """The arguments of a function and the names that it binds, with the first value of those that are assigned."""
    found: dict[str, ast.expr | None] = {}
    for part in parts:
        match part:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                found.setdefault(name, None)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                found.setdefault(name, value)
            case _:
                pass
    return found
