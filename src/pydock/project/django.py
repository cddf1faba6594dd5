"""Django's settings and URLs, as far as they are written out.

Sources: https://docs.djangoproject.com/en/stable/topics/http/urls/,
https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts, read 2026-11.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.imports import imported_files, module_file, nearest_files
from pydock.project.routing import Route
from pydock.project.sources import sources, syntax
from pydock.values import Value, replace

DEEPEST = 6
_SETTINGS = regex(r"DJANGO_SETTINGS_MODULE[\"']\s*(?:,|\]\s*=)\s*[\"']([\w.]+)[\"']")
_GUARD = regex(r"login|staff|permission|auth|admin|token", re.I)
# URL modules of packages, with the routes that answer GET without a login.
_PACKAGED = {
    "health_check.urls": ("",),
    "watchman.urls": ("ping/",),
    "heartbeat.urls": ("",),
    "health_checks.urls": ("",),
}
_GATES = regex(r"LoginRequired\w*Middleware|BasicAuth\w*Middleware|AuthRequired\w*Middleware", re.I)


class _Url(Value):
    """An entry of `urlpatterns`: its path, and the dotted name of what is included, "" for a view."""

    path: str
    line: int
    include: str = ""
    is_plain: bool = True


def django_routes(project: Project, place: str) -> Iterator[Route]:
    """The routes of the URL configuration that belongs to a wsgi.py, asgi.py, manage.py or settings file."""
    for path in _root(project, place):
        yield from _below(project, path, "", 0)


def is_gated(project: Project, place: str) -> bool:
    """Whether a middleware asks for a login before any view."""
    return any(_GATES.search(project.tree.text(path) or "") for path in settings_files(project, place))


def accepted_host(project: Project, place: str) -> str | None:
    """A Host header that ALLOWED_HOSTS lets in: "" where any does, None where that is not known."""
    answers = [answer for path in settings_files(project, place) if (answer := _host(project.tree.text(path) or ""))]
    return None if len(answers) != 1 else answers[0].lstrip("*")


def setting(project: Project, place: str, name: str) -> str:
    """A setting that is one literal string, "" for any other."""
    for path in settings_files(project, place):
        if match := re.search(rf"^{name}\s*=\s*[\"']([^\"']+)[\"']", project.tree.text(path) or "", re.M):
            return match[1]
    return ""


def settings_files(project: Project, place: str) -> tuple[str, ...]:
    """The settings module that a file names, with what it imports from its own folder."""
    named = _named_settings(project, place)
    path = module_file(project, named) if named else None
    if path is None:
        return ()
    found = [path]
    for dotted in read_stars(project.tree.text(path) or ""):
        found += [each for each in nearest_files(project, path, dotted) if each not in found]
    return tuple(found)


def _named_settings(project: Project, place: str) -> str:
    chosen = project.contract.environment.get("DJANGO_SETTINGS_MODULE")
    match = _SETTINGS.search(project.tree.text(place) or "")
    return chosen or (match[1] if match else "")


@lru_cache(maxsize=64)
def read_stars(text: str) -> tuple[str, ...]:
    """The modules that a file takes everything from."""
    tree = syntax(text)
    return tuple(
        "." * node.level + (node.module or "")
        for node in (tree.body if tree else ())
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    )


def _root(project: Project, place: str) -> Iterator[str]:
    """The file that ROOT_URLCONF names, else the urls.py beside."""
    named = setting(project, place, "ROOT_URLCONF")
    if named and (found := module_file(project, named)):
        yield found
        return
    beside = posixpath.join(posixpath.dirname(place), "urls.py")
    if posixpath.basename(place) != "manage.py" and project.tree.has_file(beside):
        yield beside
        return
    found_urls = [path for path in sources(project) if posixpath.basename(path) == "urls.py"]
    if len(found_urls) == 1:
        yield found_urls[0]


def _below(project: Project, path: str, prefix: str, depth: int) -> Iterator[Route]:
    if depth > DEEPEST:
        return
    for url in read_urls(project.tree.text(path) or ""):
        full = f"{prefix}{url.path}"
        if not url.include:
            yield Route(f"/{full}", "urlpatterns", url.line, url.is_plain)
            continue
        files = [place for place, rest in imported_files(project, path, url.include) if not rest]
        if files:
            yield from (
                replace(route, is_plain=route.is_plain and url.is_plain)
                for route in _below(project, files[0], full, depth + 1)
            )
        else:
            packaged = _PACKAGED.get(url.include, ())
            yield from (Route(f"/{full}{each}", "urlpatterns", url.line, url.is_plain) for each in packaged)


@lru_cache(maxsize=256)
def read_urls(text: str) -> tuple[_Url, ...]:
    """The entries directly in a module's `urlpatterns`; what is not a fixed path is left out."""
    tree = syntax(text)
    found: list[_Url] = []
    imports = dict(_imports(tree)) if tree else {}
    for node in tree.body if tree else ():
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="urlpatterns")], value=value)
                | ast.AugAssign(target=ast.Name(id="urlpatterns"), value=value)
                | ast.AnnAssign(target=ast.Name(id="urlpatterns"), value=ast.expr() as value)
            ):
                found += [url for entry in _entries(value) if (url := _url(entry, imports))]
            case _:
                pass
    return tuple(found)


