"""SIGTERM does not reach the service, or finds nobody who listens.

Linux delivers to the first process of a container only the signals it asked for. A plain Python
server did not ask for SIGTERM: `docker stop` waits ten seconds in vain and then kills it, with
the requests it was serving. gunicorn, uvicorn and their like do handle it.

Only shown: the cure is a handler in the application, or SIGINT, which Python turns into
KeyboardInterrupt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.project import Project, compose
from pydock.project.app import app
from pydock.project.listeners import Server
from pydock.project.server import server
from pydock.project.wrappers import INITS
from pydock.rule import Example, Finding, Rule

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_SERVER = "from http.server import HTTPServer, SimpleHTTPRequestHandler as H\n\nserver = HTTPServer(('', 80), H)\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["python", "server.py"]\n',
        files={"server.py": f"{_SERVER}server.serve_forever()\n"},
        finds=True,
    ),
    Example(
        before=f'{_BASE}CMD ["python", "server.py"]\n',
        files={"server.py": f"import signal\n{_SERVER}signal.signal(signal.SIGTERM, lambda *_: server.shutdown())\n"},
    ),
    Example(before=f'{_BASE}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n'),
)

# Frameworks and servers that answer SIGTERM themselves.
_HANDLE_IT = re.compile(r"uvicorn|aiohttp|sanic|quart|nicegui|grpc")
_DEAF = frozenset({"flask", "waitress", "http.server"})


def check(project: Project) -> Iterator[Finding]:
    found = server(project)
    if found is None or found.start.span is None or _is_handled(project, found):
        return
    application = app(project)
    runs = application.runs if application and found.kind == "python" else ()
    deaf = [run for run in runs if not _HANDLE_IT.search(run.kind)]
    names = [name.removeprefix("signal.") for name in application.signals] if application else []
    # A name that is no constant comes from a loop over signals, SIGTERM most likely among them.
    listens = any(name == "SIGTERM" or not name.startswith("SIG") for name in names)
    if listens or not (deaf or found.kind in _DEAF):
        return
    name = deaf[0].kind if deaf else found.kind
    yield Finding(
        RULE,
        found.start.span,
        f"{name} does not handle SIGTERM, which is how a container is told to stop",
        cost="each stop takes ten seconds and cuts off the requests that are being served",
        advice="Handle SIGTERM in the source, or set STOPSIGNAL SIGINT, which Python turns into KeyboardInterrupt.",
    )


def _is_handled(project: Project, found: Server) -> bool:
    """Whether another signal is sent, or an init in front makes the default action end the process."""
    stop = next((entry for stage in project.lineage(project.final) if (entry := stage.last("STOPSIGNAL"))), None)
    services = compose.services(project)
    has_init = bool(INITS & set(found.start.wrappers)) or (bool(services) and all(entry.init for entry in services))
    return has_init or (stop is not None and stop.value.strip() not in {"SIGTERM", "15"})


RULE = Rule("PYD413", "no-graceful-shutdown", check, __doc__, EXAMPLES)
