"""The web application has no route that says whether it is well.

A connection to the port only proves that something listens. Whoever probes the service, be it
Docker, a load balancer or Kubernetes, has nothing cheap and honest to ask, and falls back to a
page that may be slow, need a login, or answer while the database is gone.

Only shown: a route is the application's own business.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.project.app import app
from pydock.project.server import server
from pydock.rule import Example, Finding, Rule

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_APP = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/{}')\ndef route():\n    return 'ok'\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["gunicorn", "-b", ":80", "app:app"]\n', files={"app.py": _APP.format("items")}, finds=True
    ),
    Example(before=f'{_BASE}CMD ["gunicorn", "-b", ":80", "app:app"]\n', files={"app.py": _APP.format("healthz")}),
    Example(before=f'{_BASE}CMD ["python", "job.py"]\n', files={"job.py": "print('done')\n"}),
)

_ROUTED = frozenset(
    ["flask", "quart", "fastapi", "starlette", "litestar", "sanic", "aiohttp", "bottle", "falcon", "django"]
)


def check(project: Project) -> Iterator[Finding]:
    found, application = server(project), app(project)
    if found is None or found.start.span is None or application is None or application.framework not in _ROUTED:
        return
    if application.health or application.health_like or _mentions(project, application.reached):
        return
    yield Finding(
        RULE,
        found.start.span,
        f"{application.path}: pydock sees no route such as /health in this {application.framework} service",
        cost="probes can only ask whether the port is open",
        advice="Add a route that answers 200 without a login, and fails when the service cannot do its work.",
    )


def _mentions(project: Project, paths: tuple[str, ...]) -> bool:
    """Whether a route is declared in a way that could not be followed."""
    return any("health" in (project.tree.text(path) or "").lower() for path in paths)


RULE = Rule("PYD414", "no-health-route", check, __doc__, EXAMPLES)
