"""What stands before every handler of an application and may turn a probe away."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pydock.patterns import regex
from pydock.source import MOST_SOURCES, syntax, walk
from pydock.values import Value

_HINT = regex(r"before_request|middleware|Middleware|BasicAuth|login_manager|basic_auth")
_HOOK_HINT = regex(r"before_\w*request|middleware|Middleware|dependencies")
_ROUTED = frozenset({"FastAPI", "APIRouter", "include_router"})
_NAMED = regex(
    r"\w*(?:BasicAuth|Auth|JWT|ApiKey|APIKey|Token|Login)\w*Middleware|TrustedHostMiddleware|AuthMiddleware\w*"
)
_REFUSES = regex(r"\b40[013]\b|abort\(|Unauthorized|Forbidden|HTTPException|login_url|PermissionDenied")
# What a handler of errors catches, it does not raise.
_CAUGHT = regex(r"\bexcept\b[^\n]*:")
_FORCED = regex(r"BASIC_AUTH_FORCE[\"'\]]*\s*=\s*True")


class Gate(Value):
    """Something that may refuse any request: the name it is put on, "" where that is not known, and its source.

    `name` is what has to be put on an application somewhere, "" where that has been done.
    """

    base: str
    text: str = ""
    name: str = ""

    def lets_in(self, route: str) -> bool:
        """Whether the guard names the route, as one does that makes an exception for it."""
        plain = route.rstrip("/")
        return bool(self.text) and (plain in self.text or plain.rpartition("/")[2] in self.text)


class Hook(Value, eq=False):
    """What runs before requests reach their handlers: a function, a class or what is called for it, and on what."""

    base: str
    node: ast.AST


def request_hooks(text: str) -> Iterator[Hook]:
    """What a file has run before every request: hooks, middlewares, dependencies of applications and routers."""
    tree = syntax(text) if _HOOK_HINT.search(text) else None
    for node in walk(tree) if tree else ():
        match node:
            case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
                yield from (Hook(base, node) for each in decorators if (base := _hooked(each)) is not None)
            case ast.ClassDef(bases=bases, name=name) if "Middleware" in "".join([name, *map(ast.unparse, bases)]):
                yield Hook("", node)
            case ast.Call(func=ast.Attribute(attr="before_request" | "middleware", value=base), args=[hook, *_]):
                yield Hook(ast.unparse(base), hook)
            case ast.Call(keywords=keywords, func=function) if ast.unparse(function).rpartition(".")[2] in _ROUTED:
                yield from (Hook("", each.value) for each in keywords if each.arg == "dependencies")
            case _:
                pass


@lru_cache(maxsize=MOST_SOURCES)
def gates(text: str) -> tuple[Gate, ...]:
    """Everything in a file that may refuse any request."""
    tree = syntax(text) if _HINT.search(text) else None
    found = [] if tree is None else [*_guards(tree)]
    return (*found, *(Gate("") for _ in _FORCED.findall(text)))


def is_put(name: str, texts: Iterable[str]) -> bool:
    """Whether one of the files does something with a class, rather than only define, import or mention it."""
    trees = (syntax(text) for text in texts if name in text)
    nodes = (node for tree in trees if tree for node in walk(tree))
    return any(name in {getattr(node, "id", ""), getattr(node, "attr", "")} for node in nodes)


def _guards(tree: ast.Module) -> Iterator[Gate]:
    for node in walk(tree):
        match node:
            case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
                bases = [base for decorator in decorators if (base := _hooked(decorator)) is not None]
                if bases and _REFUSES.search(_CAUGHT.sub("", text := ast.unparse(node))):
                    yield Gate(bases[0], text)
            case ast.ClassDef(name=name, bases=bases) if any("Middleware" in ast.unparse(base) for base in bases):
                if _REFUSES.search(_CAUGHT.sub("", text := ast.unparse(node))):
                    yield Gate("", text, name)
            case ast.Call(func=ast.Attribute(attr="add_middleware", value=base), args=[first, *_]):
                if _NAMED.fullmatch(ast.unparse(first).rpartition(".")[2]):
                    yield Gate(ast.unparse(base))
            case ast.Call(func=ast.Name(id="Middleware"), args=[first, *_]):
                if _NAMED.fullmatch(ast.unparse(first).rpartition(".")[2]):
                    yield Gate("")
            case ast.Call(func=ast.Attribute(attr="before_request", value=base), args=[hook, *_]):
                hooked = _hook(tree, hook)
                if hooked is None or _REFUSES.search(_CAUGHT.sub("", hooked)):
                    yield Gate(ast.unparse(base), hooked or "")
            case _:
                pass


def _hook(tree: ast.Module, hook: ast.expr) -> str | None:
    """The source of what is run before a request, None where it is in another file."""
    if isinstance(hook, ast.Lambda):
        return ast.unparse(hook)
    named = [
        node
        for node in walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == ast.unparse(hook)
    ]
    return ast.unparse(named[0]) if len(named) == 1 else None


def _hooked(decorator: ast.expr) -> str | None:
    """What `@app.before_request`, `@app.middleware("http")` or aiohttp's `@web.middleware` is put on."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in {"before_request", "middleware"} and isinstance(function, ast.Attribute):
        return ast.unparse(function.value)
    return "" if name in {"before_app_request", "middleware"} else None
