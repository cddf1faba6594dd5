"""Which classes and functions make an application object, by their dotted names."""

from __future__ import annotations

FRAMEWORKS = {
    "flask.Flask": ("flask", "wsgi"),
    "quart.Quart": ("quart", "asgi"),
    "fastapi.FastAPI": ("fastapi", "asgi"),
    "starlette.applications.Starlette": ("starlette", "asgi"),
    "litestar.Litestar": ("litestar", "asgi"),
    "sanic.Sanic": ("sanic", "asgi"),
    "aiohttp.web.Application": ("aiohttp", "aiohttp"),
    "bottle.Bottle": ("bottle", "wsgi"),
    "falcon.App": ("falcon", "wsgi"),
    "falcon.asgi.App": ("falcon", "asgi"),
    "dash.Dash": ("dash", "wsgi"),
    "connexion.App": ("connexion", "wsgi"),
    "apiflask.APIFlask": ("flask", "wsgi"),
    "connexion.FlaskApp": ("connexion", "wsgi"),
    "connexion.AsyncApp": ("connexion", "asgi"),
    "flask_openapi3.OpenAPI": ("flask", "wsgi"),
    "flask_api.FlaskAPI": ("flask", "wsgi"),
    "quart_trio.QuartTrio": ("quart", "asgi"),
    "starlite.Starlite": ("litestar", "asgi"),
    "blacksheep.Application": ("blacksheep", "asgi"),
    "bottle.default_app": ("bottle", "wsgi"),
    "bottle.app": ("bottle", "wsgi"),
    "falcon.API": ("falcon", "wsgi"),
    "tornado.web.Application": ("tornado", "tornado"),
    "gradio.Blocks": ("gradio", "asgi"),
    "gradio.Interface": ("gradio", "asgi"),
    "gradio.ChatInterface": ("gradio", "asgi"),
    "gradio.TabbedInterface": ("gradio", "asgi"),
    "mcp.server.fastmcp.FastMCP": ("mcp", "asgi"),
    "fastmcp.FastMCP": ("mcp", "asgi"),
    "configurations.wsgi.get_wsgi_application": ("django", "wsgi"),
    "configurations.asgi.get_asgi_application": ("django", "asgi"),
    "channels.routing.ProtocolTypeRouter": ("django", "asgi"),
    "channels.routing.get_default_application": ("django", "asgi"),
    "django.core.wsgi.get_wsgi_application": ("django", "wsgi"),
    "django.core.asgi.get_asgi_application": ("django", "asgi"),
}
_REEXPORTED = {"fastapi.applications": "fastapi", "flask.app": "flask", "aiohttp.web_app": "aiohttp.web"}
WORKERS = {
    "celery.Celery": ("celery", "worker"),
    "huey.RedisHuey": ("huey", "worker"),
    "huey.SqliteHuey": ("huey", "worker"),
    "faust.App": ("faust", "worker"),
}


def framework_of(dotted: str) -> tuple[str, str] | None:
    """(framework, kind) of an application's class or maker by its dotted name."""
    head, _, tail = dotted.rpartition(".")
    return FRAMEWORKS.get(f"{_REEXPORTED.get(head, head)}.{tail}")
