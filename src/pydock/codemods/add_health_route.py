"""A route /health that answers "OK", for probes to ask.

A connection to the port only proves that something listens. A route that the application itself
answers proves that it imports, starts and gets around to requests, and costs nothing.

The route stands with the others: in the application's file for Flask, Quart, FastAPI, Starlette
and aiohttp, in urls.py for Django, in `do_GET` for `http.server`; before a route that would take
the request first. It asks nothing of a database: a probe that does makes Docker restart a service
that is well. Where the health check of the image was a mere connection, it asks the route now.

Refused: an application that is made in a way that pydock cannot follow, and one where a login or
the like stands before every route, for the probe would meet it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pydock.codemods.codemod import Change, Codemod, Example
from pydock.codemods.health_routes import (
    NotUnderstoodError,
    Routed,
    with_branch,
    with_decorated,
    with_pattern,
    with_registered,
    with_route_listed,
)
from pydock.codemods.source import Source, read_source
from pydock.project import Project
from pydock.service.app import App, app
from pydock.service.health_check.routes import without_health_route

EXAMPLES = (
    Example(
        before="""\
from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "Hello"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
""",
        after="""\
from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "Hello"


@app.route("/health")
def health():
    return "OK"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
""",
    ),
    Example(
        before="""\
import uvicorn
from fastapi import FastAPI


def create_app() -> FastAPI:
    app = FastAPI()

    @app.get("/{name}")
    async def greet(name: str) -> str:
        return f"Hello {name}"

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="0.0.0.0")
""",
        after="""\
import uvicorn
from fastapi import FastAPI


def create_app() -> FastAPI:
    app = FastAPI()

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/{name}")
    async def greet(name: str) -> str:
        return f"Hello {name}"

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="0.0.0.0")
""",
    ),
    Example(
        path="shop/urls.py",
        before="""\
from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]
""",
        after="""\
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path


def health(request):
    return HttpResponse("OK")


urlpatterns = [
    path("health/", health),
    path("admin/", admin.site.urls),
]
""",
        files={
            "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD exec gunicorn -b :8000 shop.wsgi\n",
            "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\n\n"
            "application = get_wsgi_application()\n",
        },
    ),
    Example(
        before="""\
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def index(request):
    return JSONResponse({"hello": "world"})


routes = [Route("/{name:path}", index)]
app = Starlette(routes=routes)

if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0")
""",
        after="""\
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route


async def index(request):
    return JSONResponse({"hello": "world"})


async def health(request):
    return PlainTextResponse("OK")


routes = [Route("/health", health), Route("/{name:path}", index)]
app = Starlette(routes=routes)

if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0")
""",
    ),
    Example(
        before="""\
from aiohttp import web


async def index(request):
    return web.Response(text="Hello")


app = web.Application()
app.router.add_get("/", index)

web.run_app(app)
""",
        after="""\
from aiohttp import web


async def index(request):
    return web.Response(text="Hello")


async def health(request):
    return web.Response(text="OK")


app = web.Application()
app.router.add_get("/health", health)
app.router.add_get("/", index)

web.run_app(app)
""",
    ),
    Example(
        path="server.py",
        before="""\
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Hello")


HTTPServer(("", 8000), Handler).serve_forever()
""",
        after="""\
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Hello")


HTTPServer(("", 8000), Handler).serve_forever()
""",
    ),
    Example(
        before="""\
from flask import Flask, abort, session

app = Flask(__name__)


@app.before_request
def require_login():
    if "user" not in session:
        abort(401)


app.run(host="0.0.0.0")
""",
        refuses=True,
    ),
    Example(
        before="""\
from flask import Flask

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return "fine"


app.run(host="0.0.0.0")
""",
    ),
)

_WAYS: Mapping[str, Callable[[Source, App, Project], Routed]] = {
    "flask": with_decorated,
    "quart": with_decorated,
    "fastapi": with_decorated,
    "starlette": with_route_listed,
    "aiohttp": with_registered,
    "django": with_pattern,
}


def changes(project: Project) -> Iterator[Change]:
    application = without_health_route(project)
    if application is None:
        return
    add = with_branch if application.framework.startswith("http.server") else _WAYS.get(application.framework)
    path = _django_urls(project, application) if application.framework == "django" else application.path
    source = read_source(project, path)
    if source is None or add is None:
        return
    try:
        routed = add(source, application, project)
    except NotUnderstoodError as error:
        yield Change(source, source.span(error.node or source.module), str(error))
        return
    edits = source.edits(routed.replacements, routed.imports)
    after = app(project.again(project.tree.edited(edits)))
    if after is None or after.health is None:
        why = "it is not certain that /health would be answered: something like a login may stand before every route"
        yield Change(source, source.span(routed.place), why)
        return
    yield Change(source, source.span(routed.place), f"add the route {after.health}", edits)


def _django_urls(project: Project, application: App) -> str:
    """The urls.py of the project whose wsgi.py, asgi.py or manage.py is served."""
    folder = application.path.rpartition("/")[0]
    beside = f"{folder}/urls.py" if folder else "urls.py"
    if project.tree.has_file(beside):
        return beside
    found = [path for path in project.tree.files if path.endswith("/wsgi.py")]
    return f"{found[0].rpartition('/')[0]}/urls.py" if len(found) == 1 else ""


CODEMOD = Codemod("add-health-route", "PYD414", changes, __doc__ or "", EXAMPLES)
