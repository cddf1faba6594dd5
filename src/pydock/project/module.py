"""What one Python file says about serving: applications, routes, listening calls, signals. `ast` only."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from pydock.project.ports import constants_of, template
from pydock.project.runs import Run, Scope, read_run
from pydock.project.sources import syntax
from pydock.values import Value, field

FRAMEWORKS = {
    "flask.Flask": ("flask", "wsgi"),
    "quart.Quart": ("quart", "asgi"),
    "fastapi.FastAPI": ("fastapi", "asgi"),
    "starlette.applications.Starlette": ("starlette", "asgi"),
    "litestar.Litestar": ("litestar", "asgi"),
    "sanic.Sanic": ("sanic", "asgi"),
    "aiohttp.web.Application": ("aiohttp", "aiohttp"),
    "bottle.Bottle": ("bottle", "wsgi"),
    "falcon.App": ("falcon", "wsgi"),
    "falcon.asgi.App": ("falcon", "asgi"),
    "dash.Dash": ("dash", "wsgi"),
    "connexion.FlaskApp": ("connexion", "wsgi"),
    "connexion.App": ("connexion", "wsgi"),
    "apiflask.APIFlask": ("flask", "wsgi"),
    "flask_openapi3.OpenAPI": ("flask", "wsgi"),
    "django.core.wsgi.get_wsgi_application": ("django", "wsgi"),
    "django.core.asgi.get_asgi_application": ("django", "asgi"),
}
_REEXPORTED = {"fastapi.applications": "fastapi", "flask.app": "flask", "aiohttp.web_app": "aiohttp.web"}
_VERBS = frozenset({"get", "route", "api_route", "head"})
_ADDS = frozenset({"add_url_rule", "add_get", "add_route", "add_api_route"})
_INCLUDES = frozenset({"include_router", "register_blueprint", "add_routes"})
_ROUTERS = ("APIRouter", "Blueprint")
# Routes that stand in a list: `Starlette(routes=[Route("/", index)])`, `app.add_routes([web.get("/", index)])`.
_LISTED = frozenset({"starlette.routing.Route", "aiohttp.web.get"})
LISTED = "[]"
_DEMANDS = frozenset({"Depends", "Security", "Header", "Cookie"})


class Application(Value):
    """An application object; `function` is the factory that makes it, "" at the top of the file.

    `is_guarded`: every request has to pass something before it is answered.
    """

    framework: str
    kind: str
    name: str
    function: str
    line: int
    is_guarded: bool = False


class Route(Value):
    """A fixed path that answers GET.

    `base` is the name it is declared on, "" for `self.path == ...`, LISTED for one in a list.
    `is_plain`: nothing else decorates the handler and it asks for nothing that a probe lacks.
    """

    path: str
    base: str
    line: int
    is_plain: bool = True


class Include(Value):
    """A router or blueprint put on something: its dotted name, on what, and the prefix where known."""

    router: str
    base: str
    prefix: str | None


class Module(Value):
    """The facts of a file.

    `imports` maps local names to where they come from; `prefixes` routers to their own prefix.
    """

    applications: tuple[Application, ...] = ()
    routes: tuple[Route, ...] = ()
    runs: tuple[Run, ...] = ()
    prefixes: Mapping[str, str | None] = field(default_factory=dict)
    includes: tuple[Include, ...] = ()
    signals: tuple[str, ...] = ()
    imports: Mapping[str, str] = field(default_factory=dict)
    urlpatterns: tuple[Route, ...] = ()
    is_readable: bool = True


@lru_cache(maxsize=512)
def read_module(text: str) -> Module:
    """The facts of a file's text; a file that this interpreter cannot read has none and says so."""
    tree = syntax(text)
    if tree is None:
        return Module(is_readable=False)
    visitor = _Visitor(Scope(imports_of(tree), constants_of(tree), {}))
    visitor.visit(tree)
    return Module(
        tuple(visitor.applications),
        tuple(visitor.routes),
        tuple(visitor.runs),
        visitor.prefixes,
        tuple(visitor.includes),
        tuple(dict.fromkeys(visitor.signals)),
        visitor.scope.imports,
        tuple(_urlpatterns(tree)),
    )