def _entries(value: ast.expr) -> Iterator[ast.expr]:
    match value:
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            yield from entries
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (*_entries(left), *_entries(right))
        case ast.Call(func=ast.Name(id="patterns" | "format_suffix_patterns"), args=arguments):
            for argument in arguments:
                yield from _entries(argument) if isinstance(argument, ast.List) else (argument,)
        case _:
            return


def _url(entry: ast.expr, imports: dict[str, str]) -> _Url | None:
    match entry:
        case ast.Call(func=ast.Name(id="path"), args=[ast.Constant(value=str(path)), view, *_]):
            fixed = None if "<" in path else path
        case ast.Call(func=ast.Name(id="re_path" | "url"), args=[ast.Constant(value=str(path)), view, *_]):
            fixed = _fixed(path, is_include=_included(view, imports) is not None)
        case _:
            return None
    if fixed is None:
        return None
    include = _included(view, imports)
    if include == "":
        return None
    return _Url(fixed, entry.lineno, include or "", not _GUARD.search(ast.unparse(view)) or include is not None)


def _fixed(pattern: str, *, is_include: bool) -> str | None:
    """A path that a regular expression surely matches, None where that is not plain to see."""
    plain = pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z").removesuffix("/?")
    is_plain = re.fullmatch(r"[\w/.-]*", plain.replace(r"\-", "-").replace(r"\.", "."))
    return plain.replace("\\", "") if is_plain and (pattern.startswith("^") or is_include) else None


def _included(view: ast.expr, imports: dict[str, str]) -> str | None:
    """The dotted name of an included URL module, "" for an include that cannot be followed, None for a view."""
    if not (isinstance(view, ast.Call) and ast.unparse(view.func).rpartition(".")[2] == "include"):
        return "" if ast.unparse(view).startswith("admin.site") else None
    given = view.args[0] if view.args else None
    if isinstance(given, ast.Tuple) and given.elts:
        given = given.elts[0]
    match given:
        case ast.Constant(value=str(name)):
            return name
        case ast.Name(id=name):
            return imports.get(name, "")
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{imports[owner]}.{name}" if owner in imports else ""
        case _:
            return ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            joint = "" if origin.endswith(".") else "."
            yield from ((alias.asname or alias.name, f"{origin}{joint}{alias.name}") for alias in node.names)


@lru_cache(maxsize=64)
def _host(text: str) -> str:
    """ "*" for a settings file that lets any host in, a name that it lets in, "" for neither."""
    tree = syntax(text)
    nodes = [
        node.value
        for node in (tree.body if tree else ())
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "ALLOWED_HOSTS" for target in node.targets)
    ]
    if len(nodes) != 1 or text.count("ALLOWED_HOSTS") != 1 or not isinstance(nodes[0], ast.List | ast.Tuple):
        return ""
    names = [each.value for each in nodes[0].elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if "*" in names or {"127.0.0.1"} & set(names):
        return "*"
    return next((name.lstrip(".") for name in ("localhost", *names) if name in names), "")
