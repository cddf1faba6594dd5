"""The health check that fits a service: what it asks, when it begins to ask, and when it is no safe one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from pydock.context import Tree
from pydock.engine import check, rewrite
from pydock.project import Project
from pydock.rules import RULES, by_name
from pydock.text import Safety

SLIM = "FROM python:3.12.1-slim-bookworm\nWORKDIR /srv\nCOPY . .\n"
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
ROUTED = f"{FLASK}\n\n@app.get('/health')\ndef health():\n    return 'ok'\n"
ONLY = tuple(rule for rule in RULES if rule.code == "PYD402")


@dataclass(frozen=True)
class Case:
    """A service, what its safe check holds ("" for no safe one), and what it does not hold."""

    does: str
    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ("/healthz",)


CASES = (
    Case(
        "a service without a health route is asked for a connection, and no route is made up",
        f'{SLIM}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n',
        {"app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"},
        ("socket.create_connection(('127.0.0.1', 8000)", "--start-period=30s"),
    ),
    Case(
        "several workers are asked for the route",
        f'{SLIM}CMD ["gunicorn", "-w", "3", "-b", ":80", "app:app"]\n',
        {"app.py": ROUTED},
        ('"/srv/healthcheck.py"',),
    ),
    Case(
        "threads are asked for the route",
        f'{SLIM}CMD ["gunicorn", "--threads", "4", "-b", ":80", "app:app"]\n',
        {"app.py": ROUTED},
        ('"/srv/healthcheck.py"',),
    ),
    Case(
        "a worker that is busy with one slow request takes connections",
        f'{SLIM}CMD ["gunicorn", "-b", ":80", "app:app"]\n',
        {"app.py": ROUTED},
        ("socket.create_connection(('127.0.0.1', 80)",),
        ("/srv/healthcheck.py",),
    ),
    Case(
        "one worker with hours for a request has no safe check",
        f'{SLIM}CMD ["gunicorn", "--timeout=7200", "-b", ":80", "app:app"]\n',
        {"app.py": ROUTED},
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "one worker without a limit of time has no safe check",
        f'{SLIM}CMD ["gunicorn", "-w", "1", "-t", "0", "-b", ":80", "app:app"]\n',
        {"app.py": FLASK},
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "a model that is loaded has minutes",
        f'{SLIM}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n',
        {"app.py": "import spacy\nfrom fastapi import FastAPI\n\nnlp = spacy.load('de')\napp = FastAPI()\n"},
        ("--start-period=180s",),
    ),
    Case(
        "a model that another file loads has minutes, too",
        f'{SLIM}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n',
        {
            "app.py": "from fastapi import FastAPI\nfrom model import net\n\napp = FastAPI()\n",
            "model.py": "from torch import nn\n\nnet = nn.Linear(2, 2)\n",
        },
        ("--start-period=180s",),
    ),
    Case(
        "migrations in front of the server have two minutes",
        f'{SLIM}CMD ["sh", "-c", "flask db upgrade && gunicorn -w 2 -b :80 app:app"]\n',
        {"app.py": FLASK},
        ("--start-period=120s",),
    ),
    Case(
        "a wait for the database in an entry script has two minutes",
        f'{SLIM}ENTRYPOINT ["./start.sh"]\n',
        {
            "app.py": FLASK,
            "start.sh": "#!/bin/sh\nuntil nc -z db 5432; do sleep 1; done\nexec gunicorn -w 2 -b :80 app:app\n",
        },
        ("--start-period=120s",),
    ),
    Case(
        "migrations that the application runs itself have two minutes",
        f'{SLIM}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n',
        {
            "app.py": "from alembic import command\nfrom fastapi import FastAPI\n\n\ndef start(app):\n"
            "    command.upgrade(None, 'head')\n    yield\n\n\napp = FastAPI(lifespan=start)\n"
        },
        ("--start-period=120s",),
    ),
    Case(
        "a pickled model of another file has three minutes",
        f'{SLIM}CMD ["gunicorn", "-w", "2", "-b", ":80", "app:app"]\n',
        {"app.py": f"{FLASK}import model\n", "model.py": "import pickle\n\nnet = pickle.load(open('m.pkl', 'rb'))\n"},
        ("--start-period=180s",),
    ),
    Case(
        "a model that only a requirement tells of has three minutes",
        "FROM python:3.12.1-slim-bookworm\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\n"
        'CMD ["gunicorn", "-w", "2", "-b", ":80", "app:app"]\n',
        {"app.py": FLASK, "requirements.txt": "flask\nsentence-transformers==3.0\n"},
        ("--start-period=180s",),
    ),
    Case(
        "a model that computes in the event loop is asked for a connection, and not for the route",
        f'{SLIM}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n',
        {
            "app.py": "import torch\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\n"
            "async def health():\n    return {}\n"
        },
        ("create_connection", "--start-period=180s"),
        ("healthcheck.py",),
    ),
    Case(
        "threads that streams may hold are asked for a connection, and not for the route",
        f'{SLIM}CMD ["gunicorn", "--threads", "4", "-b", ":80", "app:app"]\n',
        {"app.py": f"{ROUTED}\nSTREAM = 'text/event-stream'\n"},
        ("create_connection",),
        ("healthcheck.py",),
    ),
    Case(
        "the one worker that streams may hold has no safe check",
        f'{SLIM}CMD ["gunicorn", "-b", ":80", "app:app"]\n',
        {"app.py": f"from flask import stream_with_context\n{FLASK}"},
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "a route that asks the database is not asked",
        f'{SLIM}CMD ["gunicorn", "-w", "3", "-b", ":80", "app:app"]\n',
        {
            "app.py": f"import psycopg\n{FLASK}\n\n@app.get('/health')\ndef health():\n"
            "    psycopg.connect('')\n    return 'ok'\n"
        },
        ("create_connection",),
        ("healthcheck.py",),
    ),
    Case(
        "a Celery worker, which answers through its broker, has no safe check",
        f"{SLIM}CMD celery -A jobs worker\n",
        {"jobs.py": "from celery import Celery\n\napp = Celery()\n"},
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "an entry script that also runs a worker leaves the image without a check",
        f'{SLIM}ENTRYPOINT ["./start.sh"]\nCMD ["web"]\n',
        {
            "app.py": FLASK,
            "start.sh": '#!/bin/sh\ncase "$1" in\nweb) exec gunicorn -w 2 -b :80 app:app ;;\n'
            "worker) exec celery -A app worker ;;\nesac\n",
        },
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "an entry script with another server on the same port has a check",
        f'{SLIM}ENTRYPOINT ["./start.sh"]\nCMD ["web"]\n',
        {
            "app.py": FLASK,
            "start.sh": '#!/bin/sh\ncase "$1" in\nweb) exec gunicorn -w 2 -b :80 app:app ;;\n'
            "dev) exec flask --app app run --host 0.0.0.0 --port 80 ;;\nesac\n",
        },
        ("HEALTHCHECK",),
    ),
    Case(
        "an image that a deployment runs as a worker by its name has no check",
        f'{SLIM}CMD ["gunicorn", "-w", "2", "-b", ":80", "app:app"]\n',
        {
            "app.py": FLASK,
            "compose.prod.yml": "services:\n  web: {image: registry.example/shop}\n"
            "  worker: {image: registry.example/shop, command: celery -A app worker}\n",
        },
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "a database that is run by its name beside the image changes nothing",
        f'{SLIM}CMD ["gunicorn", "-w", "2", "-b", ":80", "app:app"]\n',
        {
            "app.py": FLASK,
            "compose.yml": "services:\n  web: {build: .}\n"
            "  cache: {image: docker.example/redis, command: redis-server --save ''}\n",
        },
        ("HEALTHCHECK",),
    ),
    Case(
        "the only program of a process manager is asked, also where Debian's own file names it",
        f"{SLIM}COPY web.conf /etc/supervisor/conf.d/\n"
        'CMD ["supervisord", "-n", "-c", "/etc/supervisor/supervisord.conf"]\n',
        {"web.conf": "[program:web]\ncommand=gunicorn -w 2 -b 0.0.0.0:8000 app:app\n", "app.py": FLASK},
        ("create_connection(('127.0.0.1', 8000)",),
    ),
    Case(
        "two programs of a process manager have no check",
        f'{SLIM}COPY all.conf /etc/supervisord.conf\nCMD ["supervisord", "-n"]\n',
        {
            "all.conf": "[program:web]\ncommand=gunicorn -w 2 -b :80 app:app\n"
            "[program:jobs]\ncommand=celery -A app worker\n",
            "app.py": FLASK,
        },
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "the port may come from either of two variables",
        f'{SLIM}CMD ["sh", "-c", "uvicorn app:app --host 0.0.0.0 --port ${{PORT:-${{SITE_PORT:-8080}}}}"]\n',
        {"app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"},
        ("os.environ.get('PORT') or os.environ.get('SITE_PORT') or 8080",),
    ),
    Case(
        "Flask-Script listens where Flask does, and not where Django does",
        f'{SLIM}CMD ["python", "manage.py", "runserver"]\n',
        {"manage.py": f"{FLASK}from flask_script import Manager\n\nmanager = Manager(app)\nmanager.run()\n"},
        ("('127.0.0.1', 5000)",),
    ),
    Case(
        "Flask-Script listens where its server command says",
        f'{SLIM}CMD ["python", "run.py", "serve"]\n',
        {
            "run.py": f"{FLASK}from flask_script import Manager, Server\n\nmanager = Manager(app)\n"
            "manager.add_command('serve', Server(host='0.0.0.0', port=8099))\nmanager.run()\n"
        },
        ("('127.0.0.1', 8099)",),
    ),
    Case(
        "the port of the service counts, and not that of its figures",
        f'{SLIM}CMD ["python", "main.py"]\n',
        {
            "main.py": "import prometheus_client\nfrom twisted.internet import reactor\n"
            "from twisted.web.server import Site\n\nprometheus_client.start_http_server(9001)\n"
            "reactor.listenTCP(5000, Site(None))\nreactor.run()\n"
        },
        ("('127.0.0.1', 5000)",),
        ("9001",),
    ),
    Case(
        "figures that a thread of their own hands out say nothing about the work",
        f'{SLIM}CMD ["python", "main.py"]\n',
        {
            "main.py": "import time\nfrom prometheus_client import start_http_server\n\nstart_http_server(9001)\n"
            "while True:\n    time.sleep(1)\n"
        },
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "a script beside the only module of a project would stop its build",
        f'{SLIM}RUN pip install .\nCMD ["uvicorn", "shop:app", "--host", "0.0.0.0"]\n',
        {
            "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n",
            "shop.py": (
                "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\ndef ok():\n    return 1\n"
            ),
        },
        ("c.request('GET', '/health')",),
        ("healthcheck.py",),
    ),
    Case(
        "a script does not become part of a package",
        f'{SLIM}RUN pip install -e ".[web]"\nCMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0"]\n',
        {
            "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n[project.optional-dependencies]\nweb = []\n",
            "shop/__init__.py": "",
            "shop/main.py": (
                "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\ndef ok():\n    return 1\n"
            ),
        },
        ("c.request('GET', '/health')",),
        ("healthcheck.py",),
    ),
    Case(
        "an image that compose also runs as a worker by a script has no check",
        f'{SLIM}CMD ["./web.sh"]\n',
        {
            "web.sh": "#!/bin/sh\nexec gunicorn -w 2 -b :8000 app:app\n",
            "work.sh": "#!/bin/sh\npython -m jobs\n",
            "app.py": FLASK,
            "jobs.py": "import time\nwhile True:\n    time.sleep(9)\n",
            "compose.yaml": "services:\n  web: {build: .}\n  work: {build: ., command: ./work.sh}\n",
        },
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "an image that also runs a worker, as a comment says, has no safe check",
        f'{SLIM}# Celery workers use it, too\nCMD ["gunicorn", "-b", ":80", "app:app"]\n',
        {"app.py": FLASK, "tasks.py": ""},
        lacks=("HEALTHCHECK",),
    ),
    Case(
        "an image that README also starts as a worker has no safe check",
        f'{SLIM}CMD ["gunicorn", "-b", ":80", "app:app"]\n',
        {"app.py": FLASK, "README.md": "Then `docker run shop celery -A tasks worker`.\n"},
        lacks=("HEALTHCHECK",),
    ),
)


CHECK = "HEALTHCHECK"
# The end of a file, and where the check comes in it.
PLACES = {
    "below the port, above the comment of the command": (
        "# the port\nEXPOSE 80\n# the service\nCMD",
        f"# the port\nEXPOSE 80\n{CHECK}\n# the service\nCMD",
    ),
    "below a blank line, with the command": (
        "# the port\nEXPOSE 80\n\n# the service\nCMD",
        f"# the port\nEXPOSE 80\n\n{CHECK}\n# the service\nCMD",
    ),
    "below a remark that has a blank line behind it": (
        "USER 1000\n# not published: 9090\n\nCMD",
        f"USER 1000\n# not published: 9090\n\n{CHECK}\nCMD",
    ),
    "above the comment of the command where the port comes behind it": (
        "COPY . .\n\n# the service\nCMD\n\n# the port\nEXPOSE 80",
        f"COPY . .\n\n{CHECK}\n# the service\nCMD\n\n# the port\nEXPOSE 80",
    ),
    "above both halves of the command": (
        "ENV A=1\n# the init\nENTRYPOINT\n# the service\nCMD",
        f"ENV A=1\n{CHECK}\n# the init\nENTRYPOINT\n# the service\nCMD",
    ),
    "above the command where the entry point stands far above": (
        "# the init\nENTRYPOINT\n# the port\nEXPOSE 80\n# the service\nCMD",
        f"# the init\nENTRYPOINT\n# the port\nEXPOSE 80\n{CHECK}\n# the service\nCMD",
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_check_stands(place: str) -> None:
    before, after = PLACES[place]
    words = {"ENTRYPOINT": 'ENTRYPOINT ["tini", "--"]', "CMD": 'CMD ["gunicorn", "-b", ":80", "app:app"]'}
    for keyword, text in words.items():
        before = before.replace(keyword, text)
    project = Project(Tree.of({"Dockerfile": f"{SLIM}{before}\n", "app.py": FLASK}))
    result = rewrite(project, ONLY, Safety.SAFE).result.dockerfile.text.removeprefix(SLIM)
    (written,) = (line for line in re.findall(r"^HEALTHCHECK(?:.*\\\n)+.*\n", result, re.M))
    result = result.replace(written, f"{CHECK}\n")
    for keyword, text in words.items():
        result = result.replace(text, keyword)
    assert result == f"{after}\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.does)
def test_a_safe_check_is_true_of_the_service(case: Case) -> None:
    result = rewrite(Project(Tree.of({"Dockerfile": case.dockerfile, **case.files})), ONLY, Safety.SAFE).result
    text = result.dockerfile.text
    assert [each for each in case.holds if each not in text] == []
    assert [each for each in case.lacks if each in text] == []


def test_a_server_on_all_of_ipv6_is_asked_by_name() -> None:
    """asyncio's servers on `::` take IPv6 alone."""
    files = {
        "Dockerfile": 'FROM python:3.12-slim\nCOPY . .\nCMD ["uvicorn", "main:app", "--host", "::", "--port", "80"]\n',
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    }
    (finding,) = check(Project(Tree.of(files)), [by_name("no-healthcheck")])
    assert finding.fix is not None
    assert "create_connection(('localhost', 80)" in finding.fix.edits[-1].text


def test_gunicorn_without_a_bind_is_asked_where_a_variable_says() -> None:
    files = {
        "Dockerfile": 'FROM python:3.12-slim\nCOPY . .\nCMD ["gunicorn", "--threads", "4", "main:app"]\n',
        "main.py": FLASK,
    }
    (finding,) = check(Project(Tree.of(files)), [by_name("no-healthcheck")])
    assert finding.fix is not None
    assert "int(os.environ.get('PORT') or 8000)" in finding.fix.edits[-1].text


def test_what_listens_behind_a_process_manager_is_told() -> None:
    programs = "[program:web]\ncommand=gunicorn -b :80 app:app\n[program:jobs]\ncommand=celery -A app worker\n"
    files = {"Dockerfile": f'{SLIM}CMD ["supervisord", "-c", "all.conf"]\n', "all.conf": programs, "app.py": FLASK}
    (finding,) = check(Project(Tree.of(files)), ONLY)
    assert "what listens is all.conf: web on port 80" in finding.advice
