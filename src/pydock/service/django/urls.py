"""Django's URLs, followed from the root through what is included, with the views behind them.

Sources: https://docs.djangoproject.com/en/stable/topics/http/urls/,
https://www.django-rest-framework.org/api-guide/routers/,
https://www.django-rest-framework.org/api-guide/permissions/, read 2026-11.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from pydock.patterns import regex
from pydock.project import Project
from pydock.service.code.constants import read_constants
from pydock.service.code.imports import imported_files
from pydock.service.code.ports import template
from pydock.service.django.settings import root_urls, settings_files
from pydock.service.routes.declarations import Route
from pydock.source import imports_of, syntax, walk
from pydock.values import Value, field, replace

DEEPEST = 6
_GUARD = regex(r"login|staff|permission|auth|admin|token|user_passes", re.I)
_OPEN = regex(r"\[?\(?(?:\w+\.)*AllowAny,?\]?\)?|\[\]|\(\)")
_REST_BASE = regex(r"(?:\w+\.)*(?:\w*APIView|\w*ViewSet)\Z")
_DEFAULT = regex(r"DEFAULT_PERMISSION_CLASSES[\"']\s*:\s*[\[(]([^\])]*)[\])]")
_DOCKERFLOW = "dockerflow.django.middleware.DockerflowMiddleware"
_ENTRY = frozenset({"path", "re_path", "url"})
# URL modules of packages, with the routes that answer GET without a login.
_PACKAGED = {
    "health_check.urls": ("",),
    "watchman.urls": ("ping/",),
    "heartbeat.urls": ("",),
    "health_checks.urls": ("",),
    "django_alive.urls": ("alive/",),
    "django_prometheus.urls": ("metrics",),
}


class _Url(Value):
    """An entry of a list of URLs.

    `include` is the dotted name of what is included, `local` a list of the same file; both are
    "" for a view, whose dotted name is `view`.
    """

    path: str
    line: int
    include: str = ""
    local: str = ""
    view: str = ""
    is_plain: bool = True


class Urls(Value):
    """The lists of URLs of a file by their names, `urlpatterns` among them; `router.urls` for a REST router."""

    lists: Mapping[str, tuple[_Url, ...]] = field(default_factory=dict)


def django_routes(project: Project, place: str) -> Iterator[Route]:
    """The routes of the URL configuration that belongs to a wsgi.py, asgi.py, manage.py or settings file."""
    settings = [project.tree.text(path) or "" for path in settings_files(project, place)]
    is_open = not any(map(_is_closed, settings))
    if any(_DOCKERFLOW in text for text in settings):
        # This middleware answers before any other: https://python-dockerflow.readthedocs.io/, read 2026-11.
        yield Route("/__lbheartbeat__", "urlpatterns", 0)
    for path in root_urls(project, place):
        for route, at, view in _below(project, path, "urlpatterns", "", 0):
            asked = _asks_login(project, at, view) if view else False
            is_plain = route.is_plain and (is_open if asked is None else not asked)
            yield replace(route, is_plain=is_plain, place=at)


def _is_closed(settings: str) -> bool:
    """Whether REST views want a login when they do not say otherwise."""
    match = _DEFAULT.search(settings)
    return match is not None and "AllowAny" not in match[1]


def _below(project: Project, path: str, name: str, prefix: str, depth: int) -> Iterator[tuple[Route, str, str]]:
    """Routes of a list, each with the file it stands in and its view."""
    if depth > DEEPEST:
        return
    for url in read_urls(project.tree.text(path) or "").lists.get(name, ()):
        full = f"{prefix}{url.path}"
        route = Route(f"/{full}", "urlpatterns", url.line, url.is_plain)
        if not url.include and not url.local:
            yield route, path, url.view
            continue
        places = [(path, url.local)] if url.local else list(imported_files(project, path, url.include))
        below = [
            (replace(found, is_plain=found.is_plain and url.is_plain), at, view)
            for place, rest in places[:1]
            for found, at, view in _below(project, place, rest or "urlpatterns", full, depth + 1)
        ]
        yield from below
        if not places:
            packaged = _PACKAGED.get(url.include, ())
            yield from ((replace(route, path=f"{route.path}{each}"), path, "") for each in packaged)


@lru_cache(maxsize=256)
def read_urls(text: str) -> Urls:
    """The lists of URLs of a file's text; what is not a fixed path is left out."""
    tree = syntax(text)
    if tree is None:
        return Urls()
    reader = _Reader(imports_of(walk(tree)), text)
    for node in tree.body:
        reader.statement(node, is_plain=True)
    return Urls({name: tuple(found) for name, found in reader.lists.items()})


