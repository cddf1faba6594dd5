"""A handler for SIGTERM beside the line where the program waits.

`docker stop` sends SIGTERM, and the first process of a container only gets the signals it asked
for: without a handler each stop takes ten seconds and ends with SIGKILL.

A server of the standard library finishes its request and returns from `serve_forever()`. A loop
that sleeps finishes its round, and its sleep ends at once. Anything else that waits, such as
`app.run()` or `asyncio.run()`, is ended by SystemExit, as `sys.exit()` would: `finally`, `with` and
atexit do their work. The handler is written where the program itself starts to wait and nowhere
else, so a worker of gunicorn or Celery that imports the file keeps its own.

Refused: a wait in a function that nothing in its file calls (it may run in a thread, where Python
allows no handlers), a loop that catches everything, a name that already means something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from pydock.codemods.codemod import Change, Codemod, Example
from pydock.codemods.main_thread import Refused, catches_everything, refuse_lasting, refuse_threads
from pydock.codemods.source import Replacement, Source, Statement, read_source, text_of
from pydock.project import Project
from pydock.service.shutdown import LOOP, Wait, deaf_wait
from pydock.values import Value, field

EXAMPLES = (
    Example(
        path="server.py",
        before="""\
from http.server import HTTPServer, SimpleHTTPRequestHandler

if __name__ == "__main__":
    server = HTTPServer(("", 8000), SimpleHTTPRequestHandler)
    server.serve_forever()
""",
        after="""\
import signal
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler

if __name__ == "__main__":
    server = HTTPServer(("", 8000), SimpleHTTPRequestHandler)
    # docker stop sends SIGTERM: finish the request, then end
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
""",
    ),
    Example(
        path="worker.py",
        before="""\
import time


def work():
    print("working", flush=True)


def main():
    while True:
        work()
        time.sleep(60)  # a minute


main()
""",
        after="""\
import signal
import threading


def work():
    print("working", flush=True)


def main():
    stop = threading.Event()
    # docker stop sends SIGTERM: finish this round, then end
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.is_set():
        work()
        stop.wait(60)  # a minute


main()
""",
    ),
    Example(
        before="""\
from flask import Flask

app = Flask(__name__)


if __name__ == "__main__":
    app.run(host="0.0.0.0")
""",
        after="""\
import signal
import sys

from flask import Flask

app = Flask(__name__)


if __name__ == "__main__":
    # docker stop sends SIGTERM: end as sys.exit() does, with finally and atexit
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app.run(host="0.0.0.0")
""",
    ),
    Example(
        path="poll.py",
        before="""\
import asyncio


async def main():
    while True:
        await asyncio.sleep(60)


asyncio.run(main())
""",
        after="""\
import asyncio
import signal
import sys


async def main():
    while True:
        await asyncio.sleep(60)


# docker stop sends SIGTERM: end as sys.exit() does, with finally and atexit
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
asyncio.run(main())
""",
    ),
    Example(
        path="worker.py",
        before="""\
import queue

jobs = queue.Queue()
while True:
    try:
        print(jobs.get())
    except:
        pass
""",
        refuses=True,
    ),
    Example(
        before="""\
import threading
from flask import Flask

app = Flask(__name__)
threading.Thread(target=print).start()
app.run(host="0.0.0.0")
""",
        refuses=True,
    ),
    Example(
        path="server.py",
        before="""\
import signal
import sys
from http.server import HTTPServer, SimpleHTTPRequestHandler

server = HTTPServer(("", 8000), SimpleHTTPRequestHandler)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server.serve_forever()
""",
    ),
)

_SHUT_DOWN = ("http.server.", "socketserver.", "wsgiref.", "xmlrpc.")
_STRANGE = ("eventlet", "gevent", "asyncio.start_server", "asyncio.create_server", "websockets", "tornado", "twisted")
_WHY = "# docker stop sends SIGTERM: "
_SHUTDOWN = (
    f"{_WHY}finish the request, then end\n"
    "signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target={name}.shutdown).start())\n"
)
_EVENT = (
    "{name} = threading.Event()\n"
    f"{_WHY}finish this round, then end\n"
    "signal.signal(signal.SIGTERM, lambda *_: {name}.set())\n"
)
_EXIT = (
    f"{_WHY}end as sys.exit() does, with finally and atexit\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
)


class _Handled(Value):
    """The handler's statements in front of `place`, or of what comes `instead` of it, and what else changes."""

    place: Statement
    text: str
    imports: tuple[str, ...]
    replacements: Mapping[cst.CSTNode, Replacement] = field(default_factory=dict)
    instead: Statement | None = None
    unused: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def changes(project: Project) -> Iterator[Change]:
    wait = deaf_wait(project)
    source = read_source(project, wait.path) if wait is not None and wait.path else None
    statement = source.statement_at(wait.line) if source and wait else None
    if wait is None or source is None or statement is None:
        return
    try:
        handled = _handled(source, statement, wait)
        refuse_threads(project, source, handled.place)
        if taken := source.bound.intersection(handled.imports):
            raise Refused(f"{min(taken)} is no module in this file but something of its own", handled.place)
    except Refused as refusal:
        yield Change(source, source.span(refusal.node), str(refusal))
        return
    replacements = {**handled.replacements, handled.place: _with_handler(source, handled)}
    edits = source.edits(replacements, handled.imports, handled.unused)
    yield Change(source, source.span(handled.place), "stop at SIGTERM", edits, handled.doubts)


