"""What stands before every handler of an application and may turn a probe away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from pydock.project.sources import syntax

_HINT = re.compile(r"before_request|middleware|Middleware|BasicAuth|login_manager|basic_auth")
_NAMED = re.compile(
    r"\w*(?:BasicAuth|Auth|JWT|ApiKey|APIKey|Token|Login)\w*Middleware|TrustedHostMiddleware|AuthMiddleware\w*"
)
_REFUSES = re.compile(
    r"\b40[0134]\b|abort\(|Unauthorized|Forbidden|HTTPException|login_url|redirect\(|PermissionDenied"
)
_FORCED = re.compile(r"BASIC_AUTH_FORCE[\"'\]]*\s*=\s*True")


@lru_cache(maxsize=512)
def gates(text: str) -> tuple[str, ...]:
    """The source of everything in a file that may refuse any request; "" stands for what cannot be looked into."""
    tree = syntax(text) if _HINT.search(text) else None
    found = [] if tree is None else [*_guards(tree)]
    return (*found, *("" for _ in _FORCED.findall(text)))


def lets_in(gate: str, route: str) -> bool:
    """Whether a guard names the route, as one does that makes an exception for it."""
    return bool(gate) and route.rstrip("/") in gate


def _guards(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
                if any(_is_hook(decorator) for decorator in decorators) and _may_refuse(node):
                    yield ast.unparse(node)
            case ast.ClassDef(bases=bases) if any("Middleware" in ast.unparse(base) for base in bases):
                if _REFUSES.search(text := ast.unparse(node)):
                    yield text
            case ast.Call(func=ast.Attribute(attr="add_middleware"), args=[first, *_]):
                if _NAMED.fullmatch(ast.unparse(first).rpartition(".")[2]):
                    yield ""
            case ast.Call(func=ast.Name(id="Middleware"), args=[first, *_]):
                if _NAMED.fullmatch(ast.unparse(first).rpartition(".")[2]):
                    yield ""
            case ast.Call(func=ast.Attribute(attr="before_request"), args=[_, *_]):
                yield ""
            case _:
                pass


def _is_hook(decorator: ast.expr) -> bool:
    """`@app.before_request`, `@app.middleware("http")`, aiohttp's `@web.middleware`; not a blueprint's own."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"before_request", "before_app_request", "middleware"}


def _may_refuse(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a hook may answer by itself with something else than what the handler says."""
    return _REFUSES.search(ast.unparse(node)) is not None
