"""A check asks only a route whose handler answers out of its own process."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.service.app import app

Files = dict[str, str]
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nCMD {command}\n"
FASTAPI = "from fastapi import Depends, FastAPI\n\napp = FastAPI()\n"
FLASK = "from flask import Flask, jsonify\n\napp = Flask(__name__)\n"
DB = (
    "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import sessionmaker\n\n"
    "engine = create_engine('postgresql://db')\nSessionLocal = sessionmaker(engine)\n\n\n"
    "def get_db():\n    db = SessionLocal()\n    try:\n        yield db\n    finally:\n        db.close()\n"
)


def fastapi(body: str, head: str = "", signature: str = "", path: str = "/health") -> str:
    return f"{head}{FASTAPI}\n\n@app.get('{path}')\nasync def health({signature}):\n    {body}\n"


def flask(body: str, head: str = "", path: str = "/health", decorator: str = "") -> str:
    return f"{head}{FLASK}\n\n@app.get('{path}')\n{decorator}def health():\n    {body}\n"


def django(view: str, settings: str = "", middleware: str = "", route: str = "health/") -> Files:
    return {
        "app.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napp = get_wsgi_application()\n",
        "shop/__init__.py": "",
        "shop/settings.py": f"ROOT_URLCONF = 'shop.urls'\n{settings}\n",
        "shop/urls.py": "from django.urls import path\nfrom shop import views\n"
        f"urlpatterns = [path('{route}', views.health)]\n",
        "shop/views.py": f"from django.http import HttpResponse, JsonResponse\n{view}",
        "shop/middleware.py": middleware,
    }


ASKED: dict[str, Files] = {
    "a constant": {"app.py": fastapi("return {'status': 'ok'}")},
    "a constant of Flask": {"app.py": flask("return jsonify(status='ok'), 200")},
    "a lambda": {"app.py": f"{FASTAPI}app.add_api_route('/health', lambda: {{'ok': True}})\n"},
    "the time and the version": {
        "app.py": fastapi(
            "return {'at': datetime.now().isoformat(), 'up': time.time() - START, 'version': os.getenv('V', '')}",
            "import os\nimport time\nfrom datetime import datetime\nSTART = time.time()\n",
        )
    },
    "a model of pydantic and a line in the log": {
        "app.py": fastapi(
            "logger.info('asked')\n    return Health(status='ok')",
            "import logging\nfrom schemas import Health\nlogger = logging.getLogger(__name__)\n",
        ),
        "schemas.py": "from pydantic import BaseModel\n\n\nclass Health(BaseModel):\n    status: str\n",
    },
    "a function of the project that reads the settings": {
        "app.py": fastapi(
            "return {'env': settings.env}",
            "from config import Settings, get_settings\n",
            "settings: Settings = Depends(get_settings)",
        ),
        "config.py": "from functools import lru_cache\nfrom pydantic_settings import BaseSettings\n\n\n"
        "class Settings(BaseSettings):\n    env: str = 'x'\n\n\n"
        "@lru_cache\ndef get_settings():\n    return Settings()\n",
    },
    "a view of Django": django("def health(request):\n    return HttpResponse('ok')\n"),
    "a class of views of Flask": {
        "app.py": f"from flask.views import MethodView\n{FLASK}\n\nclass Health(MethodView):\n    def get(self):\n"
        "        return self.answer()\n\n    def answer(self):\n        return {'ok': True}\n\n\n"
        "app.add_url_rule('/health', view_func=Health.as_view('health'))\n"
    },
    "a handler beside a session that the database opens at the start": {
        "app.py": f"from db import engine\n{FASTAPI}\n\n@app.on_event('startup')\ndef start():\n"
        "    engine.connect()\n\n\n@app.get('/health')\ndef health():\n    return {'name': app.title}\n",
        "db.py": DB,
    },
    "a middleware that only measures": {
        "app.py": f"import time\n{FASTAPI}\n\n@app.middleware('http')\nasync def measure(request, call_next):\n"
        "    began = time.time()\n    response = await call_next(request)\n"
        "    response.headers['x'] = str(time.time() - began)\n    return response\n\n\n"
        "@app.get('/health')\ndef health():\n    return {}\n"
    },
    "a hook of a blueprint that the route is not on": {
        "app.py": f"from flask import Blueprint\nfrom db import engine\n{FLASK}shop = Blueprint('shop', __name__)\n\n\n"
        "@shop.before_request\ndef begin():\n    engine.connect()\n\n\n@app.get('/health')\ndef health():\n"
        "    return 'ok'\n\n\napp.register_blueprint(shop)\n",
        "db.py": DB,
    },
}
NOT_ASKED: dict[str, Files] = {
    "a session of the database": {
        "app.py": fastapi("db.execute('SELECT 1')", "from db import get_db\n", "db=Depends(get_db)"),
        "db.py": DB,
    },
    "a session by an annotation": {
        "app.py": fastapi("return {}", "from db import SessionDep\n", "session: SessionDep"),
        "db.py": f"from typing import Annotated\nfrom fastapi import Depends\n{DB}\n\n"
        "SessionDep = Annotated[object, Depends(get_db)]\n",
    },
    "Redis, by a client of another module": {
        "app.py": flask("store.ping()\n    return 'ok'", "from store import store\n"),
        "store.py": "import redis\n\nstore = redis.Redis(host='redis')\n",
    },
    "Redis, through two functions of the project": {
        "app.py": flask("return jsonify(checks())", "from checks import checks\n"),
        "checks.py": "from store import reachable\n\n\ndef checks():\n    return {'redis': reachable()}\n",
        "store.py": "import redis\n\n\ndef reachable():\n    return redis.Redis().ping()\n",
    },
    "another service, inside a try": {
        "app.py": flask(
            "try:\n        requests.get('http://other/health')\n    except OSError:\n        pass\n    return 'ok'",
            "import requests\n",
        )
    },
    "another service, by an asynchronous client": {
        "app.py": fastapi(
            "async with httpx.AsyncClient() as client:\n        return (await client.get('http://other')).json()",
            "import httpx\n",
        )
    },
    "a bucket": {"app.py": flask("boto3.client('s3').list_buckets()\n    return 'ok'", "import boto3\n")},
    "a database of documents": {
        "app.py": flask("mongo.db.command('ping')\n    return 'ok'", "from flask_pymongo import PyMongo\n")
        + "\n\nmongo = PyMongo(app)\n"
    },
    "what the application keeps by the name of a broker": {
        "app.py": fastapi("await request.app.state.redis.ping()", "from fastapi import Request\n", "request: Request")
    },
    "a model of Django": django(
        "from shop.models import Order\n\n\ndef health(request):\n    return HttpResponse(Order.objects.count())\n"
    )
    | {"shop/models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    pass\n"},
    "the connection of Django": django(
        "from django.db import connection\n\n\ndef health(request):\n    connection.ensure_connection()\n"
        "    return HttpResponse('ok')\n"
    ),
    "a transaction around every view": django(
        "def health(request):\n    return HttpResponse('ok')\n", "DATABASES = {'default': {'ATOMIC_REQUESTS': True}}"
    ),
    "a hook that connects for every request": {
        "app.py": f"from db import engine\n{FLASK}\n\n@app.before_request\ndef begin():\n    engine.connect()\n\n\n"
        "@app.get('/health')\ndef health():\n    return 'ok'\n",
        "db.py": DB,
    },
    "a middleware that opens a session": {
        "app.py": f"from db import SessionLocal\n{FASTAPI}\n\n@app.middleware('http')\n"
        "async def session(request, call_next):\n    request.state.db = SessionLocal()\n"
        "    return await call_next(request)\n\n\n@app.get('/health')\ndef health():\n    return {}\n",
        "db.py": DB,
    },
    "a dependency of all routers": {
        "app.py": "from db import get_db\nfrom fastapi import APIRouter, Depends, FastAPI\n\napp = FastAPI()\n"
        "router = APIRouter()\n\n\n@router.get('/health')\ndef health():\n    return {}\n\n\n"
        "app.include_router(router, dependencies=[Depends(get_db)])\n",
        "db.py": DB,
    },
    "a limit that Redis counts": {
        "app.py": flask(
            "return 'ok'",
            "from flask_limiter import Limiter\nlimiter = Limiter(default_limits=['9/minute'], storage_uri='redis://r')\n",
        )
    },
    "a cache in front of the handler": {
        "app.py": f"from flask_caching import Cache\n{FLASK}cache = Cache(app)\n\n\n@app.get('/health')\n"
        "@cache.cached(timeout=5)\ndef health():\n    return 'ok'\n"
    },
    "something that may refuse": {
        "app.py": fastapi("return {} if ready else JSONResponse({}, 503)", "from state import JSONResponse, ready\n")
    },
    "something that nobody can follow": {"app.py": fastapi("return inspect_everything()", "from x import *\n")},
    "an object that is only made at the start": {
        "app.py": f"{FASTAPI}service = None\n\n\n@app.on_event('startup')\ndef start():\n    global service\n"
        "    service = object()\n\n\n@app.get('/health')\ndef health():\n    return service.state()\n"
    },
    "one of two handlers of one path": {
        "app.py": f"import redis\n{FASTAPI}\n\n@app.get('/health')\ndef deep():\n    return redis.Redis().ping()\n\n\n"
        "@app.get('/health')\ndef health():\n    return {}\n"
    },
    "a program": {"app.py": flask("subprocess.run(['pg_isready'])\n    return 'ok'", "import subprocess\n")},
    "the checks of a library": {
        "app.py": f"from healthcheck import HealthCheck\n{FLASK}HealthCheck(app, '/healthcheck')\n"
    },
    "the checks of a library for Django": django("")
    | {
        "shop/urls.py": "from django.urls import include, path\n"
        "urlpatterns = [path('health/', include('health_check.urls'))]\n"
    },
}


def _live(files: Files) -> str | None:
    dockerfile = DOCKERFILE.format(command='["gunicorn", "--threads", "4", "-b", ":80", "app:app"]')
    found = app(Project(Tree.of({"Dockerfile": dockerfile, **files})))
    assert found is not None
    assert found.health or found.health_like
    return found.live


@pytest.mark.parametrize("answer", ASKED)
def test_a_handler_that_answers_with_this_is_asked(answer: str) -> None:
    assert (_live(ASKED[answer]) or "").startswith("/health")


@pytest.mark.parametrize("who", NOT_ASKED)
def test_a_handler_that_asks_this_is_not_asked_itself(who: str) -> None:
    assert _live(NOT_ASKED[who]) is None


PREFERRED: dict[str, tuple[Files, str | None]] = {
    "a route named live goes before one named health": (
        {"app.py": fastapi("return {}") + "\n\n@app.get('/livez')\ndef live():\n    return {}\n"},
        "/livez",
    ),
    "a route named live is asked where health asks the database": (
        {
            "app.py": fastapi("return {}", "from db import get_db\n", "db=Depends(get_db)")
            + "\n\n@app.get('/health/live')\ndef live():\n    return report()\n",
            "db.py": DB,
        },
        "/health/live",
    ),
    "a route named ping that pings Redis is not asked": (
        {"app.py": flask("return str(redis.Redis().ping())", "import redis\n", "/ping")},
        None,
    ),
    "of two health routes the one that asks nobody is asked": (
        {
            "app.py": flask("return 'ok'", path="/healthz")
            + "\n\n@app.get('/health')\ndef deep():\n    import redis\n    return str(redis.Redis().ping())\n"
        },
        "/healthz",
    ),
    "the liveness of a library is asked": (
        django("", "MIDDLEWARE = ['dockerflow.django.middleware.DockerflowMiddleware']"),
        "/__lbheartbeat__",
    ),
    "the heartbeat of a library is not asked": (
        {
            "app.py": f"import redis\n{FLASK}\n\n@app.get('/__heartbeat__')\ndef beat():\n"
            "    return str(redis.Redis().ping())\n"
        },
        None,
    ),
}


@pytest.mark.parametrize("promise", PREFERRED)
def test_one_route_is_better_than_another(promise: str) -> None:
    files, expected = PREFERRED[promise]
    assert _live(files) == expected