def _with_handler(source: Source, handled: _Handled) -> Replacement:
    """The place with the handler in front; blank lines above it stay above, its comments stay with it."""

    def replace(updated: cst.CSTNode) -> cst.FlattenSentinel[cst.CSTNode]:
        first, *rest = source.parsed(handled.text)
        place = handled.instead or cst.ensure_type(updated, type(handled.place))
        lines = place.leading_lines
        blank = next((at for at, line in enumerate(lines) if line.comment), len(lines))
        first = first.with_changes(leading_lines=(*lines[:blank], *first.leading_lines))
        return cst.FlattenSentinel([first, *rest, place.with_changes(leading_lines=lines[blank:])])

    return replace


def _handled(source: Source, statement: Statement, wait: Wait) -> _Handled:
    if wait.kind == LOOP and isinstance(statement, cst.While):
        return _loop(source, statement)
    if wait.kind.startswith(_SHUT_DOWN):
        return _serve_forever(source, statement)
    if wait.kind.startswith(_STRANGE):
        raise Refused(f"pydock does not know how {wait.kind} is stopped from a signal handler", statement)
    if isinstance(statement, cst.SimpleStatementLine):
        refuse_lasting(source)
        return _Handled(statement, _EXIT, ("signal", "sys"))
    raise Refused("the call that waits is not a statement of its own", statement)


def _serve_forever(source: Source, made: Statement) -> _Handled:
    """A server of the standard library: shutdown() waits for the loop, so it has a thread of its own."""
    direct = [call for call in _serving(source) if source.statement(call) is made]
    if direct:
        return _named(source, made, direct[0])
    name = _target(made)
    calls = [call for call in _serving(source) if text_of(cst.ensure_type(call.func, cst.Attribute).value) == name]
    place = source.statement(calls[0]) if name and len(calls) == 1 else None
    if place is None or not isinstance(place, cst.SimpleStatementLine):
        raise Refused("pydock does not see where this server's serve_forever() is called", made)
    return _Handled(place, _SHUTDOWN.format(name=name), ("signal", "threading"))


def _serving(source: Source) -> list[cst.Call]:
    return [
        call
        for call in source.find(cst.Call)
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "serve_forever"
    ]


def _named(source: Source, place: Statement, call: cst.Call) -> _Handled:
    """`HTTPServer(...).serve_forever()` with a name for the server."""
    name = source.free_name("server", "httpd", "http_server")
    served = cst.ensure_type(call.func, cst.Attribute).value
    is_alone = isinstance(place, cst.SimpleStatementLine) and source.is_statement(call)
    if not name or not is_alone or "\n" in text_of(served):
        raise Refused("the server has no name that a handler could use", place)
    text = f"{name} = {text_of(served)}\n{_SHUTDOWN.format(name=name)}"
    plain = cst.ensure_type(place.deep_replace(served, cst.Name(name)), cst.SimpleStatementLine)
    return _Handled(place, text, ("signal", "threading"), instead=plain)


def _target(statement: Statement) -> str:
    """The name that a statement gives to what it makes."""
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[target])]):
            return text_of(target.target)
        case cst.SimpleStatementLine(body=[cst.AnnAssign(target=target)]):
            return text_of(target)
        case cst.With(items=[cst.WithItem(asname=cst.AsName(name=name))]):
            return text_of(name)
        case _:
            return ""


def _loop(source: Source, loop: cst.While) -> _Handled:
    """A loop that sleeps waits for the end instead; one that does not is ended where it is."""
    sleeps = [
        call
        for call in source.calls("time.sleep")
        if loop in source.parents(call) and source.function(call) is source.function(loop) and source.is_statement(call)
    ]
    if not sleeps:
        if greedy := catches_everything(source, loop):
            raise Refused("the loop catches everything, SystemExit too", greedy)
        refuse_lasting(source)
        return _Handled(loop, _EXIT, ("signal", "sys"), doubts=("the piece of work in its hands is cut off",))
    name = source.free_name("stop", "stopping", "stop_event")
    if not name or len(sleeps[0].args) != 1:
        raise Refused("no name is free for what says that it is time to stop", loop)
    test = cst.UnaryOperation(cst.Not(), cst.parse_expression(f"{name}.is_set()"))
    waiting = cst.parse_expression(f"{name}.wait")
    replacements: dict[cst.CSTNode, Replacement] = {call.func: lambda _: waiting.deep_clone() for call in sleeps}
    replacements[loop.test] = lambda _: test
    imported = "time.sleep" if isinstance(sleeps[0].func, cst.Name) else "time"
    uses = [call.func for call in sleeps]
    unused = (imported,) if source.is_only_use(imported.rpartition(".")[2], uses) else ()
    return _Handled(loop, _EVENT.format(name=name), ("signal", "threading"), replacements, unused=unused)


CODEMOD = Codemod("handle-sigterm", "PYD413", changes, __doc__ or "", EXAMPLES)
