"""SIGTERM does not reach the service, or finds nobody who listens.

Linux delivers to the first process of a container only the signals it asked for. A plain Python
server or loop did not ask for SIGTERM: `docker stop` waits ten seconds in vain and then kills it,
with the requests or the piece of work in its hands. gunicorn, uvicorn and their like do handle it.

The cure is a handler in the application, which the codemod `handle-sigterm` writes. Without one,
STOPSIGNAL SIGINT makes Docker send what Ctrl-C sends, and Python raises KeyboardInterrupt. Unsafe:
that interrupts what is being done, and a program may mean something else by it.

A server that is told to take longer over its last requests than Docker waits is killed, too: the
finding names both times.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project, compose
from pydock.rule import Example, Finding, Rule
from pydock.service.listeners import Server
from pydock.service.server import server
from pydock.service.shutdown import ASYNC_LOOP, LOOP, Wait, deaf_wait
from pydock.system.layout import inserted_above_start
from pydock.text import Fix, Safety, Span

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_SERVER = "from http.server import HTTPServer, SimpleHTTPRequestHandler as H\n\nserver = HTTPServer(('', 80), H)\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["python", "server.py"]\n',
        after=f'{_BASE}# Python as PID 1 ignores SIGTERM\nSTOPSIGNAL SIGINT\nCMD ["python", "server.py"]\n',
        files={"server.py": f"{_SERVER}server.serve_forever()\n"},
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}CMD ["python", "server.py"]\n',
        files={"server.py": f"import signal\n{_SERVER}signal.signal(signal.SIGTERM, lambda *_: server.shutdown())\n"},
    ),
    Example(before=f'{_BASE}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n'),
    Example(before=f'{_BASE}CMD ["gunicorn", "-b", ":80", "--graceful-timeout=60", "app:app"]\n', finds=True),
)

# What `docker stop` and compose wait before SIGKILL, https://docs.docker.com/reference/cli/docker/container/stop/.
_PATIENCE = 10
_TIMEOUTS = {"uvicorn": "--timeout-graceful-shutdown", "hypercorn": "--graceful-timeout"}


def check(project: Project) -> Iterator[Finding]:
    wait, found = deaf_wait(project), server(project)
    if found is None or found.start.span is None:
        return
    if wait is not None:
        yield _deaf(project, found, wait)
    yield from _slow(project, found)


def _deaf(project: Project, found: Server, wait: Wait) -> Finding:
    names = {LOOP: "the loop", ASYNC_LOOP: "the asyncio program"}
    what = f"{names.get(wait.kind, wait.kind)} at {wait.path}:{wait.line}" if wait.path else wait.kind
    fix = _stop_signal(project, found)
    codemod = "`pydock fix --codemods handle-sigterm` writes a handler into the source." if wait.path else ""
    by_hand = "" if fix else "Set STOPSIGNAL SIGINT, which Python turns into KeyboardInterrupt."
    return Finding(
        RULE,
        found.start.span or Span(0, 0),
        f"{what} does not handle SIGTERM, which is how a container is told to stop",
        fix,
        cost="each stop takes ten seconds, and SIGKILL cuts off requests in progress",
        advice=codemod or by_hand,
    )


def _stop_signal(project: Project, found: Server) -> Fix | None:
    """STOPSIGNAL in front of the command, where Python is the first process and so gets the signal itself."""
    place = project.final.last("CMD") or project.final.last("ENTRYPOINT")
    start = found.start
    is_first = (
        start.role == "start" and set(start.wrappers) <= {"exec"} and (not start.in_shell or bool(start.wrappers))
    )
    if place is None or not is_first or start.instruction is None:
        return None
    reason = "# Python as PID 1 ignores SIGTERM"
    edit = inserted_above_start(project, project.final, f"{reason}\nSTOPSIGNAL SIGINT")
    doubt = "KeyboardInterrupt interrupts whatever is being done, and a program may take it for something else"
    changes = frozenset({"stop_signal"})
    return Fix("set STOPSIGNAL SIGINT: Python as PID 1 ignores SIGTERM", Safety.UNSAFE, (edit,), changes, (doubt,))


def _slow(project: Project, found: Server) -> Iterator[Finding]:
    """A server that is given more time to finish than Docker gives the container."""
    services = [entry for entry in compose.services(project) if entry.stop_grace_period]
    seconds = _graceful_timeout(found)
    if seconds is None or seconds <= _PATIENCE or services or found.start.span is None:
        return
    yield Finding(
        RULE,
        found.start.span,
        f"{found.kind} may take {seconds} seconds to finish its requests, and docker stop waits {_PATIENCE}",
        cost="requests that take longer than that are cut off by SIGKILL at each stop",
        advice=f"Start it with `docker run --stop-timeout {seconds + 5}`, `stop_grace_period: {seconds + 5}s` in "
        "compose or terminationGracePeriodSeconds in Kubernetes.",
    )


def _graceful_timeout(found: Server) -> int | None:
    """The seconds that somebody set, None where the default is in force."""
    if found.gunicorn is not None:
        text = found.gunicorn.value("graceful_timeout")
    else:
        word = found.command.option(_TIMEOUTS[found.kind]) if found.kind in _TIMEOUTS else None
        text = word.value if word else None
    return int(text) if text and text.isdigit() else None


RULE = Rule("PYD413", "no-graceful-shutdown", check, __doc__, EXAMPLES)
