"""What is put on an application other than by a decorator: lists of routes, loops over routers, calls that hand it on.

Sources: https://www.starlette.io/routing/, https://docs.aiohttp.org/en/stable/web_quickstart.html,
https://www.tornadoweb.org/en/stable/web.html, https://sanic.dev/en/guide/best-practices/blueprints.html,
healthcheck 1.3.3 and flask-healthz (their project pages on the public index),
https://dockerflow.readthedocs.io/, read 2026-11.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Set

from pydock.service.code.listening_calls import Scope
from pydock.service.code.ports import template
from pydock.service.routes.declarations import Include, Route
from pydock.values import Value

MOST_UNROLLED = 60
_ROUTES = frozenset({"starlette.routing.Route", "aiohttp.web.get", "aiohttp.web.view", "fastapi.routing.APIRoute"})
_URLS = frozenset({"tornado.web.url", "tornado.web.URLSpec"})
_MOUNTS = frozenset({"starlette.routing.Mount", "fastapi.routing.Mount"})
# Call -> position of the path, the path where none is given, what the library adds to it.
_LIBRARIES = {
    "healthcheck.HealthCheck": (1, "/healthcheck", ("",)),
    "dockerflow.flask.Dockerflow": (-1, "", ("/__lbheartbeat__",)),
}
# Blueprints of libraries and what stands on them.
PACKAGED = {"flask_healthz.healthz": ("/live", "/ready"), "dockerflow.fastapi.router": ("/__lbheartbeat__",)}

Binding = Mapping[str, ast.expr]


class Handed(Value):
    """A name that a call hands to a function of the context: `install(app)`, `Routes(server=app)`."""

    function: str
    name: str
    position: int
    keyword: str = ""


class Listed(Value):
    """What a list puts on a base."""

    routes: tuple[Route, ...] = ()
    includes: tuple[Include, ...] = ()


def handed(call: ast.Call, scope: Scope, known: Set[str]) -> Iterator[Handed]:
    """The known names among the arguments of a call."""
    function = scope.dotted(call.func)
    if not function:
        return
    for at, node in enumerate(call.args):
        if (name := _name(node)) in known:
            yield Handed(function, name, at)
    for keyword in call.keywords:
        if keyword.arg and (name := _name(keyword.value)) in known:
            yield Handed(function, name, -1, keyword.arg)


def _name(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """The names of the arguments of a function, without those by keyword only; without `self`."""
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return tuple(names[1:] if names[:1] in (["self"], ["cls"]) else names)


def listed(node: ast.expr, base: str, scope: Scope, prefix: str = "") -> Listed:
    """What a list of routes, of routers or of both puts on a base; nothing for any other expression."""
    routes: list[Route] = []
    includes: list[Include] = []
    for entry in _entries(node):
        match entry:
            case ast.Call():
                found = _of_call(entry, base, scope, prefix)
                routes += found.routes
                includes += found.includes
            case ast.Tuple(elts=[ast.Constant(value=str(path)), _, *_]) if path.startswith(("/", "^/")):
                routes += _plain(prefix + path, base, entry.lineno)
            case ast.Starred(value=value) | (ast.Name() | ast.Attribute() as value) if name := scope.dotted(value):
                includes.append(Include(name, base, prefix))
            case _:
                pass
    return Listed(tuple(routes), tuple(includes))


def _entries(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            yield from entries
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (*_entries(left), *_entries(right))
        case ast.Name() | ast.Attribute():
            yield node
        case _:
            return


def _of_call(call: ast.Call, base: str, scope: Scope, prefix: str) -> Listed:
    """An entry of a list: `Route("/", index)`, `Mount("/api", routes=[...])`, `url(r"/", Index)`."""
    dotted = scope.dotted(call.func)
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    path = template(next(iter(call.args), keywords.get("path")), scope.constants)
    if path is None:
        return Listed()
    if dotted in _MOUNTS:
        inner = keywords.get("routes")
        if inner is not None:
            return listed(inner, base, scope, f"{prefix}{path.rstrip('/')}")
        target = keywords.get("app", call.args[1] if len(call.args) > 1 else None)
        name = scope.dotted(target) if target else ""
        return Listed((), (Include(name, base, f"{prefix}{path.rstrip('/')}"),)) if name else Listed()
    methods = keywords.get("methods")
    takes_get = methods is None or "GET" in ast.unparse(methods).upper()
    is_route = (dotted in _ROUTES and takes_get) or dotted in _URLS
    return Listed(tuple(_plain(prefix + path, base, call.lineno))) if is_route else Listed()


def _plain(path: str, base: str, line: int) -> Iterator[Route]:
    """A route where its path, or the regular expression for it, is fixed."""
    fixed = path.removeprefix("^").removesuffix("$").removesuffix("/?")
    if not set(fixed) & set("<{$([*+?\\"):
        yield Route(fixed, base, line)


def routers_of(call: ast.Call, target: str, scope: Scope) -> Iterator[Include]:
    """The blueprints that `Blueprint.group(a, b)` holds together."""
    for entry in call.args:
        yield from listed(entry, target, scope).includes


def put_by_library(call: ast.Call, scope: Scope) -> Iterator[Route]:
    """The routes that the call of a health library puts on the application that it is given."""
    dotted = scope.dotted(call.func)
    if dotted not in _LIBRARIES or not call.args or not (base := _name(call.args[0])):
        return
    position, default, added = _LIBRARIES[dotted]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    given = keywords.get("path", call.args[position] if 0 < position < len(call.args) else None)
    path = default if given is None else template(given, scope.constants)
    if path is not None:
        yield from (Route(f"{path}{each}", base, call.lineno) for each in added)


def unrolled(loop: ast.For | ast.comprehension, lists: Mapping[str, ast.expr]) -> tuple[Binding, ...]:
    """What the names of a loop over a literal list stand for, one round after another; () where it is none."""
    source = lists.get(_name(loop.iter), loop.iter)
    entries = source.elts if isinstance(source, ast.List | ast.Tuple) else []
    found = [_bound(loop.target, entry) for entry in entries[:MOST_UNROLLED]]
    return tuple(each for each in found if each)


def _bound(target: ast.expr, entry: ast.expr) -> dict[str, ast.expr]:
    match target, entry:
        case ast.Name(id=name), _:
            return {name: entry}
        case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
            return {name.id: value for name, value in zip(names, values, strict=True) if isinstance(name, ast.Name)}
        case _:
            return {}


def rounds_of(call: ast.Call, loops: tuple[tuple[Binding, ...], ...]) -> Iterator[ast.Call]:
    """A call as each round of the loops around it makes it."""
    calls = [call]
    for bindings in loops:
        calls = [_Filled(binding).visit(copy.deepcopy(each)) for binding in bindings for each in calls]
    yield from calls[:MOST_UNROLLED]


def apart(call: ast.Call) -> Iterator[ast.Call]:
    """A call that is given a list of routers as calls that are given one each; `*routers` stands for its list."""
    for at, node in enumerate(call.args):
        match node:
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                given = entries
            case ast.Starred(value=value):
                given = [value]
            case _:
                continue
        for entry in given:
            yield ast.Call(call.func, [*call.args[:at], entry, *call.args[at + 1 :]], call.keywords)
        return
    yield call


class _Filled(ast.NodeTransformer):
    """Puts what a loop binds in the place of its names."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.binding.get(node.id, node)
