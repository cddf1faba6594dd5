"""Routes as one Python file declares them: decorators, calls, lists, and what routers are put on what.

Sources: https://flask.palletsprojects.com/en/stable/blueprints/,
https://fastapi.tiangolo.com/tutorial/bigger-applications/, https://www.starlette.io/routing/,
https://docs.aiohttp.org/en/stable/web_quickstart.html, https://flask-restful.readthedocs.io/, read 2026-11.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from pydock.patterns import regex
from pydock.service.code.listening_calls import Scope, joined
from pydock.service.code.ports import template
from pydock.values import Value

_VERBS = frozenset({"get", "route", "api_route"})
# Method -> position of the path.
_ADDS = {"add_url_rule": 0, "add_get": 0, "add_route": 0, "add_api_route": 0, "add_resource": 1}
# Method -> position of the router.
INCLUDES = {
    "include_router": 0,
    "register_blueprint": 0,
    "add_routes": 0,
    "add_namespace": 0,
    "blueprint": 0,
    "mount": 1,
    "add_subapp": 1,
}
_ROUTERS = frozenset(
    {"APIRouter", "Blueprint", "APIBlueprint", "Namespace", "namespace", "Api"}
    | {"RouteTableDef", "Router", "InferringRouter", "UrlDispatcher"}
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "*"})
# Routes that stand in a list: `Starlette(routes=[Route("/", index)])`, `app.add_routes([web.get("/", index)])`.
_LISTED = frozenset({"starlette.routing.Route", "aiohttp.web.get"})
LISTED = "[]"
_ELSEWHERE = regex(r"@\{[^{}]*\}")
_DEMANDS = regex(r"\b(?:Security|Header|Cookie)\b")
_DEPENDS = regex(r"Depends\(([^)]*)\)|Annotated\[[^\]]*Depends\(([^)]*)\)")
_HARMLESS_NEED = regex(
    r"log_(?:request|response|call|access)\w*|(?:get_)?\w*(?:db|database|session|settings?|config|redis|client|conn(?:ection)?|pool|repo\w*|service|logger|store|cache)\w*",
    re.I,
)
_HARMLESS_DECORATOR = regex(
    r"exempt|talisman|cross_origin|swag|cache|doc|response|marshal|limit|metric|count|time|log|trace|version|inject|tag|cors|track|monitor|measure|instrument",
    re.I,
)
_GUARD = regex(
    r"login|auth|token|jwt|require|permission|protect|secur|api_?key|role|admin|verif|session_|credential|user", re.I
)


class Route(Value):
    """A fixed path that answers GET; `@{package.NAME}` in it is a constant of another file.

    `base` is the name it is declared on, "" for `self.path == ...` and for a default
    application, LISTED for one in a list. `is_plain`: nothing that could turn a probe away
    decorates the handler, and it asks for nothing that a probe lacks. `place` is the file that `line`
    is in, "" for a route that a library brings.
    """

    path: str
    base: str
    line: int
    is_plain: bool = True
    place: str = ""


class Include(Value):
    """A router or blueprint put on something: its dotted name, on what, and the prefix where known.

    `is_replaced`: the prefix takes the place of the router's own, as Flask does it.
    """

    router: str
    base: str
    prefix: str | None
    function: str = ""
    is_replaced: bool = False


def router_of(call: ast.Call, scope: Scope) -> str | None:
    """The prefix of a router that a call makes, "" for none.

    Raises LookupError where the call makes no router.
    """
    dotted = scope.dotted(call.func)
    tail = dotted.rpartition(".")[2]
    is_group = dotted.endswith("Blueprint.group")
    if tail not in _ROUTERS and not is_group and not tail.endswith(("Router", "Blueprint")):
        raise LookupError(dotted)
    if tail.lower() == "namespace":
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        name = call.args[0] if call.args else keywords.get("name")
        text = template(keywords.get("path", name), scope.constants)
        return None if text is None else f"/{text.lstrip('/')}"
    return prefix_of(call, scope)


def prefix_of(call: ast.Call, scope: Scope) -> str | None:
    """The prefix that a call gives, None when it cannot be read or something guards the routes."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    prefix = keywords.get("prefix", keywords.get("url_prefix", keywords.get("path")))
    needs = keywords.get("dependencies", keywords.get("decorators"))
    if "subdomain" in keywords or None in keywords or (needs is not None and not is_harmless([needs])):
        return None
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if prefix is None and attribute in {"mount", "add_subapp"} and call.args:
        prefix = call.args[0]
    elif prefix is None and attribute in {"add_namespace", "add_routes"} and len(call.args) > 1:
        prefix = call.args[1]
    version = template(keywords.get("version"), scope.constants) if scope.dotted(call.func).startswith("sanic.") else ""
    if version is None and "version" in keywords:
        return None
    front = f"/v{version.removeprefix('v')}" if version else ""
    if prefix is None or (isinstance(prefix, ast.Constant) and prefix.value is None):
        return front
    text = joined(prefix, scope)
    return text if text is None or not front else f"{front}{text}"


