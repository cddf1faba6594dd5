"""The health route that a check may ask: one whose handler answers out of its own process.

A handler that asks a database, a broker or another service is no sign of this container: where the other one is
away, every container that is asked for it is unhealthy, and a restart helps none of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable

from pydock.build.sources import sources
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.code.definitions import Function, definition
from pydock.service.code.dependence import Asks, asks_of
from pydock.service.routes.declarations import Route
from pydock.service.routes.gates import request_hooks
from pydock.source import syntax, walk
from pydock.values import Value

# Routes of libraries that answer whatever their own process can; others check something.
_LIBRARIES_OWN = regex(r"/(?:__lbheartbeat__|_stcore/health)\Z|(?:\A|/)(?:ping|alive)/?\Z")
_LIVE = regex(
    r"(?:/[\w./-]*)?/_{0,2}(?:-/)?(?:livez?|liveness|alive|is[-_]?alive|lbheartbeat__|ping|live[-_]?check|"
    r"health(?:z|check)?/(?:live\w*|basic|simple|ping))(?:\.\w+|/)?\Z",
    re.I,
)
# Middlewares and settings of Django that ask the database or the cache for each request.
# https://docs.djangoproject.com/en/stable/topics/db/transactions/#tying-transactions-to-http-requests, read 2026-11
_DJANGO = regex(
    r"ATOMIC_REQUESTS[\"']?\]?\s*[:=]\s*True|SESSION_SAVE_EVERY_REQUEST\s*=\s*True|CurrentSiteMiddleware"
    r"|django_tenants\.middleware|tenant_schemas\.middleware|UpdateCacheMiddleware|FetchFromCacheMiddleware"
    r"|silk\.middleware|request\.middleware\.RequestMiddleware|DEFAULT_THROTTLE_CLASSES",
    words="ATOMIC_REQUESTS SESSION_SAVE_EVERY Middleware middleware DEFAULT_THROTTLE",
)
# Limits for all routes that are counted outside of the process.
_LIMITS = regex(r"default_limits|application_limits|SlowAPIMiddleware")
_COUNTED_OUTSIDE = regex(r"redis|memcached|mongodb|storage_ur[il]", re.I)
_WRAPPERS = regex(r"exempt|never_cache|require_(?:GET|safe)|swagger|async_to_sync|sync_to_async")


class Asked(Value):
    """A route with whom its handler asks."""

    path: str
    asks: Asks

    @property
    def is_live(self) -> bool:
        """Whether its name says that it tells no more than that the process lives."""
        return _LIVE.fullmatch(self.path) is not None

    @property
    def may_be_checked(self) -> bool:
        """Whether a check on it says something about this container alone."""
        return self.asks is Asks.NOBODY or (self.is_live and self.asks is Asks.UNKNOWN)


def asked(project: Project, found: Route) -> Asked:
    """Whom the handler of a route asks."""
    handler = _handler(project, found) if found.place and found.line else None
    if handler is None:
        is_own = not found.line and _LIBRARIES_OWN.search(found.path) is not None
        return Asked(found.path, Asks.NOBODY if is_own else Asks.UNKNOWN)
    place, node = handler
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "include":
        return Asked(found.path, Asks.NOBODY if _LIBRARIES_OWN.search(found.path) else Asks.OTHERS)
    return Asked(found.path, asks_of(project, place, node))


def asks_before(project: Project, framework: str, paths: Collection[str], elsewhere: Collection[str]) -> bool:
    """Whether something asks others before any handler; `elsewhere` are routers with hooks of their own."""
    if framework == "django" and any(_DJANGO.search(project.tree.text(path) or "") for path in sources(project)):
        return True
    for path in paths:
        text = project.tree.text(path) or ""
        if _LIMITS.search(text) and _COUNTED_OUTSIDE.search(text):
            return True
        hooks = (hook.node for hook in request_hooks(text) if hook.base not in elsewhere)
        if any(asks_of(project, path, node) is Asks.OTHERS for node in hooks):
            return True
    return False


def _handler(project: Project, route: Route) -> tuple[str, ast.AST] | None:
    """The function, class or expression that answers a route, and its file."""
    tree = syntax(project.tree.text(route.place) or "")
    for node in walk(tree) if tree else ():
        match node:
            case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
                if any(each.lineno == route.line for each in decorators):
                    return route.place, node
                if node.name == "do_GET" and (branch := _branch(node, route)):
                    return route.place, branch
            case ast.ClassDef(decorator_list=decorators) if any(each.lineno == route.line for each in decorators):
                return route.place, node
            case ast.Call(args=given, keywords=keywords) if node.lineno == route.line:
                named = [each.value for each in keywords if each.arg in _NAMES]
                if (found := _after_path([*given, *named])) is not None:
                    return _viewed(project, route.place, found)
            case ast.Tuple(elts=given) if node.lineno == route.line and (found := _after_path(given)) is not None:
                return _viewed(project, route.place, found)
            case _:
                pass
    return None


_NAMES = frozenset({"view_func", "endpoint", "handler", "route", "view"})


def _after_path(given: list[ast.expr]) -> ast.expr | None:
    """The handler that stands behind a path: `Route("/health", health)`, `add_url_rule("/", "name", view)`."""
    paths = [at for at, node in enumerate(given) if isinstance(node, ast.Constant | ast.JoinedStr)]
    behind = [node for node in given[paths[0] + 1 :] if not isinstance(node, ast.Constant)] if paths else []
    return behind[-1] if behind else None


def _viewed(project: Project, path: str, node: ast.expr) -> tuple[str, ast.AST]:
    """What a handler's name or call stands for; the expression itself where that is not plain."""
    match node:
        case ast.Call(func=ast.Attribute(attr="as_view", value=value)):
            return _viewed(project, path, value)
        case ast.Call(func=function, args=[inner]) if _WRAPPERS.search(ast.unparse(function)):
            return _viewed(project, path, inner)
        case ast.Call(func=function):
            found = definition(project, path, ast.unparse(function))
            return (found.path, found.node) if isinstance(found.node, ast.ClassDef) else (path, node)
        case ast.Name() | ast.Attribute():
            found = definition(project, path, ast.unparse(node))
            is_known = isinstance(found.node, (*_CALLABLE, ast.ClassDef)) and not found.rest
            return (found.path, found.node) if is_known and found.node else (path, _unknown(node))
        case _:
            return path, node


_CALLABLE = (ast.FunctionDef, ast.AsyncFunctionDef)


def _unknown(node: ast.expr) -> ast.expr:
    """The call of what is only known by name."""
    return ast.copy_location(ast.Call(node, [], []), node)


def _branch(function: Function, route: Route) -> ast.FunctionDef | None:
    """The part of a `do_GET` that answers a path, as a function of its own."""
    for node in walk(function):
        if isinstance(node, ast.If) and any(
            isinstance(part, ast.Compare) and part.lineno == route.line for part in walk(node.test)
        ):
            made = ast.FunctionDef(function.name, function.args, node.body, [], None, None)
            return ast.copy_location(made, node)
    return None


def checked_paths(project: Project, routes: Iterable[Route]) -> tuple[Asked, ...]:
    """Each path of some routes, with whom its handlers ask: which of several answers is not known."""
    found: dict[str, Asks] = {}
    for each in (asked(project, route) for route in routes):
        found[each.path] = max(each.asks, found.get(each.path, Asks.NOBODY))
    return tuple(Asked(path, asks) for path, asks in found.items())