class _Reader:
    """Walks the statements of a URL module; an entry under an `if` may not be there."""

    def __init__(self, imports: Mapping[str, str], text: str) -> None:
        self.imports = imports
        self.text = text
        self.lists: dict[str, list[_Url]] = {}
        self.endings: dict[str, str] = {}

    def statement(self, node: ast.stmt, *, is_plain: bool) -> None:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AugAssign(target=ast.Name(id=name), value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                self.assigned(name, value, is_plain=is_plain)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="register")) as call):
                self.registered(name, call, is_plain=is_plain)
            case ast.If(body=body, orelse=others) | ast.Try(body=body, orelse=others):
                for each in (*body, *others):
                    self.statement(each, is_plain=False)
            case _:
                pass

    def assigned(self, name: str, value: ast.expr, *, is_plain: bool) -> None:
        if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("Router"):
            keywords = {keyword.arg: keyword.value for keyword in value.keywords}
            slash = keywords.get("trailing_slash")
            self.endings[name] = "" if isinstance(slash, ast.Constant) and slash.value is False else "/"
            return
        found = [url for entry in self.entries(value) if (url := self.url(entry))]
        self.lists.setdefault(name, []).extend(replace(url, is_plain=url.is_plain and is_plain) for url in found)

    def registered(self, name: str, call: ast.Call, *, is_plain: bool) -> None:
        match call.args:
            case [ast.Constant(value=str(path)), view, *_] if path and "<" not in path and "(" not in path:
                full = f"{path.strip('/')}{self.endings.get(name, '/')}"
                url = _Url(full, call.lineno, view=self.dotted(view), is_plain=is_plain)
                self.lists.setdefault(f"{name}.urls", []).append(url)
            case _:
                pass

    def entries(self, value: ast.expr) -> Iterator[ast.expr]:
        match value:
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                yield from entries
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from (*self.entries(left), *self.entries(right))
            case ast.Call(func=ast.Name(id="patterns" | "format_suffix_patterns"), args=arguments):
                for argument in arguments:
                    yield from self.entries(argument) if isinstance(argument, ast.List) else (argument,)
            case ast.Call(func=ast.Name(id="i18n_patterns"), args=arguments, keywords=keywords):
                # Without this every path has a language in front.
                if any(ast.unparse(keyword) == "prefix_default_language=False" for keyword in keywords):
                    yield from arguments
            case ast.Name() | ast.Attribute():
                yield value
            case _:
                return

    def url(self, entry: ast.expr) -> _Url | None:
        if isinstance(entry, ast.Starred):
            entry = entry.value
        if isinstance(entry, ast.Name | ast.Attribute):
            return self.included(entry, "", entry.lineno)
        if not isinstance(entry, ast.Call) or len(entry.args) < 2:
            return None
        function = ast.unparse(entry.func).rpartition(".")[2]
        pattern, view = self.constant(entry.args[0]), entry.args[1]
        is_include = isinstance(view, ast.Call) and ast.unparse(view.func).rpartition(".")[2] == "include"
        if function not in _ENTRY or _is_admin(view):
            return None
        if pattern is None:
            # A prefix that only the running service knows: what is below it is there, and nobody can say where.
            below = self.included(view.args[0], "", entry.lineno) if isinstance(view, ast.Call) and is_include else None
            return replace(below, is_plain=False) if below else None
        path = (None if "<" in pattern else pattern) if function == "path" else _fixed(pattern, is_include=is_include)
        if path is None:
            return None
        if isinstance(view, ast.Call) and is_include:
            return self.included(view.args[0], path, entry.lineno) if view.args else None
        plain = not _GUARD.search(ast.unparse(view))
        return _Url(path, entry.lineno, view=self.dotted(view), is_plain=plain)

    def constant(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        return template(node, read_constants(self.text))

    def included(self, given: ast.expr, path: str, line: int) -> _Url | None:
        """`include("shop.urls")`, `include((patterns, "shop"))`, `include([path(...)])`, `include(router.urls)`."""
        if isinstance(given, ast.Tuple) and given.elts:
            given = given.elts[0]
        match given:
            case ast.Constant(value=str(name)):
                return _Url(path, line, include=name)
            case ast.List():
                name = f"[] of line {line}"
                self.assigned(name, given, is_plain=True)
                return _Url(path, line, local=name)
            case ast.Name() | ast.Attribute():
                written = ast.unparse(given)
                if written.partition(".")[0] in self.imports:
                    return _Url(path, line, include=self.dotted(given))
                return _Url(path, line, local=written)
            case _:
                return None

    def dotted(self, node: ast.expr) -> str:
        """A view's name with its import resolved: `views.Health.as_view()` is the class."""
        while isinstance(node, ast.Call):
            inner = node.func
            if isinstance(inner, ast.Attribute) and inner.attr == "as_view":
                node = inner.value
            elif node.args:
                # csrf_exempt(view), cache_page(60)(view).
                node = node.args[0]
            else:
                return ""
        head, _, rest = ast.unparse(node).partition(".")
        return ".".join(filter(None, (self.imports.get(head, head), rest))) if head.isidentifier() else ""


def _is_admin(view: ast.expr) -> bool:
    return ast.unparse(view).startswith("admin.site")


def _fixed(pattern: str, *, is_include: bool) -> str | None:
    """A path that a regular expression surely matches, None where that is not plain to see."""
    plain = pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z").removesuffix("/?")
    is_plain = re.fullmatch(r"[\w/.-]*", plain.replace(r"\-", "-").replace(r"\.", "."))
    return plain.replace("\\", "") if is_plain and (pattern.startswith("^") or is_include) else None


def _asks_login(project: Project, path: str, view: str) -> bool | None:
    """Whether a view says that it wants a login; None for a REST view that leaves it to the settings."""
    local = "." not in view.lstrip(".")
    for place, rest in ((path, view),) if local else imported_files(project, path, view):
        tree = syntax(project.tree.text(place) or "")
        for node in tree.body if tree else ():
            if isinstance(node, ast.ClassDef) and node.name == rest:
                return _class_asks(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == rest:
                return _function_asks(node)
    return False


def _function_asks(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool | None:
    is_rest = False
    for decorator in node.decorator_list:
        text = ast.unparse(decorator)
        name = text.partition("(")[0].rpartition(".")[2]
        if name == "permission_classes":
            return not _OPEN.fullmatch(text.partition("(")[2].removesuffix(")"))
        is_rest |= name == "api_view"
        if _GUARD.search(name) and name != "authentication_classes":
            return True
    return None if is_rest else False


def _class_asks(node: ast.ClassDef) -> bool | None:
    bases = [ast.unparse(base) for base in node.bases]
    if any(_GUARD.search(base) for base in bases) or any(_GUARD.search(ast.unparse(d)) for d in node.decorator_list):
        return True
    for part in node.body:
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "permission_classes":
            return not _OPEN.fullmatch(ast.unparse(part.value))
    return None if any(map(_REST_BASE.match, bases)) else False
