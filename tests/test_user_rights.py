"""A user can do what the service does: what it writes is its own, and what is not known is a doubt."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pydock.context import Tree
from pydock.engine import check
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety

SLIM = "FROM python:3.12.1-slim-bookworm\nWORKDIR /app\nCOPY . .\n"
CMD = 'CMD ["python", "app.py"]\n'
MAKES = "import os, sqlite3\n\nos.makedirs('/data', exist_ok=True)\n"
DATABASE = f"{MAKES}sqlite3.connect('/data/shop.db').execute('create table t (x)')\n"
DJANGO = "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
START = f'{SLIM}ENTRYPOINT ["./start.sh"]\n'
COLLECTS = "#!/bin/sh\npython manage.py collectstatic --noinput\nexec gunicorn -b :8000 shop.wsgi\n"
ONLY = tuple(rule for rule in RULES if rule.code == "PYD401")


@dataclass(frozen=True)
class Case:
    """A service, what the fix writes, and what it doubts ("" for a safe one)."""

    does: str
    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    doubts: str = ""
    lacks: tuple[str, ...] = ("chown -R",)


def _django(root: str) -> dict[str, str]:
    settings = f"from pathlib import Path\n\nBASE_DIR = Path(__file__).parent.parent\nSTATIC_ROOT = {root}\n"
    return {"manage.py": DJANGO, "shop/__init__.py": "", "shop/settings.py": settings, "start.sh": COLLECTS}


CASES = (
    Case(
        "keys of an archive are gpg's own matter",
        f"{SLIM}RUN apt-get update && apt-get install -y gpg \\\n    `# for the archive` \\\n    curl \\\n"
        f"    && curl -fsSL https://example.org/key | gpg --dearmor -o /usr/share/keyrings/x.gpg\n{CMD}",
        {"app.py": ""},
        writes=("USER 10001",),
    ),
    Case(
        "the database of a Django project that is called example, which the host keeps",
        SLIM.replace("COPY . .", "COPY manage.py ./\nCOPY example ./example"),
        {
            "manage.py": DJANGO.replace("shop", "example"),
            "example/settings.py": "DATABASES = {'default': {'ENGINE': 'x', 'NAME': '/srv/db/shop.db'}}\n",
            "compose.yaml": "services:\n  web: {build: ., command: make serve, volumes: ['./db:/srv/db']}\n",
        },
        doubts="./db on the host (compose.yaml: web) has to be writable",
    ),
    Case(
        "static files that each start collects",
        START,
        _django("'/var/shop/static'"),
        ("mkdir -p /var/shop/static", "chown app:app /var/shop/static"),
        lacks=("chown -R", "--chown"),
    ),
    Case("static files beside the code", START, _django("BASE_DIR / 'static'"), ("mkdir -p /app/static",)),
    Case("static files at a place that is not known", START, _django("place()"), ("chown app:app /app",)),
    Case(
        "a named volume below a folder that is written to is made, so that it is new with the right owner",
        f"{SLIM}{CMD}",
        {
            "app.py": "open('notes.txt', 'w').write('x')\n",
            "compose.yaml": "services:\n  web: {build: ., volumes: ['files:/app/media']}\nvolumes: {files: }\n",
        },
        ("mkdir -p /app/media", "chown app:app /app /app/media"),
    ),
    Case(
        "a folder of the host that a service by the image's name mounts",
        f"{SLIM}{CMD}",
        {
            "app.py": DATABASE,
            "compose.yaml": "services:\n  shop:\n    image: registry.example/shop\n    volumes: ['./data:/data']\n",
        },
        doubts="./data on the host (compose.yaml: shop)",
    ),
    Case(
        "a folder of the host that an override mounts",
        f"{SLIM}{CMD}",
        {
            "app.py": DATABASE,
            "compose.yaml": "services:\n  shop: {build: .}\n",
            "compose.override.yaml": "services:\n  shop:\n    volumes: ['./data:/data']\n",
        },
        doubts="./data on the host (compose.override.yaml: shop)",
    ),
    Case(
        "a folder of the host that the README mounts",
        f"{SLIM}{CMD}",
        {"app.py": DATABASE, "README.md": "# shop\n\n    docker run --rm \\\n      -v $(pwd)/data:/data shop\n"},
        doubts="$(pwd)/data on the host (README.md:3)",
    ),
    Case(
        "a folder of the host that a comment of the Dockerfile mounts",
        f"{SLIM}# docker run -it --volume=./data:/data shop\n{CMD}",
        {"app.py": DATABASE},
        doubts="./data on the host (Dockerfile:4)",
    ),
    Case(
        "a folder of the host that a Makefile binds",
        f"{SLIM}{CMD}",
        {"app.py": DATABASE, "Makefile": "run:\n\tpodman run --mount type=bind,source=/var/data,target=/data shop\n"},
        doubts="/var/data on the host (Makefile:2)",
    ),
    Case(
        "a folder of the host that is mounted to be read",
        f"{SLIM}{CMD}",
        {"app.py": DATABASE, "README.md": "docker run -v ./data:/data:ro shop\n"},
        ("chown app:app /data",),
    ),
    Case(
        "a folder of the host at another place",
        f"{SLIM}{CMD}",
        {"app.py": DATABASE, "run.sh": "docker run -v ./www:/usr/share/nginx/html nginx\n"},
        ("chown app:app /data",),
    ),
    Case(
        "settings and the time of the host, which are mounted to be read",
        f"{SLIM}{CMD}",
        {
            "app.py": DATABASE,
            "compose.yaml": "services:\n  web:\n    build: .\n    volumes:\n      - /etc/localtime:/etc/localtime:ro\n"
            "      - {type: bind, source: ./a.yml, target: /a.yml, read_only: true}\n",
        },
        ("chown app:app /data",),
    ),
    Case(
        "the file of the process id of uWSGI in a folder of its own",
        f'{SLIM}CMD ["uwsgi", "--ini", "uwsgi.ini"]\n',
        {"uwsgi.ini": "[uwsgi]\nmodule = app\nsocket = :8000\npidfile = /var/shop/a.pid\nlogto=/var/shop/log/a.log\n"},
        ("chown app:app /var/shop",),
        doubts="",
    ),
    Case(
        "a file that is removed, whose name only run time knows",
        f"{SLIM}{CMD}",
        {"app.py": "import os\n\nfor name in os.listdir(os.environ['SPOOL']):\n    os.remove(name)\n"},
        doubts="app.py:4 writes to a place that only run time knows",
        lacks=("chown",),
    ),
    Case(
        "a database of SQLAlchemy's, for which no driver is installed",
        f"{SLIM}RUN pip install flask-sqlalchemy==3.1.1\n{CMD}",
        {"app.py": "import os\n\nURI = os.environ['DATABASE_URL']\n"},
        doubts="nothing installs a driver of a database, so SQLAlchemy may write one beside the code",
        lacks=("chown",),
    ),
    Case(
        "a database elsewhere, for which a driver is installed",
        f"{SLIM}RUN pip install flask-sqlalchemy==3.1.1 psycopg2-binary==2.9.10\n{CMD}",
        {"app.py": "import os\n\nURI = os.environ['DATABASE_URL']\n"},
        doubts="",
        lacks=("chown",),
    ),
    Case(
        "a file that the command line names",
        f"{SLIM}{CMD}",
        {"app.py": "import sys\n\nopen(sys.argv[1], 'w').write('x')\n"},
        doubts="app.py:3 writes to a place that only run time knows",
        lacks=("chown",),
    ),
    Case(
        "static files that the build collects as root and each start again",
        START.replace("ENTRYPOINT", "RUN python manage.py collectstatic --noinput\nENTRYPOINT"),
        _django("BASE_DIR / 'static'"),
        ("mkdir -p /app/static", "chown -R app:app /app/static"),
        lacks=("chown -R app:app /app\n",),
    ),
    Case(
        "static files that only the build collects",
        f'{SLIM}RUN python manage.py collectstatic --noinput\nCMD ["gunicorn", "shop.wsgi"]\n',
        {**_django("BASE_DIR / 'static'"), "shop/wsgi.py": ""},
        lacks=("chown",),
    ),
    Case(
        "a database that the build makes as root",
        f'{SLIM}RUN python manage.py migrate\nCMD ["python", "app.py"]\n',
        {"manage.py": DJANGO, "app.py": "import sqlite3\n\nsqlite3.connect('/app/shop.db')\n"},
        ("chown -R app:app /app\n",),
        lacks=("--chown",),
    ),
    Case(
        "a database that the build makes at a place that is not told",
        f"{SLIM}RUN python manage.py migrate\n{CMD}",
        {"manage.py": DJANGO, "app.py": "print(1)\n"},
        doubts="line 4 runs manage.py as root in /app, and the service may write what that leaves",
    ),
    Case(
        "what a program of Debian's makes, which is told what to write",
        f"{SLIM}RUN msgfmt -o de.mo de.po\n{CMD}",
        {"app.py": "open('/app/logs/a.log', 'w')\n", "de.po": ""},
        ("mkdir -p /app/logs", "chown app:app /app/logs"),
    ),
    Case(
        "what a command makes that nobody knows",
        f"{SLIM}RUN trove init\n{CMD}",
        {"app.py": "print(1)\n"},
        doubts="line 4 runs trove as root in /app, and the service may write what that leaves",
    ),
    Case(
        "a script that compose mounts and starts, where the project has it",
        f"{SLIM.replace('COPY . .', 'COPY app.py ./')}{CMD}",
        {
            "app.py": "print(1)\n",
            "bin/start.sh": "#!/bin/sh\nmkdir -p /srv/shop/spool\nexec python app.py\n",
            "compose.yaml": "services:\n  web: {build: ., volumes: ['./bin:/bin2'], command: /bin2/start.sh}\n",
        },
        ("chown app:app /srv/shop/spool",),
    ),
    Case(
        "a script that compose mounts and starts, which the project does not have",
        f"{SLIM}{CMD}",
        {
            "app.py": "print(1)\n",
            "compose.yaml": "services:\n  web: {build: ., volumes: ['/srv/bin:/bin2'], command: /bin2/start.sh}\n",
        },
        doubts="compose.yaml: web runs /bin2/start.sh, which is mounted and not at hand",
    ),
    Case(
        "a module that compose mounts and starts",
        f"{SLIM.replace('COPY . .', 'COPY app.py ./')}{CMD}",
        {
            "app.py": "print(1)\n",
            "jobs/run.py": "print(1)\n",
            "compose.yaml": "services:\n  web: {build: ., volumes: ['./jobs:/jobs'], command: python /jobs/run.py}\n",
        },
        doubts="compose.yaml: web runs /jobs/run.py, which is mounted and not at hand",
    ),
    Case(
        "a key that the build makes, which its owner alone may read",
        f"{SLIM}RUN openssl req -x509 -nodes -keyout key.pem -out cert.pem -subj /CN=shop\n{CMD}",
        {"app.py": "print(1)\n"},
        doubts="line 4 closes files to others",
    ),
    Case(
        "what a program of a Python package leaves, which Debian has, too",
        f"{SLIM}RUN pytest\n{CMD}",
        {"app.py": "print(1)\n"},
        doubts="line 4 runs pytest as root in /app, and the service may write what that leaves",
    ),
    Case(
        "a script of the image that compose starts in another folder",
        f"{SLIM}{CMD}",
        {
            "app.py": "print(1)\n",
            "shop/manage.py": DJANGO,
            "compose.yaml": "services:\n  web:\n    build: .\n    working_dir: /app/shop\n    volumes: ['.:/app']\n"
            "    command: python manage.py runserver 0.0.0.0:8000\n",
        },
        lacks=("chown",),
    ),
    Case(
        "credentials below root's home that the README mounts to be read",
        f"{SLIM}{CMD}",
        {"app.py": "print(1)\n", "README.md": "docker run -v ~/.aws:/root/.aws:ro shop\n"},
        doubts="README.md:1 mounts /root/.aws, which no other user may enter",
    ),
    Case(
        "a home that the file sets",
        f"{SLIM}ENV HOME=/srv/home\n{CMD}",
        {"app.py": "print(1)\n"},
        ("mkdir -p /srv/home", "chown app:app /srv/home"),
    ),
    Case(
        "a home that only the build tells",
        f"{SLIM}ARG PLACE\nENV HOME=$PLACE\n{CMD}",
        {"app.py": "print(1)\n"},
        doubts="HOME is set to what only the build tells",
    ),
    Case(
        "a home that compose sets",
        f"{SLIM}{CMD}",
        {
            "app.py": "print(1)\n",
            "compose.yaml": "services:\n  web:\n    build: .\n    environment: {HOME: /root}\n",
        },
        doubts="compose.yaml: web sets HOME to /root, which the user may not write",
    ),
    Case(
        "the time of the host, which nobody writes",
        f"{SLIM}{CMD}",
        {
            "app.py": DATABASE,
            "compose.yaml": "services:\n  web: {build: ., volumes: ['/etc/localtime:/etc/localtime']}\n",
        },
        ("chown app:app /data",),
    ),
    Case(
        "a named volume that is mounted to be read",
        f"{SLIM}{CMD}",
        {
            "app.py": "print(1)\n",
            "compose.yaml": "services:\n  web: {build: ., volumes: ['files:/files:ro']}\nvolumes: {files: }\n",
        },
        lacks=("chown",),
    ),
    Case(
        "sockets and figures of uWSGI that its command line names",
        f'{SLIM}CMD ["uwsgi", "-s", "/srv/a/a.sock", "--stats", "/srv/b/b.sock", "--http-socket", ":8000"]\n',
        {"app.py": "print(1)\n"},
        ("chown app:app /srv/b /srv/a",),
    ),
    Case(
        "the log of uWSGI in settings of another name",
        f'{SLIM}CMD ["uwsgi", "--ini", "conf/live.ini"]\n',
        {"app.py": "", "conf/live.ini": "[uwsgi]\nsocket = 127.0.0.1:3031\nlogto = /srv/log/a.log\n"},
        ("chown app:app /srv/log",),
    ),
    Case(
        "a file of uWSGI at a place that it puts together",
        f'{SLIM}CMD ["uwsgi", "--ini", "uwsgi.ini"]\n',
        {"app.py": "", "uwsgi.ini": "[uwsgi]\npidfile = %d/run/a.pid\n"},
        doubts="uwsgi.ini writes to a place that only run time knows",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.does)
def test_the_user_may_do_what_the_service_does(case: Case) -> None:
    (found,) = check(Project(Tree.of({"Dockerfile": case.dockerfile, **case.files})), ONLY)
    assert found.fix is not None, found.advice
    written = "\n".join(edit.text for edit in found.fix.edits)
    assert found.fix.safety is (Safety.UNSAFE if case.doubts else Safety.SAFE), found.fix.doubts
    assert [each for each in case.writes if each not in written] == []
    assert [each for each in case.lacks if each in written] == []
    assert case.doubts in " ".join(found.fix.doubts)


def test_a_uwsgi_that_becomes_somebody_else_does_not_run_as_root() -> None:
    files = {"app.py": "print(1)\n", "uwsgi.ini": "[uwsgi]\nmodule = app\nuid = www-data\n"}
    for start, count in (('CMD ["uwsgi", "--ini", "uwsgi.ini"]\n', 0), (CMD, 1)):
        assert len(check(Project(Tree.of({"Dockerfile": SLIM + start, **files})), ONLY)) == count


def test_what_uwsgi_keeps_in_the_system_is_out_of_reach_for_a_user() -> None:
    files = {
        "Dockerfile": f'{SLIM}CMD ["uwsgi", "--ini", "uwsgi.ini"]\n',
        "uwsgi.ini": "[uwsgi]\nmodule = app\nstats = /var/run/shop.sock\n",
    }
    (found,) = check(Project(Tree.of(files)), ONLY)
    assert found.fix is None
    assert "uwsgi.ini writes into /var/run" in found.advice


RUN_BY_S6 = {
    "the image's own init": (
        'ENTRYPOINT ["/init"]\n',
        "#!/command/execlineb -P\ns6-setuidgid web python /app/app.py\n",
    ),
    "its scanner": ('CMD ["s6-svscan", "/etc/services.d"]\n', "#!/bin/sh\nexec s6-setuidgid web python app.py\n"),
}


@pytest.mark.parametrize(("start", "run"), RUN_BY_S6.values(), ids=RUN_BY_S6)
def test_a_service_that_s6_starts_as_somebody_else_does_not_run_as_root(start: str, run: str) -> None:
    text = f"{SLIM}RUN useradd web\nCOPY run /etc/services.d/web/run\n{start}"
    assert check(Project(Tree.of({"Dockerfile": text, "app.py": "print(1)\n", "run": run})), ONLY) == ()
    (found,) = check(
        Project(Tree.of({"Dockerfile": text, "app.py": "print(1)\n", "run": "#!/bin/sh\npython a\n"})), ONLY
    )
    assert found.fix is None


def test_what_is_written_into_the_top_of_the_image_is_out_of_reach_for_a_user() -> None:
    files = {"Dockerfile": f"FROM python:3.12.1-slim\nCOPY app.py /srv/\n{CMD}", "app.py": "open('a.txt', 'w')\n"}
    (found,) = check(Project(Tree.of(files)), ONLY)
    assert found.fix is None
    assert "writes into /, which belongs to the system" in found.advice


BELOW_ROOT = {
    "a folder of the host": "volumes: ['./kept:/root/.cache/huggingface']",
    "a volume": "volumes: ['kept:/root/.cache/huggingface']",
    "credentials that are mounted to be read": "volumes: ['~/.aws:/root/.aws:ro']",
    "a variable": "environment: {HF_HOME: /root/models}",
}


@pytest.mark.parametrize("given", BELOW_ROOT.values(), ids=BELOW_ROOT)
def test_what_compose_puts_below_the_home_of_root_is_out_of_reach_for_a_user(given: str) -> None:
    compose = f"services:\n  web:\n    build: .\n    {given}\nvolumes: {{kept: }}\n"
    (found,) = check(
        Project(Tree.of({"Dockerfile": SLIM + CMD, "app.py": "print(1)\n", "compose.yaml": compose})), ONLY
    )
    assert found.fix is None
    assert "/root/" in found.advice
