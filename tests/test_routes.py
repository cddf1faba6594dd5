"""Health routes as public services register them: each case is a small service and the route a probe may ask.

`? /x` is a route that is said to be unsure, "" says that none is known.
"""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.service.facts import facts

IMAGE = "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\n"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
BLUEPRINT = (
    "from flask import Blueprint\nbp = Blueprint('b', __name__)\n@bp.route('/health')\ndef ok():\n    return ''\n"
)
ROUTER = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/health')\ndef ok():\n    return {}\n"
OTHER = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/users')\ndef users():\n    return {}\n"

Files = dict[str, str]
FLASK_ROUTES: dict[str, tuple[Files, str]] = {
    "a function that is given the application under another name": (
        {
            "app.py": f"{FLASK}from routes import install\ninstall(app)\n",
            "routes.py": "def install(server):\n    @server.route('/health')\n    def ok():\n        return ''\n",
        },
        "/health",
    ),
    "a file that has its application from a factory and puts a route on it": (
        {
            "app.py": "from factory import create\napp = create()\n@app.route('/_status')\ndef ok():\n    return ''\n",
            "factory.py": "from flask import Flask\ndef create():\n    made = Flask('x')\n    return made\n",
        },
        "/_status",
    ),
    "a path with a constant of another file in it": (
        {
            "app.py": f"from paths import ROOT, Names\n{FLASK}@app.route(f'{{ROOT}}/{{Names.health}}')\ndef ok(): 0\n",
            "paths.py": "from enum import StrEnum\nROOT = '/internal'\nclass Names(StrEnum):\n    health = 'healthz'\n",
        },
        "/internal/healthz",
    ),
    "a member of an enumeration that is not written as its value": (
        {
            "app.py": f"from paths import Names\n{FLASK}@app.route(f'/{{Names.health}}')\ndef ok():\n    return ''\n",
            "paths.py": "from enum import Enum\nclass Names(Enum):\n    health = 'healthz'\n",
        },
        "",
    ),
    "a hook before every request that lets all of them in": (
        {"app.py": f"{FLASK}app.before_request(lambda: 0)\n@app.route('/health')\ndef ok():\n    return ''\n"},
        "/health",
    ),
    "a hook of another file, which may refuse": (
        {
            "app.py": f"from guard import ask\n{FLASK}app.before_request(ask)\n@app.route('/health')\ndef ok(): 0\n",
        },
        "? /health",
    ),
    "a function two files away that is given the application by keyword": (
        {
            "app.py": f"{FLASK}import setup_all\nsetup_all.everything(target=app)\n",
            "setup_all.py": "from routes import install\ndef everything(*, target):\n    install(target)\n",
            "routes.py": f"{BLUEPRINT}def install(other):\n    other.register_blueprint(bp, url_prefix='/v1')\n",
        },
        "/v1/health",
    ),
    "a factory that hands itself on": (
        {
            "app.py": "from flask import Flask\nfrom routes import install\ndef create_app():\n    a = Flask('x')\n"
            "    install(a)\n    return a\napp = create_app()\n",
            "routes.py": "def install(server):\n    server.add_url_rule('/health', view_func=lambda: '')\n",
        },
        "/health",
    ),
    "blueprints in a loop over a list": (
        {
            "app.py": f"{FLASK}from api import blueprints\nfor each in blueprints:\n    app.register_blueprint(each)\n",
            "api/__init__.py": "from api.health import bp as health\nfrom api.users import bp\n"
            "blueprints = [bp, health]\n",
            "api/health.py": BLUEPRINT,
            "api/users.py": "from flask import Blueprint\nbp = Blueprint('u', __name__)\n",
        },
        "/health",
    ),
    "blueprints in a loop over pairs with their prefixes": (
        {
            "app.py": f"{FLASK}from health import bp\nfor each, prefix in ((bp, '/api'),):\n"
            "    app.register_blueprint(each, url_prefix=prefix)\n",
            "health.py": BLUEPRINT,
        },
        "/api/health",
    ),
    "a blueprint in a blueprint": (
        {
            "app.py": f"{FLASK}from flask import Blueprint\nfrom health import bp\n"
            "api = Blueprint('api', __name__, url_prefix='/api')\napi.register_blueprint(bp)\n"
            "app.register_blueprint(api)\n",
            "health.py": BLUEPRINT,
        },
        "/api/health",
    ),
    "a class-based view with as_view": (
        {
            "app.py": f"{FLASK}from flask.views import MethodView\nclass Health(MethodView):\n    def get(self):\n"
            "        return ''\napp.add_url_rule('/health', view_func=Health.as_view('health'))\n"
        },
        "/health",
    ),
    "a resource of an Api on a blueprint": (
        {
            "app.py": f"{FLASK}from api import bp\napp.register_blueprint(bp)\n",
            "api.py": "from flask import Blueprint\nfrom flask_restful import Api, Resource\n"
            "bp = Blueprint('api', __name__, url_prefix='/api')\napi = Api(bp)\n"
            "class Health(Resource):\n    def get(self):\n        return {}\napi.add_resource(Health, '/health')\n",
        },
        "/api/health",
    ),
    "a blueprint behind more packages than are read for anything else": (
        {
            "app.py": f"{FLASK}from a import bp\napp.register_blueprint(bp)\n",
            **{
                f"{'/'.join('abcdef'[: at + 1])}/__init__.py": f"from .{'abcdef'[at + 1]} import bp\n"
                for at in range(5)
            },
            "a/b/c/d/e/f.py": BLUEPRINT,
        },
        "/health",
    ),
    "namespaces whose path is given where they are added": (
        {
            "app.py": f"{FLASK}from apis import api\napi.init_app(app)\n",
            "apis/__init__.py": "from flask_restx import Api\nfrom .health import ns\napi = Api(version='1')\n"
            "api.add_namespace(ns, path='/sys')\n",
            "apis/health.py": "from flask_restx import Namespace, Resource\nns = Namespace('health')\n"
            "@ns.route('/ping')\nclass Health(Resource):\n    def get(self):\n        return {}\n",
        },
        "/sys/ping",
    ),
    "a namespace that the api makes itself": (
        {
            "app.py": f"{FLASK}from flask_restx import Api, Resource\napi = Api(app)\nns = api.namespace('sys')\n"
            "@ns.route('/health')\nclass Health(Resource):\n    def get(self):\n        return {}\n"
        },
        "/sys/health",
    ),
    "a decorator kept in a variable": (
        {"app.py": f"{FLASK}route = app.route\n@route('/health')\ndef ok():\n    return ''\n"},
        "/health",
    ),
    "a class that holds the application": (
        {
            "app.py": "from flask import Flask\nclass Server:\n    def __init__(self):\n"
            "        self.flask = Flask('x')\n"
            "        self.flask.add_url_rule('/health', view_func=self.ok)\n    def ok(self):\n        return ''\n"
            "app = Server().flask\n"
        },
        "/health",
    ),
    "routes that a file adds when it is imported at the end": (
        {
            "app.py": "from shop import create_app\napp = create_app()\n",
            "shop/__init__.py": "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n"
            "    with app.app_context():\n        from . import routes\n    return app\n",
            "shop/routes.py": "from flask import current_app as app\n@app.route('/health')\ndef ok():\n    return ''\n",
        },
        "/health",
    ),
    "flask-healthz that is told what to ask": (
        {
            "app.py": f"{FLASK}from flask_healthz import healthz\n"
            "app.register_blueprint(healthz, url_prefix='/healthz')\n"
            "app.config['HEALTHZ'] = {'live': lambda: None, 'ready': lambda: None}\n"
        },
        "/healthz/live",
    ),
    "flask-healthz that is told nothing answers 404": (
        {
            "app.py": f"{FLASK}from flask_healthz import healthz\n"
            "app.register_blueprint(healthz, url_prefix='/healthz')\n"
        },
        "? /healthz/live or /healthz/ready",
    ),
    "py-healthcheck by its own call": (
        {"app.py": f"{FLASK}from healthcheck import HealthCheck\nhealth = HealthCheck(app, '/healthcheck')\n"},
        "/healthcheck",
    ),
    "metrics alone are only a candidate": (
        {"app.py": f"{FLASK}@app.route('/metrics')\ndef metrics():\n    return ''\n"},
        "? /metrics",
    ),
    "an exporter's metrics are only a candidate": (
        {"app.py": f"{FLASK}from prometheus_flask_exporter import PrometheusMetrics\nPrometheusMetrics(app)\n"},
        "? /metrics",
    ),
}
ASGI_ROUTES: dict[str, tuple[Files, str]] = {
    "routers through a package that only hands them on": (
        {
            "app.py": f"{FASTAPI}from api import health_router\napp.include_router(health_router, prefix='/api')\n",
            "api/__init__.py": "from .routers import health_router\n",
            "api/routers/__init__.py": "from .health import router as health_router\n",
            "api/routers/health.py": ROUTER,
        },
        "/api/health",
    ),
    "a guard that is there and put on nothing": (
        {
            "app.py": f"import guard\n{FASTAPI}# app.add_middleware(guard.Guard)\n@app.get('/health')\ndef ok(): 0\n",
            "guard.py": "from starlette.middleware.base import BaseHTTPMiddleware\n"
            "class Guard(BaseHTTPMiddleware):\n    def dispatch(self, request, call):\n        return Response(401)\n",
        },
        "/health",
    ),
    "a guard that is put on": (
        {
            "app.py": f"import guard\n{FASTAPI}app.add_middleware(guard.Guard)\n@app.get('/health')\ndef ok(): 0\n",
            "guard.py": "from starlette.middleware.base import BaseHTTPMiddleware\n"
            "class Guard(BaseHTTPMiddleware):\n    def dispatch(self, request, call):\n        return Response(401)\n",
        },
        "? /health",
    ),
    "routers of modules that a package imports": (
        {
            "app.py": f"{FASTAPI}from api import health, users\nfor module in (health, users):\n"
            "    app.include_router(module.router, prefix='/api')\n",
            "api/__init__.py": "",
            "api/health.py": ROUTER,
            "api/users.py": OTHER,
        },
        "/api/health",
    ),
    "a prefix from the settings": (
        {
            "app.py": f"{FASTAPI}from core.config import settings\nfrom health import router\n"
            "app.include_router(router, prefix=settings.API_V1_STR)\n",
            "core/__init__.py": "",
            "core/config.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
            "    API_V1_STR: str = '/api/v1'\nsettings = Settings()\n",
            "health.py": ROUTER,
        },
        "/api/v1/health",
    ),
    "a prefix from the settings of a function that is called": (
        {
            "app.py": f"{FASTAPI}from core import get_settings\nfrom health import router\n"
            "app.include_router(router, prefix=get_settings().api_prefix)\n",
            "core.py": "from functools import lru_cache\nfrom pydantic_settings import BaseSettings\n"
            "class Settings(BaseSettings):\n    api_prefix: str = '/api'\n"
            "@lru_cache\ndef get_settings() -> Settings:\n    return Settings()\n",
            "health.py": ROUTER,
        },
        "/api/health",
    ),
    "a prefix of settings that the file asks for itself": (
        {
            "app.py": f"{FASTAPI}from core import get_settings\nfrom health import router\nsettings = get_settings()\n"
            "app.include_router(router, prefix=settings.prefix)\n",
            "core/__init__.py": "from core.config import get_settings\n",
            "core/config.py": "class Settings:\n    prefix = '/api'\ndef get_settings():\n    return Settings()\n",
            "health.py": ROUTER,
        },
        "/api/health",
    ),
    "a prefix in an f-string of the settings": (
        {
            "app.py": f"{FASTAPI}from core import settings\nfrom health import router\n"
            "app.include_router(router, prefix=f'{settings.prefix}/sys')\n",
            "core.py": "class Settings:\n    prefix = '/api'\nsettings = Settings()\n",
            "health.py": ROUTER,
        },
        "/api/sys/health",
    ),
    "add_api_route on a router": (
        {
            "app.py": f"{FASTAPI}from health import router\napp.include_router(router)\n",
            "health.py": "from fastapi import APIRouter\nrouter = APIRouter()\n"
            "router.add_api_route('/health', lambda: {})\n",
        },
        "/health",
    ),
    "fastapi-health": (
        {"app.py": f"{FASTAPI}from fastapi_health import health\napp.add_api_route('/health', health([]))\n"},
        "/health",
    ),
    "routes that a method of a subclass adds": (
        {
            "app.py": "from fastapi import FastAPI\nfrom health import router\nclass Service(FastAPI):\n"
            "    def __init__(self):\n        super().__init__()\n        self.include_router(router)\n"
            "app = Service()\n",
            "health.py": ROUTER,
        },
        "/health",
    ),
    "Starlette with its routes in another file": (
        {
            "app.py": "from starlette.applications import Starlette\nfrom urls import routes\n"
            "app = Starlette(routes=routes)\n",
            "urls.py": "from starlette.routing import Route\n"
            "routes = [Route('/health', print), Route('/x/{y}', print)]\n",
        },
        "/health",
    ),
    "a Mount of Starlette gives its path": (
        {
            "app.py": "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Route\n"
            "app = Starlette(routes=[Route('/', print), Mount('/api', routes=[Route('/health', print)])])\n"
        },
        "/api/health",
    ),
    "a Mount of an application of its own": (
        {
            "app.py": "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Route\n"
            "api = Starlette(routes=[Route('/health', print)])\napp = Starlette(routes=[Mount('/api', app=api)])\n"
        },
        "/api/health",
    ),
    "a decorator of Starlette's router": (
        {
            "app.py": "from starlette.applications import Starlette\napp = Starlette()\n"
            "@app.route('/health')\nasync def ok(request):\n    return None\n"
        },
        "/health",
    ),
    "a group of Sanic's blueprints": (
        {
            "app.py": "from sanic import Blueprint, Sanic\nfrom health import bp\napp = Sanic('x')\n"
            "api = Blueprint.group(bp, url_prefix='/api')\napp.blueprint(api)\n",
            "health.py": "from sanic import Blueprint\nbp = Blueprint('h')\n@bp.get('/health')\nasync def ok(r):\n"
            "    pass\n",
        },
        "/api/health",
    ),
    "a list of Sanic's blueprints": (
        {
            "app.py": "from sanic import Sanic\nfrom health import bp\napp = Sanic('x')\napp.blueprint([bp])\n",
            "health.py": "from sanic import Blueprint\nbp = Blueprint('h', url_prefix='/v1')\n@bp.get('/health')\n"
            "async def ok(r):\n    pass\n",
        },
        "/v1/health",
    ),
    "a group of Sanic's blueprints with a version has another path": (
        {
            "app.py": "from sanic import Blueprint, Sanic\nfrom health import bp\napp = Sanic('x')\n"
            "app.blueprint(bp)\n",
            "health.py": "from sanic import Blueprint\nbp = Blueprint('h', version=1)\n@bp.get('/health')\n"
            "async def ok(r):\n    pass\n",
        },
        "/v1/health",
    ),
}
DJANGO = {
    "app.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napp = get_wsgi_application()\n",
    "shop/__init__.py": "",
    "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\nALLOWED_HOSTS = ['*']\n",
    "shop/core/__init__.py": "",
}
CLOSED = {
    "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\nREST_FRAMEWORK = {\n"
    "    'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated'],\n}\n"
}
REST_VIEW = (
    "from rest_framework.views import APIView\nclass Health(APIView):\n    def get(self, request):\n        pass\n"
)
VIEW_URLS = {
    "shop/urls.py": "from django.urls import path\nfrom shop.core import views\n"
    "urlpatterns = [path('health/', views.Health.as_view())]\n"
}
DJANGO_ROUTES: dict[str, tuple[Files, str]] = {
    "urls of several files with namespaces and prefixes": (
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import include, path\n"
            "urlpatterns = [path('api/', include(('shop.core.urls', 'core'), namespace='v1'))]\n",
            "shop/core/urls.py": "from django.urls import include, re_path\nfrom . import views\n"
            "more = [re_path(r'^health/$', views.health)]\nurlpatterns = [re_path('^v1/', include(more))]\n",
            "shop/core/views.py": "def health(request):\n    pass\n",
        },
        "/api/v1/health/",
    ),
    "paths in front of which no language stands": (
        {
            **DJANGO,
            "shop/urls.py": "from django.conf.urls.i18n import i18n_patterns\nfrom django.urls import path\n"
            "from . import views\nurlpatterns = []\n"
            "urlpatterns += i18n_patterns(path('health', views.health), prefix_default_language=False)\n",
            "shop/views.py": "def health(request):\n    pass\n",
        },
        "/health",
    ),
    "the router of dockerflow below a piece of a prefix": (
        {
            "app.py": f"{FASTAPI}from dockerflow.fastapi import router\nPREFIX = 'v2/'\n"
            "app.include_router(router, prefix=f'/{PREFIX[:-1]}')\n"
        },
        "/v2/__lbheartbeat__",
    ),
    "the middleware of dockerflow": (
        {
            **DJANGO,
            "shop/settings.py": DJANGO["shop/settings.py"]
            + "MIDDLEWARE = ['dockerflow.django.middleware.DockerflowMiddleware']\n",
            "shop/urls.py": "urlpatterns = []\n",
        },
        "/__lbheartbeat__",
    ),
    "a list inside include()": (
        {
            **DJANGO,
            "shop/urls.py": "from django import urls\n"
            "urlpatterns = [urls.path('api/', urls.include([urls.path('health', print)]))]\n",
        },
        "/api/health",
    ),
    "a REST router's urls": (
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import include, path\nfrom shop.core.api import router\n"
            "urlpatterns = [path('api/', include(router.urls))]\n",
            "shop/core/api.py": "from rest_framework import routers, viewsets\n"
            "class Health(viewsets.ViewSet):\n    def list(self, request):\n        pass\n"
            "router = routers.DefaultRouter()\nrouter.register(r'health', Health, basename='health')\n",
        },
        "/api/health/",
    ),
    "a REST view that the settings close is unsure": (
        {**DJANGO, **VIEW_URLS, **CLOSED, "shop/core/views.py": REST_VIEW},
        "? /health/",
    ),
    "a REST view that opens itself": (
        {
            **DJANGO,
            **VIEW_URLS,
            **CLOSED,
            "shop/core/views.py": REST_VIEW.replace("    def", "    permission_classes = [AllowAny]\n    def"),
        },
        "/health/",
    ),
    "a view that is decorated with a login is unsure": (
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import path\nfrom shop.core.views import health\n"
            "urlpatterns = [path('health/', health)]\n",
            "shop/core/views.py": "@login_required\ndef health(request):\n    pass\n",
        },
        "? /health/",
    ),
    "a route below a prefix that only the running service knows is unsure": (
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import include, path\nfrom django.conf import settings\n"
            "urlpatterns = [path(settings.PREFIX, include('shop.core.urls'))]\n",
            "shop/core/urls.py": "from django.urls import path\nurlpatterns = [path('health/', print)]\n",
        },
        "? /health/",
    ),
    "a route under an if is unsure": (
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import path\nurlpatterns = []\nif DEBUG:\n"
            "    urlpatterns += [path('health/', print)]\n",
        },
        "? /health/",
    ),
    "the metrics of django-prometheus are only a candidate": (
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import include, path\n"
            "urlpatterns = [path('', include('django_prometheus.urls'))]\n",
        },
        "? /metrics",
    ),
}
OTHER_ROUTES: dict[str, tuple[Files, str]] = {
    "an aiohttp list of routes in another file": (
        {
            "app.py": "from aiohttp import web\nfrom routes import routes\napp = web.Application()\n"
            "app.add_routes(routes)\nweb.run_app(app)\n",
            "routes.py": "from aiohttp import web\nroutes = [web.get('/health', print), web.post('/x', print)]\n",
        },
        "/health",
    ),
    "an aiohttp RouteTableDef in another file": (
        {
            "app.py": "from aiohttp import web\nimport views\napp = web.Application()\n"
            "app.router.add_routes(views.routes)\nweb.run_app(app)\n",
            "views.py": "from aiohttp import web\nroutes = web.RouteTableDef()\n@routes.get('/health')\n"
            "async def ok(r):\n    pass\n",
        },
        "/health",
    ),
    "an aiohttp route that is added by its method": (
        {
            "app.py": "from aiohttp import web\nfrom routes import setup_routes\nmain = web.Application()\n"
            "setup_routes(main)\nweb.run_app(main)\n",
            "routes.py": "def setup_routes(app):\n    app.router.add_route('GET', '/health', print)\n",
        },
        "/health",
    ),
    "an aiohttp application under a prefix": (
        {
            "app.py": "from aiohttp import web\nsub = web.Application()\nsub.router.add_get('/health', print)\n"
            "app = web.Application()\napp.add_subapp('/api', sub)\nweb.run_app(app)\n"
        },
        "/api/health",
    ),
    "tornado's handlers kept in a variable": (
        {
            "app.py": "import tornado.web\nhandlers = [(r'/health', object), (r'/x/(.*)', object)]\n"
            "app = tornado.web.Application(handlers)\napp.listen(8000)\n"
        },
        "/health",
    ),
    "tornado's handlers of a subclass": (
        {
            "app.py": "import tornado.web\nclass App(tornado.web.Application):\n    def __init__(self):\n"
            "        handlers = [tornado.web.url(r'/health', object)]\n        super().__init__(handlers)\n"
            "app = App()\napp.listen(8000)\n"
        },
        "/health",
    ),
    "a falcon resource of a factory": (
        {
            "app.py": "import falcon\ndef create():\n    api = falcon.App()\n    api.add_route('/health', object())\n"
            "    return api\napp = create()\n",
        },
        "/health",
    ),
    "a falcon application with an add_route of its own": (
        {
            "app.py": "import falcon\nclass App(falcon.App):\n    def set_up(self):\n"
            "        self.add_route('beat', '/__heartbeat__', object())\n"
            "    def add_route(self, name, path, resource):\n        super().add_route(path, resource)\n"
            "def make():\n    app = App()\n    return app\napp = make()\n",
        },
        "/__heartbeat__",
    ),
    "a do_GET that takes the path apart": (
        {
            "app.py": "from http.server import BaseHTTPRequestHandler, HTTPServer\nfrom urllib.parse import urlparse\n"
            "class H(BaseHTTPRequestHandler):\n    def do_GET(self):\n        path = urlparse(self.path).path\n"
            "        if path in ('/health', '/healthz'):\n            pass\nHTTPServer(('', 8000), H).serve_forever()\n"
        },
        "/health",
    ),
}


def _served(files: Files) -> str:
    text = files["app.py"]
    return "python app.py" if "run_app" in text or "listen(" in text or "serve_forever" in text else "gunicorn app:app"


def _health(command: str, files: Files) -> str:
    project = Project(Tree.of({"Dockerfile": f"{IMAGE}CMD {command}\n", **files}))
    found = facts(project).processes[0].health
    return f"? {' or '.join(found.candidates)}" if found.state == "unsure" else found.value


ROUTES = FLASK_ROUTES | ASGI_ROUTES | DJANGO_ROUTES | OTHER_ROUTES


@pytest.mark.parametrize("promise", ROUTES)
def test_a_route_is_found_where_it_is_registered(promise: str) -> None:
    files, expected = ROUTES[promise]
    assert _health(_served(files), files) == expected
