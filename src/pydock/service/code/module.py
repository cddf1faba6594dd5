"""What one Python file says about serving: applications, routes, listening calls, signals. `ast` only."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping
from functools import lru_cache

from pydock.service.code.constants import constants_of
from pydock.service.code.frameworks import WORKERS, framework_of
from pydock.service.code.listening_calls import Run, Scope, read_run
from pydock.service.code.loops import loop_of
from pydock.service.routes.attachments import (
    Binding,
    Handed,
    Listed,
    apart,
    handed,
    listed,
    put_by_library,
    rounds_of,
    routers_of,
    signature,
    unrolled,
)
from pydock.service.routes.declarations import (
    INCLUDES,
    Include,
    Route,
    include_of,
    router_of,
    routes_of_call,
    routes_of_handler,
)
from pydock.source import MOST_SOURCES, children, imports_of, syntax, walk
from pydock.values import Value, field, replace


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


class Module(Value):
    """The facts of a file.

    `imports` maps local names to where they come from; `prefixes` routers to their own prefix;
    `loops` are what keeps it running without listening, `parameters` the names that its
    functions are given; `workers` are Celery applications and the like. `handed` are names given
    to functions, `signatures` the arguments of functions and of classes; `is_subclassing`: a
    class of the file is made of a framework's application.
    """

    applications: tuple[Application, ...] = ()
    routes: tuple[Route, ...] = ()
    runs: tuple[Run, ...] = ()
    prefixes: Mapping[str, str | None] = field(default_factory=dict)
    includes: tuple[Include, ...] = ()
    signals: tuple[str, ...] = ()
    imports: Mapping[str, str] = field(default_factory=dict)
    loops: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()
    workers: tuple[Application, ...] = ()
    handed: tuple[Handed, ...] = ()
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_subclassing: bool = False
    is_readable: bool = True


@lru_cache(maxsize=MOST_SOURCES)
def read_module(text: str) -> Module:
    """The facts of a file's text; a file that this interpreter cannot read has none and says so."""
    tree = syntax(text)
    if tree is None:
        return Module(is_readable=False)
    nodes = walk(tree)
    visitor = _Visitor(Scope(imports_of(nodes), constants_of(nodes), {}))
    visitor.visit(tree)
    return Module(
        tuple(visitor.applications),
        tuple(visitor.routes),
        tuple(visitor.runs),
        visitor.prefixes,
        tuple(visitor.includes),
        tuple(dict.fromkeys(visitor.signals)),
        visitor.scope.imports,
        tuple(dict.fromkeys(visitor.loops)),
        frozenset(visitor.parameters),
        tuple(visitor.workers),
        tuple(dict.fromkeys(visitor.handed)),
        visitor.signatures,
        visitor.is_subclassing,
    )


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
        self.loops: list[str] = []
        self.parameters: set[str] = set()
        self.workers: list[Application] = []
        self.functions: list[str] = []
        self.classes: list[str] = []
        self.in_main = False
        self.handed: list[Handed] = []
        self.signatures: dict[str, tuple[str, ...]] = {}
        self.is_subclassing = False
        self.lists: dict[str, ast.expr] = {}
        self.rounds: tuple[tuple[Binding, ...], ...] = ()

    def generic_visit(self, node: ast.AST) -> None:
        for child in children(node):
            if not isinstance(child, ast.Name | ast.Constant):
                self.visit(child)

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

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.routes += routes_of_handler(node, self.scope)
        self.is_subclassing |= any(framework_of(self.scope.dotted(base)) for base in node.bases)
        self.classes.append(node.name)
        self.generic_visit(node)
        self.classes.pop()

    def visit_For(self, node: ast.For) -> None:
        before, found = self.rounds, unrolled(node, self.lists)
        if found:
            self.rounds = (*before, found)
        elif isinstance(node.target, ast.Name) and (source := self.scope.dotted(node.iter)):
            self.prefixes[node.target.id] = ""
            self.includes.append(Include(source, node.target.id, ""))
        self.generic_visit(node)
        self.rounds = before

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.routes += routes_of_handler(node, self.scope)
        self.parameters.update(argument.arg for argument in (*node.args.args, *node.args.kwonlyargs))
        self.signatures[self.classes[-1] if self.classes and node.name == "__init__" else node.name] = signature(node)
        self.functions.append(node.name)
        self.generic_visit(node)
        self.functions.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Call):
            for target in node.targets:
                self.made(ast.unparse(target), node.value)
        elif isinstance(node.value, ast.Attribute) and isinstance(node.targets[0], ast.Name):
            # `route = app.route`, for decorators to come.
            given = {**self.scope.given, node.targets[0].id: self.scope.dotted(node.value)}
            self.scope = replace(self.scope, given=given)
        elif isinstance(node.value, ast.List | ast.Tuple | ast.BinOp):
            for target in node.targets:
                self.holds(ast.unparse(target), node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.value, ast.List | ast.Tuple):
            self.holds(ast.unparse(node.target), node.value)
        self.generic_visit(node)

    def holds(self, target: str, value: ast.expr) -> None:
        """`routes = [Route("/", index)]`, `blueprints = (users, orders)`."""
        self.lists[target] = value
        found = listed(value, target, self.scope)
        if found.routes or found.includes:
            self.prefixes.setdefault(target, "")
            self.puts(found)

    def puts(self, found: Listed) -> None:
        self.routes += found.routes
        self.includes += found.includes

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
        function = self.functions[-1] if self.functions else ""
        if worker := WORKERS.get(dotted):
            self.workers.append(Application(*worker, target, function, call.lineno))
        if found := framework_of(dotted):
            is_guarded = any(keyword.arg == "dependencies" for keyword in call.keywords)
            self.applications.append(Application(*found, target, function, call.lineno, is_guarded))
            self.scope = replace(self.scope, frameworks={**self.scope.frameworks, target: found[0]})
            self.given(call, target)
            return
        if isinstance(call.func, ast.Name) and call.func.id in self.scope.imports and not call.args:
            self.scope = replace(self.scope, given={**self.scope.given, target: f"{dotted}()"})
        with contextlib.suppress(LookupError):
            self.prefixes[target] = router_of(call, self.scope)
            self.given(call, target)
            if dotted.endswith("Api") and call.args and (base := ast.unparse(call.args[0])):
                # Flask-RESTful and Flask-RESTX: `api = Api(app)`.
                self.includes.append(Include(target, base, ""))

    def given(self, call: ast.Call, target: str) -> None:
        """The routes that an application or a router is made with."""
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if attribute == "namespace" and isinstance(call.func, ast.Attribute):
            self.includes.append(Include(target, ast.unparse(call.func.value), ""))
        if attribute == "group":
            self.includes += routers_of(call, target, self.scope)
            return
        named = [keyword.value for keyword in call.keywords if keyword.arg in {"routes", "handlers"}]
        takes_name = self.scope.dotted(call.func) == "tornado.web.Application" or attribute == "__init__"
        plain = [node for node in call.args if takes_name or isinstance(node, ast.List | ast.BinOp)]
        for node in (*named, *plain):
            self.puts(listed(node, target, self.scope))

    def included(self, call: ast.Call) -> None:
        """Routers that a call puts on something, as each round of the loops around it puts them."""
        function = self.functions[-1] if self.functions else ""
        for each in rounds_of(call, self.rounds):
            self.includes += filter(None, (include_of(part, self.scope, function) for part in apart(each)))
        if isinstance(call.func, ast.Attribute) and call.args and isinstance(call.args[0], ast.List):
            self.routes += listed(call.args[0], ast.unparse(call.func.value), self.scope).routes

    def visit_Call(self, node: ast.Call) -> None:
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        dotted = self.scope.dotted(node.func)
        self.routes += (*routes_of_call(node, self.scope), *put_by_library(node, self.scope))
        known = self.parameters | self.prefixes.keys() | {each.name for each in self.applications}
        self.handed += handed(node, self.scope, known)
        if attribute in INCLUDES:
            self.included(node)
        elif attribute == "__init__" and self.is_subclassing:
            self.given(node, "self")
        elif attribute == "init_app" and isinstance(node.func, ast.Attribute) and node.args:
            base = ast.unparse(node.args[0])
            self.includes.append(Include(self.scope.dotted(node.func.value), base, ""))
        elif attribute == "add_signal_handler" or dotted == "signal.signal":
            self.signals += [ast.unparse(argument) for argument in node.args[:1]]
        if run := read_run(node, self.scope, is_main_only=self.in_main):
            self.runs.append(replace(run, function=self.functions[-1] if self.functions else ""))
        if not (run and run.kind) and (kind := loop_of(node, dotted, self.scope.imports.values())):
            self.loops.append(kind)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        left = node.left
        name = left.attr if isinstance(left, ast.Attribute) else left.id if isinstance(left, ast.Name) else ""
        if name.endswith("path") and self.functions[-1:] == ["do_GET"]:
            for part in walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.startswith("/"):
                    self.routes.append(Route(part.value, "", node.lineno))
        self.generic_visit(node)
