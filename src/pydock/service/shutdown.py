"""Where the service's own process waits, and whether SIGTERM would end it there.

Linux delivers to the first process of a container only the signals that it asked for, so a program
that says nothing about SIGTERM does not get it: https://man7.org/linux/man-pages/man7/pid_namespaces.7.html.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pydock.patterns import regex
from pydock.project import Project, compose
from pydock.project.memory import remembered
from pydock.service.app import App, app
from pydock.service.code.module import read_module
from pydock.service.listeners import Server
from pydock.service.server import server
from pydock.shell import INITS
from pydock.source import syntax, walk
from pydock.values import Value

LOOP, ASYNC_LOOP = "a loop", "asyncio"
# Frameworks and servers that answer SIGTERM themselves.
_HANDLE_IT = regex(r"uvicorn|aiohttp|sanic|quart|nicegui|grpc|hypercorn|gradio|streamlit|mcp|twisted")
_ASKS = regex(r"SIGTERM|sigwait|signalfd|signal\.signal\(\s*(?!signal\.SIG)\w+\s*,|GracefulKiller")
# `uv run` starts the program beside itself; poetry and pipenv put it in their own place.
_HAND_ON = INITS | {"uv"}
_DEAF = frozenset({"flask", "waitress", "http.server"})
_DEEPEST = 3


class Wait(Value):
    """A place where the main process waits for ever, deaf to SIGTERM.

    `kind` is LOOP, ASYNC_LOOP, a framework or the dotted name of a call. `path` and `line` are
    where it stands in the context; "" and 0 for a program that is not the project's own.
    """

    kind: str
    path: str = ""
    line: int = 0


@remembered
def deaf_wait(project: Project) -> Wait | None:
    """Where the image's main process waits without hearing SIGTERM, None where it hears or nothing is certain."""
    found = server(project)
    return None if found is None or _is_passed_on(project, found) else deaf_program(project)


@remembered
def deaf_program(project: Project) -> Wait | None:
    """The same of the service's own program, as if it were the first process."""
    found, application = server(project), app(project)
    if found is None or found.start.span is None or _is_another_sent(project):
        return None
    if found.kind in _DEAF:
        return None if application and _asks(project, application) else Wait(found.kind)
    if found.kind != "python" or application is None or _asks(project, application):
        return None
    if application.runs:
        return _listening(project, application)
    return next(_waits(project, application.reached[0]), None) if application.reached else None


def _listening(project: Project, application: App) -> Wait | None:
    """The first of the calls that listen, where none of them handles the signal."""
    # Flask's reloader, which debug mode turns on, answers SIGTERM.
    if any(run.is_debug or _HANDLE_IT.search(run.kind) for run in application.runs):
        return None
    for path in application.reached:
        for run in read_module(project.tree.text(path) or "").runs:
            if run in application.runs:
                return Wait(run.kind, path, run.line)
    return None


def _asks(project: Project, application: App) -> bool:
    """Whether the source says something about signals; a name that is no constant is most likely SIGTERM too."""
    names = [name.removeprefix("signal.") for name in application.signals]
    if any(name == "SIGTERM" or not name.startswith("SIG") for name in names):
        return True
    return any(_ASKS.search(project.tree.text(path) or "") for path in application.reached)


def _is_passed_on(project: Project, found: Server) -> bool:
    """Whether what stands in front hands the signal to the program, whose default is to end."""
    services = compose.services(project)
    is_behind = bool(_HAND_ON & set(found.start.wrappers))
    return is_behind or (bool(services) and all(entry.init for entry in services))


def _is_another_sent(project: Project) -> bool:
    stop = next((entry for stage in project.lineage(project.final) if (entry := stage.last("STOPSIGNAL"))), None)
    return stop is not None and stop.value.strip() not in {"SIGTERM", "15"}


def _waits(project: Project, path: str) -> Iterator[Wait]:
    """The endless loops that a script gets into when it is run."""
    tree = syntax(project.tree.text(path) or "")
    if tree is None:
        return
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for statement in _run_by(tree.body, functions, _DEEPEST):
        if isinstance(statement, ast.While) and is_endless(statement):
            yield Wait(LOOP, path, statement.lineno)
        elif _is_endless_function(functions.get(_asyncio_main(statement))):
            yield Wait(ASYNC_LOOP, path, statement.lineno)


def _is_endless_function(function: ast.AST | None) -> bool:
    return function is not None and any(isinstance(node, ast.While) and is_endless(node) for node in walk(function))


def _run_by(
    body: list[ast.stmt], functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef], depth: int
) -> Iterator[ast.stmt]:
    """The statements that the main thread runs into: blocks, and functions of the file that are called by name."""
    for statement in body:
        yield statement
        match statement:
            case ast.If() | ast.With() | ast.Try():
                inner = [*statement.body, *getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])]
                yield from _run_by(inner, functions, depth)
            case (
                ast.Expr(value=ast.Call(func=ast.Name(id=name)))
                | ast.Expr(value=ast.Call(args=[ast.Call(func=ast.Name(id=name))]))
            ):
                function = functions.get(name)
                if isinstance(function, ast.FunctionDef) and depth:
                    yield from _run_by(function.body, functions, depth - 1)
            case _:
                pass


def is_endless(loop: ast.While) -> bool:
    """Whether a loop has no end of its own: `while True` that is left by Ctrl-C or an error at most."""
    if not (isinstance(loop.test, ast.Constant) and loop.test.value) or loop.orelse:
        return False
    return not any(_leaves(statement, is_inner=False) for statement in loop.body)


def _leaves(node: ast.AST, *, is_inner: bool) -> bool:
    match node:
        case ast.Return():
            return True
        case ast.ExceptHandler(type=kind) if kind is not None and "KeyboardInterrupt" in ast.unparse(kind):
            return False
        case ast.Break():
            return not is_inner
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
            return False
        case ast.Call(func=ast.Attribute(attr="exit") | ast.Name(id="exit" | "quit") | ast.Attribute(attr="_exit")):
            return True
        case ast.While() | ast.For() | ast.AsyncFor():
            return any(_leaves(child, is_inner=True) for child in ast.iter_child_nodes(node))
        case _:
            return any(_leaves(child, is_inner=is_inner) for child in ast.iter_child_nodes(node))


def is_entry_point(project: Project, path: str, function: str) -> bool:
    """Whether a function of a file is where the program begins: a console script, or called by `__main__.py`."""
    dotted = path.removesuffix(".py").replace("/", ".")
    for name in ("pyproject.toml", "setup.cfg", "setup.py"):
        for match in re.finditer(rf"([\w.]+):{re.escape(function)}\b", project.tree.text(name) or ""):
            if dotted == match[1] or dotted.endswith(f".{match[1]}"):
                return True
    application = app(project)
    entry = application.reached[0] if application and application.reached else ""
    tree = syntax(project.tree.text(entry) or "") if entry != path else None
    for statement in _run_by(tree.body, {}, 0) if tree else ():
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))) if name == function:
                return True
            case _:
                pass
    return False


def _asyncio_main(statement: ast.stmt) -> str:
    """The function that `asyncio.run(function())` runs."""
    match statement:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id="asyncio"), attr="run"),
                args=[ast.Call(func=ast.Name(id=name)), *_],
            )
        ):
            return name
        case _:
            return ""