def include_of(call: ast.Call, scope: Scope, function: str) -> Include | None:
    """`app.include_router(router, prefix="/api")` and its like."""
    if not isinstance(call.func, ast.Attribute):
        return None
    at = INCLUDES.get(call.func.attr)
    if at is None:
        return None
    given = call.args[at] if len(call.args) > at else None
    node = given or next((keyword.value for keyword in call.keywords if keyword.arg in {"app", "router"}), None)
    router = scope.dotted(node) if node is not None else ""
    if not router:
        return None
    has_prefix = any(keyword.arg == "url_prefix" for keyword in call.keywords)
    is_namespace = call.func.attr == "add_namespace" and (len(call.args) > 1 or bool(call.keywords))
    is_replaced = is_namespace or (has_prefix and call.func.attr in {"register_blueprint", "blueprint"})
    return Include(router, ast.unparse(call.func.value), prefix_of(call, scope), function, is_replaced)


def routes_of_call(call: ast.Call, scope: Scope) -> tuple[Route, ...]:
    """Routes that a call adds: `app.add_url_rule("/", ...)`, `Route("/", index)`, a list of tornado's handlers."""
    dotted = scope.dotted(call.func)
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if dotted in _LISTED:
        return _routes(call, call.args[:1], LISTED, scope, is_plain=True)
    if attribute in _ADDS and isinstance(call.func, ast.Attribute):
        method = template(call.args[0], {}) if attribute == "add_route" and len(call.args) > 2 else None
        if method in _METHODS:
            # aiohttp: add_route("GET", "/", index).
            is_asked = method in {"GET", "*"}
            return _routes(call, call.args[1:2], ast.unparse(call.func.value), scope, is_plain=True) if is_asked else ()
        paths = call.args[_ADDS[attribute] :] if attribute == "add_resource" else call.args[:1]
        if attribute == "add_route" and method and not method.startswith("/"):
            # An application with its own `add_route(name, path, resource)`.
            paths = call.args[1:2]
        return _routes(call, paths, ast.unparse(call.func.value), scope, is_plain=True)
    return ()


def routes_of_handler(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: Scope) -> tuple[Route, ...]:
    """Routes that the decorators of a function, or of a class of views, declare."""
    calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
    found: list[Route] = []
    for call in calls:
        kept = scope.given.get(call.func.id, "") if isinstance(call.func, ast.Name) else ""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _VERBS:
            base = ast.unparse(call.func.value)
        elif kept.rpartition(".")[2] in _VERBS:
            base = kept.rpartition(".")[0]
        elif scope.dotted(call.func) in {"bottle.route", "bottle.get", "litestar.get"}:
            base = "" if scope.dotted(call.func).startswith("bottle") else LISTED
        else:
            continue
        found += _routes(call, call.args[:1] or _named(call), base, scope, is_plain=_is_plain(node, call))
    return tuple(found)


def _named(call: ast.Call) -> list[ast.expr]:
    return [keyword.value for keyword in call.keywords if keyword.arg in {"path", "rule", "uri"}]


def _routes(call: ast.Call, paths: Iterable[ast.expr], base: str, scope: Scope, *, is_plain: bool) -> tuple[Route, ...]:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    methods = keywords.get("methods", keywords.get("method"))
    if methods is not None and "GET" not in ast.unparse(methods).upper():
        return ()
    needs = keywords.get("dependencies")
    is_plain = is_plain and (needs is None or is_harmless([needs])) and "host" not in keywords
    found = []
    for node in paths:
        path = joined(node, scope)
        if path is not None and (path == "" or path.startswith(("/", "@{"))) and is_fixed(path):
            found.append(Route(path, base, call.lineno, is_plain))
    return tuple(found)


def is_fixed(path: str) -> bool:
    """Whether a path has no variable part; names of other files, which are looked up later, count as fixed."""
    return not set(_ELSEWHERE.sub("", path)) & set("<{$([")


def _is_plain(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, own: ast.Call) -> bool:
    """Whether nothing else decorates a handler that could turn a probe away, and it asks for no login or token."""
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
        is_route = isinstance(decorator, ast.Call) and (
            decorator is own or name in _VERBS or name in {"head", "post", "put"}
        )
        if not is_route and (_GUARD.search(name) or not _HARMLESS_DECORATOR.search(name)):
            return False
    if isinstance(node, ast.ClassDef):
        methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        own_get = [each for each in methods if each.name == "get"]
        return bool(own_get) and all(_is_plain(each, own) for each in own_get if each.decorator_list)
    arguments = node.args
    asked = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    return is_harmless(
        [*asked, *(each.annotation for each in (*arguments.args, *arguments.kwonlyargs) if each.annotation)]
    )


def is_harmless(asked: Iterable[ast.expr]) -> bool:
    """Whether what a handler is given is only plumbing, such as a database session."""
    for node in asked:
        text = "" if isinstance(node, ast.Constant) else ast.unparse(node)
        if _DEMANDS.search(text):
            return False
        for found in _DEPENDS.finditer(text):
            name = (found[1] or found[2] or "").rpartition(".")[2]
            if _GUARD.search(name.replace("session", "")) or not _HARMLESS_NEED.fullmatch(name):
                return False
    return True
