"""What pydock knows of a service by reading it: each case is a small service, and the answers it must give.

An answer is written as it is known: `value` for a certain one, `? a or b` for an unsure one, "" for none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pydock.build import walk
from pydock.cli import main
from pydock.context import Tree
from pydock.engine import check
from pydock.project import Project, compose
from pydock.project.secrets import Mask
from pydock.questions import Question, unchanged
from pydock.report.pages.facts import document, text
from pydock.rules import by_name
from pydock.service.facts import Fact, Process, facts
from pydock.service.users.rights import obstacles
from pydock.split.facts.environment import calls_pip_later
from pydock.targets import Target, targets

IMAGE = "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\n"


@dataclass(frozen=True)
class Case:
    """Files, and what has to be known of the first process; only the answers that are named are compared."""

    promise: str
    command: str
    files: dict[str, str]
    answers: dict[str, str] = field(default_factory=dict)


def case(promise: str, command: str, files: dict[str, str], **answers: str) -> Case:
    return Case(promise, command, files, answers)


FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FACTORY = "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
DJANGO = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/__init__.py": "",
    "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\nALLOWED_HOSTS = ['shop.example']\n",
    "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n",
}

APPLICATIONS = (
    case("an object of the module is found", "gunicorn app:app", {"app.py": FLASK}, application="app:app"),
    case(
        "a factory that is called on the command line is found",
        "gunicorn 'app:create_app()'",
        {"app.py": FACTORY},
        application="app:create_app()",
        framework="flask",
    ),
    case(
        "an object that a factory of another file makes is followed",
        "gunicorn wsgi:app",
        {"wsgi.py": "from shop import create_app\napp = create_app()\n", "shop/__init__.py": FACTORY},
        application="wsgi:app",
        framework="flask",
    ),
    case(
        "a subclass of the framework's class counts",
        "gunicorn 'shop:create_app()'",
        {
            "shop.py": "from flask import Flask\nclass Shop(Flask):\n    pass\n"
            "def create_app():\n    app = Shop(__name__)\n    return app\n"
        },
        application="shop:create_app()",
        framework="flask",
    ),
    case(
        "a script of Flask's own commands serves what its factory makes",
        "python manage.py run -h 0.0.0.0",
        {
            "manage.py": "from flask.cli import FlaskGroup\nfrom shop import create_app\n"
            "cli = FlaskGroup(create_app=create_app)\nif __name__ == '__main__':\n    cli()\n",
            "shop/__init__.py": FACTORY,
        },
        application="manage:create_app()",
        framework="flask",
        host="0.0.0.0",
        port="5000",
        work="web",
    ),
    case(
        "and `run` of a script that is none of these is no known service",
        "python manage.py run",
        DJANGO,
        application="",
        port="",
    ),
    case(
        "exceptions without brackets, as Python 3.14 takes them, are read",
        "gunicorn app:app",
        {"app.py": f"{FLASK}try:\n    pass\nexcept OSError, app.Missing:\n    pass\n"},
        application="app:app",
        framework="flask",
    ),
    case(
        "what wraps an application stands for it",
        "uvicorn main:asgi",
        {"main.py": f"import socketio\n{FASTAPI}sio = socketio.AsyncServer()\nasgi = socketio.ASGIApp(sio, app)\n"},
        application="main:asgi",
        framework="fastapi",
    ),
    case(
        "the server of a Dash application stands for it",
        "gunicorn board:server",
        {"board.py": "from dash import Dash\napp = Dash(__name__)\nserver = app.server\n"},
        application="board:server",
        framework="dash",
    ),
    case(
        "gunicorn's default name is application",
        "gunicorn shop.wsgi",
        DJANGO,
        application="shop.wsgi:application",
        framework="django",
    ),
    case(
        "a name that is not there is not guessed at",
        "gunicorn app:missing",
        {"app.py": FLASK},
        application="? app.py:app",
    ),
    case(
        "two applications behind one script are two candidates",
        "python start.py",
        {
            "start.py": "import one, two\none.go()\n",
            "one.py": f"{FLASK}def go():\n    pass\n",
            "two.py": FASTAPI,
        },
        application="? one.py:app or two.py:app",
        framework="",
    ),
    case(
        "fastapi run without a file takes main.py",
        "fastapi run --port 80",
        {"main.py": FASTAPI},
        application="main:app",
        port="80",
    ),
    case(
        "an application of a function is what its factory gives, where that wants nothing",
        "python run.py",
        {
            "run.py": "from aiohttp import web\ndef make(debug=False):\n    app = web.Application()\n    return app\n"
            "def main():\n    app = make()\n    web.run_app(app)\nmain()\n"
        },
        application="run:make()",
    ),
    case(
        "a factory that wants something is not what a server could be told",
        "python run.py",
        {
            "run.py": "from aiohttp import web\ndef make(checks):\n    app = web.Application()\n    return app\n"
            "def main():\n    app = make([])\n    web.run_app(app)\nmain()\n"
        },
        application="? run.py:app",
    ),
    case(
        "an application given as a string is followed",
        "python run.py",
        {"run.py": "import uvicorn\nuvicorn.run('api.main:app', port=9000)\n", "api/main.py": FASTAPI},
        application="api.main:app",
        port="9000",
    ),
)

_WAITRESS = f"{FLASK}from waitress import serve\n"

ADDRESSES = (
    case(
        "waitress is told an address in one",
        "python app.py",
        {"app.py": f"{_WAITRESS}serve(app, listen='*:81')\n"},
        host="0.0.0.0",
        port="81",
    ),
    case(
        "and of several addresses none is the one",
        "python app.py",
        {"app.py": f"{_WAITRESS}serve(app, listen='*:81 *:82')\n"},
        host="",
        port="",
    ),
    case(
        "a socket in the file system is no port",
        "python app.py",
        {"app.py": f"{_WAITRESS}serve(app, unix_socket='/run/app.sock')\n"},
        host="",
        port="",
        work="web",
    ),
    case(
        "a socket that the command does not ask for is not used",
        "python app.py --host 0.0.0.0",
        {
            "app.py": f"{_WAITRESS}import argparse\nparser = argparse.ArgumentParser()\n"
            "parser.add_argument('--host', default='127.0.0.1')\nparser.add_argument('--port', default=81)\n"
            "parser.add_argument('--socket', default='')\nargs = parser.parse_args()\n"
            "if args.socket:\n    serve(app, unix_socket=args.socket)\n"
            "else:\n    serve(app, listen='{}:{}'.format(args.host, args.port))\n"
        },
        host="0.0.0.0",
        port="81",
    ),
    case(
        "a .env file that says the same is no doubt",
        "python app.py",
        {
            "app.py": f"{FLASK}import os\nfrom dotenv import load_dotenv\nload_dotenv()\n"
            "app.run('0.0.0.0', os.getenv('PORT', 81))\n",
            ".env": "DEBUG=0\nPORT=81\n",
        },
        port="${PORT:-81}",
    ),
    case(
        "but one that says another port is",
        "python app.py",
        {
            "app.py": f"{FLASK}import os\nfrom dotenv import load_dotenv\nload_dotenv()\n"
            "app.run('0.0.0.0', os.getenv('PORT', 81))\n",
            ".env": "PORT=82\n",
        },
        port="",
    ),
    case(
        "a variable inside a string for another shell is kept",
        'sh -c "python -m wait && gunicorn --bind 0.0.0.0:${PORT:-8000} app:app"',
        {"app.py": FLASK, "wait.py": ""},
        port="${PORT:-8000}",
        application="app:app",
    ),
    case(
        "no shell puts a value in the place of a variable in exec form",
        '["gunicorn", "-b", "0.0.0.0:$PORT", "app:app"]',
        {"app.py": FLASK},
        port="",
        application="app:app",
    ),
    case(
        "app.run() of an imported factory's application has Flask's port",
        "python run.py",
        {"run.py": "from shop import create_app\napp = create_app()\napp.run(host='0.0.0.0')\n", "shop.py": FACTORY},
        port="5000",
        host="0.0.0.0",
        application="run:app",
    ),
    case(
        "an environment variable keeps its default",
        "python app.py",
        {"app.py": f"import os\n{FLASK}app.run('0.0.0.0', int(os.environ.get('PORT', 8080)))\n"},
        port="${PORT:-8080}",
    ),
    case(
        "a constant of another file is followed",
        "python app.py",
        {"app.py": f"import config\n{FLASK}app.run('0.0.0.0', config.PORT)\n", "config.py": "PORT = 7000\n"},
        port="7000",
    ),
    case(
        "a pydantic setting may come from the environment",
        "python main.py",
        {
            "main.py": f"import uvicorn\nfrom core import settings\n{FASTAPI}uvicorn.run(app, port=settings.port)\n",
            "core.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
            "    port: int = 8100\n"
            "settings = Settings()\n",
        },
        port="${PORT:-8100}",
    ),
    case(
        "a .env file of the image may say otherwise, so nothing is certain",
        "python main.py",
        {"main.py": f"import os\n{FLASK}app.run(port=os.environ.get('PORT', 8080))\n", ".env": "PORT=9\n"},
        port="",
    ),
    case(
        "an argument of the command wins over the parser's default",
        "python main.py --port 9100",
        {
            "main.py": f"import argparse\n{FLASK}parser = argparse.ArgumentParser()\n"
            "parser.add_argument('-p', '--port', type=int, default=8000)\nargs = parser.parse_args()\n"
            "app.run(port=args.port)\n"
        },
        port="9100",
    ),
    case(
        "without the argument the parser's default counts",
        "python main.py",
        {
            "main.py": f"import argparse\n{FLASK}parser = argparse.ArgumentParser()\n"
            "parser.add_argument('--port', type=int, default=8000)\nargs = parser.parse_args()\n"
            "app.run(port=args.port)\n"
        },
        port="8000",
    ),
    case(
        "two listening calls on different ports are unsure",
        "python main.py",
        {"main.py": f"import sys\n{FLASK}if sys.argv:\n    app.run(port=1)\nelse:\n    app.run(port=2)\n"},
        port="? 1 or 2",
    ),
    case(
        "metrics beside the service are not its port",
        "python main.py",
        {
            "main.py": f"from prometheus_client import start_http_server\n{FLASK}start_http_server(9000)\n"
            f"app.run(port=80)\n"
        },
        port="80",
    ),
    case(
        "gradio's launch is a server",
        "python ui.py",
        {"ui.py": "import gradio as gr\ndemo = gr.Interface(len)\ndemo.launch(server_name='0.0.0.0')\n"},
        port="7860",
        host="0.0.0.0",
        framework="gradio",
    ),
    case(
        "tornado's options have their default",
        "python server.py",
        {
            "server.py": "import tornado.web\nfrom tornado.options import define, options\n"
            "define('port', default=8888)\n"
            "app = tornado.web.Application([(r'/', object)])\napp.listen(options.port)\n"
        },
        port="8888",
        framework="tornado",
        application="server:app",
    ),
    case(
        "a run() of something else is no server",
        "python main.py",
        {"main.py": "import asyncio, subprocess\nasyncio.run(None)\nsubprocess.run(['ls'])\n"},
        port="",
        work="? job",
    ),
)

WORK = (
    case(
        "a bot that polls is a bot",
        "python bot.py",
        {"bot.py": "from aiogram import Bot, Dispatcher\ndp = Dispatcher()\ndp.start_polling(Bot(''))\n"},
        work="bot",
        port="",
    ),
    case(
        "a consumer is a worker",
        "python consume.py",
        {"consume.py": "import pika\nchannel = pika.connect()\nchannel.start_consuming()\n"},
        work="worker",
    ),
    case("celery worker is a worker", "celery -A mail worker", {"mail.py": ""}, work="worker", port=""),
    case("celery beat is a scheduler", "celery -A mail beat", {"mail.py": ""}, work="scheduler", port=""),
    case("a worker of Django's is no job", "python manage.py rundramatiq", DJANGO, work="worker"),
    case(
        "a management command that nobody knows is unsure", "python manage.py consume", DJANGO, work="? job or worker"
    ),
    case("a management command is a job", "python manage.py migrate", DJANGO, work="job"),
    case(
        "a file that this Python cannot read is no answer and no crash",
        "python old.py",
        {"old.py": "print 'hello'\n"},
        work="? web or job",
        application="",
    ),
)

_GUARDED = "from fastapi import FastAPI, Depends\ndef get_current_user():\n    pass\napp = FastAPI()\n"
HEALTH = (
    case(
        "a route on the application",
        "gunicorn app:app",
        {"app.py": f"{FLASK}@app.route('/healthz')\ndef ok():\n    return ''\n"},
        health="/healthz",
    ),
    case(
        "a blueprint with its prefix",
        "gunicorn app:app",
        {
            "app.py": f"{FLASK}from views import bp\napp.register_blueprint(bp)\n",
            "views.py": "from flask import Blueprint\nbp = Blueprint('v', __name__, url_prefix='/api')\n"
            "@bp.get('/health')\ndef ok():\n    return ''\n",
        },
        health="/api/health",
    ),
    case(
        "a prefix at register_blueprint replaces the blueprint's own",
        "gunicorn app:app",
        {
            "app.py": f"{FLASK}from views import bp\napp.register_blueprint(bp, url_prefix='/v2')\n",
            "views.py": "from flask import Blueprint\nbp = Blueprint('v', __name__, url_prefix='/api')\n"
            "@bp.get('/health')\ndef ok():\n    return ''\n",
        },
        health="/v2/health",
    ),
    case(
        "routers in routers add their prefixes",
        "uvicorn main:app",
        {
            "main.py": f"{FASTAPI}from api import router\napp.include_router(router, prefix='/api')\n",
            "api/__init__.py": "from fastapi import APIRouter\nfrom api.v1 import status\n"
            "router = APIRouter(prefix='/v1')\n"
            "router.include_router(status.router, prefix='/sys')\n",
            "api/v1/__init__.py": "",
            "api/v1/status.py": "from fastapi import APIRouter\nrouter = APIRouter()\n"
            "@router.get('/health')\nasync def ok():\n    return {}\n",
        },
        health="/api/v1/sys/health",
    ),
    case(
        "a router that nobody includes has no route",
        "uvicorn main:app",
        {
            "main.py": f"{FASTAPI}import api\n",
            "api.py": "from fastapi import APIRouter\nrouter = APIRouter()\n"
            "@router.get('/health')\nasync def ok():\n    return {}\n",
        },
        health="? /health",
    ),
    case(
        "a database session is no login",
        "uvicorn main:app",
        {
            "main.py": f"{FASTAPI}from fastapi import Depends\nfrom db import get_db\n"
            "@app.get('/health')\ndef ok(db=Depends(get_db)):\n    return {}\n"
        },
        health="/health",
    ),
    case(
        "a dependency that only writes a log is no login",
        "uvicorn main:app",
        {
            "main.py": f"{FASTAPI}from fastapi import Depends\nfrom api import router\n"
            "async def log_request():\n    pass\n"
            "app.include_router(router, prefix='/v1', dependencies=[Depends(log_request)])\n",
            "api.py": "from fastapi import APIRouter\nrouter = APIRouter()\n"
            "@router.get('/ping')\nasync def ok():\n    return {}\n",
        },
        health="/v1/ping",
    ),
    case(
        "a current user is a login",
        "uvicorn main:app",
        {"main.py": f"{_GUARDED}@app.get('/health')\ndef ok(user=Depends(get_current_user)):\n    return {{}}\n"},
        health="? /health",
    ),
    case(
        "a login before every request makes it unsure",
        "gunicorn app:app",
        {
            "app.py": f"{FLASK}from flask import abort\n@app.before_request\ndef gate():\n    abort(401)\n"
            "@app.route('/health')\ndef ok():\n    return ''\n"
        },
        health="? /health",
    ),
    case(
        "a gate that lets the route pass is none",
        "gunicorn app:app",
        {
            "app.py": f"{FLASK}from flask import abort, request\n@app.before_request\ndef gate():\n"
            "    if request.path != '/health':\n        abort(401)\n"
            "@app.route('/health')\ndef ok():\n    return ''\n"
        },
        health="/health",
    ),
    case(
        "a hook that only opens a connection is no gate",
        "gunicorn app:app",
        {
            "app.py": f"{FLASK}@app.before_request\ndef connect():\n    db.connect()\n"
            "@app.route('/health')\ndef ok():\n    return ''\n"
        },
        health="/health",
    ),
    case(
        "a resource of Flask-RESTful",
        "gunicorn app:app",
        {
            "app.py": f"{FLASK}from flask_restful import Api, Resource\napi = Api(app, prefix='/api')\n"
            "class Health(Resource):\n    def get(self):\n        return {}\napi.add_resource(Health, '/health')\n"
        },
        health="/api/health",
    ),
    case(
        "a namespace of Flask-RESTX",
        "gunicorn app:app",
        {
            "app.py": f"{FLASK}from flask_restx import Api, Namespace, Resource\napi = Api(app)\n"
            f"ns = Namespace('sys')\n"
            "@ns.route('/health')\nclass Health(Resource):\n    def get(self):\n        return {}\n"
            "api.add_namespace(ns)\n"
        },
        health="/sys/health",
    ),
    case(
        "a mounted application",
        "uvicorn main:app",
        {
            "main.py": f"{FASTAPI}api = FastAPI()\n@api.get('/health')\ndef ok():\n    return {{}}\n"
            f"app.mount('/api', api)\n"
        },
        health="/api/health",
    ),
    case(
        "routes that a function puts on the application it is given",
        "uvicorn main:app",
        {
            "main.py": f"{FASTAPI}from setup_routes import register\nregister(app)\n",
            "setup_routes.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/ping')\ndef ok():\n"
            "    return {}\ndef register(app):\n    app.include_router(router)\n",
        },
        health="/ping",
    ),
    case(
        "an aiohttp route",
        "python app.py",
        {
            "app.py": "from aiohttp import web\nasync def ok(r):\n    return web.Response()\napp = web.Application()\n"
            "app.add_routes([web.get('/health', ok)])\nweb.run_app(app)\n"
        },
        health="/health",
        port="8080",
    ),
    case(
        "a tornado handler",
        "python app.py",
        {
            "app.py": "import tornado.web\n"
            "app = tornado.web.Application([(r'/health', object), (r'/x/(.*)', object)])\n"
            "app.listen(8000)\n"
        },
        health="/health",
    ),
    case(
        "a do_GET of the standard library",
        "python app.py",
        {
            "app.py": "from http.server import *\nclass H(BaseHTTPRequestHandler):\n    def do_GET(self):\n"
            "        if self.path == '/health':\n            pass\n"
            "import http.server\nhttp.server.HTTPServer(('', 8000), H)\n"
        },
        health="/health",
    ),
    case("streamlit has its own", "streamlit run app.py", {"app.py": ""}, health="/_stcore/health", port="8501"),
    case(
        "streamlit below a path",
        "streamlit run app.py --server.baseUrlPath=/board/",
        {"app.py": ""},
        health="/board/_stcore/health",
        port="8501",
    ),
    case(
        "a Django view behind include()",
        "gunicorn shop.wsgi",
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import include, path\n"
            "urlpatterns = [path('api/', include('core.urls'))]\n",
            "core/__init__.py": "",
            "core/urls.py": "from django.urls import path\nfrom . import views\n"
            "urlpatterns = [path('health/', views.health)]\n",
        },
        health="/api/health/",
    ),
    case(
        "django-health-check's routes",
        "gunicorn shop.wsgi",
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import include, path\n"
            "urlpatterns = [path('ht/', include('health_check.urls'))]\n",
        },
        health="/ht/",
    ),
    case(
        "a Django view that wants a login",
        "gunicorn shop.wsgi",
        {
            **DJANGO,
            "shop/urls.py": "from django.urls import path\nurlpatterns = [path('health/', login_required(health))]\n",
        },
        health="? /health/",
    ),
)


def _process(case: Case) -> Process:
    project = Project(Tree.of({"Dockerfile": f"{IMAGE}CMD {case.command}\n", **case.files}))
    return facts(project).processes[0]


def _written(fact: Fact) -> str:
    return f"? {' or '.join(fact.candidates)}" if fact.state == "unsure" else fact.value


def answered(case: Case) -> dict[str, str]:
    """What is known of each thing that a case asks for."""
    process = _process(case)
    return {name: _written(getattr(process, name)) for name in case.answers}


@pytest.mark.parametrize("case", [*APPLICATIONS, *ADDRESSES, *WORK, *HEALTH], ids=lambda case: case.promise)
def test_what_is_read_is_known_and_nothing_else(case: Case) -> None:
    assert answered(case) == case.answers


def test_services_of_compose_are_processes_of_their_own() -> None:
    files = {
        "Dockerfile": IMAGE,
        "app.py": FLASK,
        "docker-compose.yml": "services:\n  web: {build: ., command: gunicorn -b :80 app:app}\n"
        "  worker: {build: ., command: celery -A app worker}\n",
    }
    found = facts(Project(Tree.of(files))).processes
    assert [(each.origin, each.work.value, each.port.value) for each in found] == [
        ("docker-compose.yml: web", "web", "80"),
        ("docker-compose.yml: worker", "worker", ""),
    ]


def test_services_of_one_name_in_two_files_are_two_processes() -> None:
    service = "services:\n  web: {build: ., command: gunicorn -b :80 app:app}\n"
    files = {"Dockerfile": IMAGE, "app.py": FLASK, "compose.yaml": service, "compose.prod.yaml": service}
    found = facts(Project(Tree.of(files))).processes
    assert [each.origin for each in found] == ["compose.yaml: web", "compose.prod.yaml: web"]


def _told(path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> list[dict[str, object]]:
    """The processes that the command names for a Dockerfile."""
    with pytest.raises(SystemExit):
        main(["facts", str(path), "--output-format", "json"])
    (service,) = json.loads(capfdbinary.readouterr().out)["services"]
    return [
        {name: fact if name == "origin" else fact.get("value") for name, fact in each.items()}
        for each in service["processes"]
    ]


def _repository(folder: Path, compose: str) -> Path:
    """A repository with a service in a folder of its own; the Dockerfile is given back."""
    files = {
        ".git/HEAD": "",
        "docker-compose.yml": compose,
        "api/Dockerfile": f'{IMAGE}COPY start.sh /\nENTRYPOINT ["sh", "/start.sh"]\n',
        "api/start.sh": 'nc -z db 5432\nexec "$@"\n',
        "api/app.py": FASTAPI,
    }
    for path, written in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(written)
    return folder / "api/Dockerfile"


@pytest.mark.parametrize(
    ("build", "known"),
    [
        ("./api", ["../docker-compose.yml: web"]),
        ("{context: api, dockerfile: Dockerfile}", ["../docker-compose.yml: web"]),
        ("{context: api, dockerfile: Dockerfile.other}", []),
        ("./other", []),
    ],
    ids=["by its folder", "by its file", "but not of another file", "and not of another folder"],
)
def test_the_command_of_a_compose_file_above_the_context_is_known(
    build: str, known: list[str], tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    dockerfile = _repository(
        tmp_path, f"services:\n  web:\n    build: {build}\n    command: uvicorn app:app --host 0.0.0.0 --port 81\n"
    )
    _, *composed = _told(dockerfile, capfdbinary)
    assert [each["origin"] for each in composed] == known
    assert [(each["application"], each["port"]) for each in composed] == [("app:app", "81") for _ in known]


def test_what_a_compose_file_above_the_context_installs_at_the_start_is_known(tmp_path: Path) -> None:
    starts = 'sh -c "pip install -e /shared && uvicorn app:app"'
    dockerfile = _repository(tmp_path, f"services:\n  web:\n    build: ./api\n    command: {starts}\n")
    (target,) = targets([str(dockerfile)])
    assert isinstance(target, Target)
    project = unchanged(Question({}), target)
    assert [service.origin for service in compose.services(project)] == ["../docker-compose.yml: web"]
    assert calls_pip_later(project, walk(project), ())
    assert any(entry.is_final and "calls pip" in entry.why for entry in obstacles(project))


def test_an_image_that_a_compose_file_above_the_context_also_runs_as_a_worker_gets_no_check(tmp_path: Path) -> None:
    services = (
        "  web: {build: ./api, command: uvicorn app:app}\n  jobs: {build: ./api, command: celery -A app worker}\n"
    )
    dockerfile = _repository(tmp_path, f"services:\n{services}")
    dockerfile.write_text(f'{IMAGE}COPY . .\nCMD ["uvicorn", "app:app"]\n', encoding="utf-8")
    (target,) = targets([str(dockerfile)])
    assert isinstance(target, Target)
    (finding,) = check(unchanged(Question({}), target), [by_name("no-healthcheck")])
    assert finding.fix is None
    assert "jobs" in finding.advice


def test_a_port_that_compose_sets_is_that_of_its_process_and_may_be_that_of_the_image() -> None:
    files = {
        "Dockerfile": f"{IMAGE}CMD flask run --host 0.0.0.0\n",
        "app.py": FLASK,
        "docker-compose.yml": "services:\n  web: {build: ., environment: {FLASK_RUN_PORT: 8000}}\n"
        "  api: {build: ., command: uvicorn app:app, environment: {UVICORN_PORT: 9000}}\n",
    }
    found = facts(Project(Tree.of(files))).processes
    assert [each.port.value for each in found] == ["${FLASK_RUN_PORT:-5000}", "${UVICORN_PORT:-9000}"]


def test_a_start_with_several_servers_is_unsure_and_names_them() -> None:
    files = {"Dockerfile": f"{IMAGE}CMD gunicorn -b :80 a:app & celery -A a worker\n", "a.py": FLASK}
    (found,) = facts(Project(Tree.of(files))).processes
    assert found.command.candidates == ("gunicorn -b :80 a:app", "celery -A a worker")
    assert found.work.candidates == ("web", "worker")


def test_programs_and_libraries_that_the_source_needs_are_named() -> None:
    source = "import ctypes, subprocess\nctypes.CDLL('libmagic.so.1')\nsubprocess.run(['ffmpeg', '-i', 'x'])\n"
    found = facts(Project(Tree.of({"Dockerfile": f"{IMAGE}CMD python a.py\n", "a.py": source})))
    assert found.libraries == (("libmagic.so.1", "a.py:2"),)
    assert ("ffmpeg", "a.py:3") in found.programs


@pytest.mark.parametrize(
    ("source", "folders"),
    [
        ("Celery('a', broker='filesystem://')\n", ("/srv/control",)),
        ("Celery('a', broker='filesystem://', broker_transport_options={'control_folder': F})\n", ()),
    ],
    ids=["where kombu keeps the exchanges", "and not where it is told where"],
)
def test_a_broker_in_the_file_system_writes(source: str, folders: tuple[str, ...]) -> None:
    files = {"Dockerfile": f"{IMAGE}CMD celery -A a worker\n", "a.py": f"from celery import Celery\n{source}"}
    found = facts(Project(Tree.of(files))).writes
    assert tuple(folder for folder, _ in found) == folders


@pytest.mark.parametrize(
    ("source", "folders"),
    [
        pytest.param("from loguru import logger\nlogger.add('/srv/logs/app.log')\n", ["/srv/logs"], id="loguru's file"),
        pytest.param("import sys\nfrom loguru import logger\nlogger.add(sys.stderr)\n", [], id="loguru's stream"),
        pytest.param("def f(blob):\n    blob.download_to_filename('/m/m.pt')\n", ["/m"], id="a file of a bucket"),
    ],
)
def test_where_the_source_writes(source: str, folders: list[str]) -> None:
    files = {"Dockerfile": f'{IMAGE}COPY . .\nCMD ["python", "a.py"]\n', "a.py": source}
    assert [folder for folder, _ in facts(Project(Tree.of(files))).writes] == folders


def test_dbt_writes_what_it_compiles_into_its_work_folder() -> None:
    files = {"Dockerfile": f'{IMAGE}COPY . .\nENTRYPOINT ["dbt"]\nCMD ["build"]\n', "dbt_project.yml": "name: a\n"}
    assert [folder for folder, _ in facts(Project(Tree.of(files))).writes] == ["/srv"]


def test_text_and_json_say_the_same() -> None:
    found = facts(Project(Tree.of({"Dockerfile": f"{IMAGE}CMD gunicorn -b :80 app:app\n", "app.py": FLASK})))
    (service,) = json.loads(document([("Dockerfile", found, Mask())]))["services"]
    (process,) = service["processes"]
    assert process["port"] == {"state": "certain", "value": "80", "source": "command line"}
    assert "    port:        80 (command line)\n" in text("Dockerfile", found, Mask())


def test_the_command_answers_for_every_dockerfile_of_a_folder(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "Dockerfile").write_text(f"{IMAGE}CMD gunicorn -b :80 app:app\n")
    (tmp_path / "app.py").write_text(FLASK)
    with pytest.raises(SystemExit) as left:
        main(["facts", str(tmp_path), "--output-format", "json"])
    assert left.value.code == 0
    assert len(json.loads(capfdbinary.readouterr().out)["services"]) == 1
