"""Whether a signal handler can be set where a program waits, and whether it would end what waits there."""

from __future__ import annotations

import libcst as cst

from pydock.codemods.source import Source, Statement, text_of
from pydock.project import Project
from pydock.service.shutdown import is_entry_point


class Refused(ValueError):
    """Why a wait is left as it is; the node says where."""

    def __init__(self, why: str, node: cst.CSTNode) -> None:
        super().__init__(why)
        self.node = node


def catches_everything(source: Source, loop: cst.While) -> cst.ExceptHandler | None:
    """A handler in the loop that SystemExit would end in."""
    for handler in source.find(cst.ExceptHandler):
        kind = text_of(handler.type) if handler.type is not None else "BaseException"
        if ("BaseException" in kind or "SystemExit" in kind) and loop in source.parents(handler):
            return handler
    return None


def refuse_lasting(source: Source) -> None:
    """Raise where another thread keeps the process when the main one has ended."""
    started = source.calls("threading.Thread")
    if started and "daemon" not in source.text:
        raise Refused("this thread goes on when the main one has ended", started[0])


def refuse_threads(project: Project, source: Source, place: Statement) -> None:
    """Raise where the place may not be run by the main thread: only that may set handlers."""
    function = source.function(place)
    if function is None:
        return
    name = function.name.value if isinstance(function, cst.FunctionDef) else "a lambda"
    is_plain = isinstance(function, cst.FunctionDef) and function.asynchronous is None
    calls = [call for call in source.find(cst.Call) if isinstance(call.func, cst.Name) and call.func.value == name]
    is_called = any(source.function(call) is None for call in calls) or is_entry_point(project, source.path, name)
    if not is_plain or not is_called or source.is_method(function):
        raise Refused(f"the wait is in {name}, which may not be run by the main thread", place)