def imports_of(tree: ast.Module) -> dict[str, str]:
    """Local names and the dotted names they stand for; a relative import keeps its dots."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
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


def _urlpatterns(tree: ast.Module) -> list[Route]:
    """Django's own routes: `path("health/", view)` directly in a module's `urlpatterns`."""
    found = []
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="urlpatterns")], value=ast.List(elts=entries))
                | ast.AugAssign(target=ast.Name(id="urlpatterns"), value=ast.List(elts=entries))
            ):
                found += [route for entry in entries if (route := _django_route(entry))]
            case _:
                pass
    return found


def _django_route(entry: ast.expr) -> Route | None:
    match entry:
        case ast.Call(func=ast.Name(id="path"), args=[ast.Constant(value=str(path)), view, *_]):
            is_include = "include" in ast.unparse(view)
            return None if is_include or "<" in path else Route(f"/{path}", "urlpatterns", entry.lineno)
        case ast.Call(func=ast.Name(id="re_path" | "url"), args=[ast.Constant(value=str(path)), view, *_]):
            plain = path.removeprefix("^").removesuffix("$").removesuffix("/?")
            is_fixed = path.startswith("^") and path.endswith("$") and plain.replace("/", "").replace("-", "").isalnum()
            return (
                Route(f"/{plain}", "urlpatterns", entry.lineno)
                if is_fixed and "include" not in ast.unparse(view)
                else None
            )
        case _:
            return None


class _Visitor(ast.NodeVisitor):
    """Collects the facts of a module in one walk."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.applications: list[Application] = []
        self.routes: list[Route] = []
        self.runs: list[Run] = []
        self.prefixes: dict[str, str | None] = {}
        self.includes: list[Include] = []
        self.signals: list[str] = []
        self.functions: list[str] = []
        self.in_main = False

    def visit_If(self, node: ast.If) -> None:
        before = self.in_main
        if isinstance(node.test, ast.Compare) and ast.unparse(node.test.left) == "__name__":
            self.in_main = True
        self.generic_visit(node)
        self.in_main = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.function(node)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call):
                self.route(decorator, is_plain=_is_plain(node))
        self.functions.append(node.name)
        self.generic_visit(node)
        self.functions.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Call):
            for target in node.targets:
                self.made(ast.unparse(target), node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.value, ast.Call):
            self.made(ast.unparse(node.target), node.value)
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if isinstance(node.value, ast.Call):
            self.made("", node.value)
        self.generic_visit(node)

    def made(self, target: str, call: ast.Call) -> None:
        """`target = Flask(...)`, `target = APIRouter(prefix=...)`."""
        dotted = self.scope.dotted(call.func)
        head, _, tail = dotted.rpartition(".")
        if found := FRAMEWORKS.get(f"{_REEXPORTED.get(head, head)}.{tail}"):
            function = self.functions[-1] if self.functions else ""
            is_guarded = any(keyword.arg == "dependencies" for keyword in call.keywords)
            self.applications.append(Application(*found, target, function, call.lineno, is_guarded))
            self.scope = Scope(self.scope.imports, self.scope.constants, {**self.scope.frameworks, target: found[0]})
        if tail.endswith(_ROUTERS):
            self.prefixes[target] = self.prefix(call)
        elif dotted == "aiohttp.web.RouteTableDef":
            self.prefixes[target] = ""

    def prefix(self, call: ast.Call) -> str | None:
        """The prefix that a call gives, None when it cannot be read or something guards the routes."""
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        prefix = keywords.get("prefix", keywords.get("url_prefix"))
        if keywords.keys() & {"dependencies", "subdomain", None}:
            return None
        return "" if prefix is None else template(prefix, self.scope.constants)

    def visit_Call(self, node: ast.Call) -> None:
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        dotted = self.scope.dotted(node.func)
        if attribute in _ADDS or dotted in _LISTED:
            self.route(node, is_plain=True, base=LISTED if dotted in _LISTED else "")
        elif attribute in _INCLUDES and node.args and isinstance(node.func, ast.Attribute):
            router = self.scope.dotted(node.args[0])
            self.includes.append(Include(router, ast.unparse(node.func.value), self.prefix(node)))
        elif attribute == "add_signal_handler" or dotted == "signal.signal":
            self.signals += [ast.unparse(argument) for argument in node.args[:1]]
        if run := read_run(node, self.scope, is_main_only=self.in_main):
            self.runs.append(run)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if isinstance(node.left, ast.Attribute) and node.left.attr == "path" and self.functions[-1:] == ["do_GET"]:
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.startswith("/"):
                    self.routes.append(Route(part.value, "", node.lineno))
        self.generic_visit(node)

    def route(self, call: ast.Call, *, is_plain: bool, base: str = "") -> None:
        known = isinstance(call.func, ast.Attribute) and call.func.attr in _VERBS | _ADDS
        if not (known or base) or not call.args:
            return
        path = template(call.args[0], self.scope.constants)
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        methods = keywords.get("methods")
        if path is None or not path.startswith("/") or set(path) & set("<{$"):
            return
        if methods is None or "GET" in ast.unparse(methods):
            is_plain = is_plain and "dependencies" not in keywords
            base = base or (ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else "")
            self.routes.append(Route(path, base, call.lineno, is_plain))


def _is_plain(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a handler has one decorator and asks for no login, header or token."""
    asked = [ast.unparse(part) for part in (*node.args.defaults, *node.args.args) if not isinstance(part, ast.Constant)]
    return len(node.decorator_list) == 1 and not any(name in text for text in asked for name in _DEMANDS)
