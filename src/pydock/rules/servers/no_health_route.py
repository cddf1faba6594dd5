"""The web application has no health route.

A connection to the port only proves that something listens. Whoever probes the service, be it
Docker, a load balancer or Kubernetes, has nothing cheap and honest to ask, and falls back to a
page that may be slow, need a login, or answer while the database is gone.

The cure is in the source: the codemod `add-health-route` writes one, when it is asked to. Without
that it is only shown, for a route is the application's own business.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.health_check.routes import without_health_route
from pydock.service.server import server

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_APP = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/{}')\ndef route():\n    return 'ok'\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["gunicorn", "-b", ":80", "app:app"]\n', files={"app.py": _APP.format("items")}, finds=True
    ),
    Example(before=f'{_BASE}CMD ["gunicorn", "-b", ":80", "app:app"]\n', files={"app.py": _APP.format("healthz")}),
    Example(before=f'{_BASE}CMD ["python", "job.py"]\n', files={"job.py": "print('done')\n"}),
)

# Frameworks that the codemod knows; http.server is called by its full name.
_WRITTEN = frozenset(["flask", "quart", "fastapi", "starlette", "aiohttp", "django"])


def check(project: Project) -> Iterator[Finding]:
    found, application = server(project), without_health_route(project)
    if found is None or found.start.span is None or application is None:
        return
    name = application.framework
    by_codemod = "`pydock fix --codemods add-health-route` writes one. " if name in _WRITTEN or "." in name else ""
    yield Finding(
        RULE,
        found.start.span,
        f"{application.path}: pydock sees no route such as /health in this {name} service",
        cost="probes can only ask whether the port is open",
        advice=f"{by_codemod}A good route answers 200 without a login, and fails when the service cannot do its work.",
    )


RULE = Rule("PYD414", "no-health-route", check, __doc__, EXAMPLES, level=Level.NOTE)
