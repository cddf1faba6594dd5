"""The services that compose starts beside a service: which, with what, and on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pydock.bench import Verdict
from pydock.bench.engine import Recipe, connect
from pydock.bench.engine.compose_services import Beside, beside
from pydock.bench.engine.engine import RUN_LABEL, Engine
from pydock.bench.prove.verify import Verifier, verify
from pydock.context import Tree
from pydock.errors import EngineError
from pydock.project import Project
from pydock.project.surroundings import Needed, Surroundings, surroundings
from pydock.rules import RULES
from pydock.text import Safety

if TYPE_CHECKING:
    from docker import DockerClient

BASE = "python:3.11-slim-bookworm"
STORE = "pydock-test-store:latest"


def _surroundings(compose: str, **files: str) -> Surroundings:
    tree = {"Dockerfile": f"FROM {BASE}\nCMD python app.py\n", "compose.yaml": compose, **files}
    return surroundings(Project(Tree.of(tree)))


WEB = "services:\n  web:\n    build: .\n"
FOUND = {
    "nothing beside it": (WEB, []),
    "what it depends on": (f"{WEB}    depends_on: [db]\n  db: {{image: postgres}}\n  other: {{image: x}}\n", ["db"]),
    "what that depends on, first": (
        f"{WEB}    depends_on: [a]\n  a: {{image: x, depends_on: {{b: {{condition: service_started}}}}}}\n"
        "  b: {image: y}\n",
        ["b", "a"],
    ),
    "in a circle": (
        f"{WEB}    depends_on: [a]\n  a: {{image: x, depends_on: [b]}}\n  b: {{image: y, depends_on: [a]}}\n",
        ["b", "a"],
    ),
    "links of old": (f"{WEB}    links: ['db:database']\n  db: {{image: postgres}}\n", ["db"]),
    "what its variables name, where it depends on nothing": (
        f"{WEB}    environment: ['URL=redis://cache:6379/0']\n  cache: {{image: redis}}\n  db: {{image: postgres}}\n",
        ["cache"],
    ),
    "no service that compose does not know": (f"{WEB}    depends_on: [db]\n", []),
}


@pytest.mark.parametrize(("compose", "expected"), FOUND.values(), ids=FOUND)
def test_which_services_are_started(compose: str, expected: list[str]) -> None:
    assert [needed.name for needed in _surroundings(compose).services] == expected


def test_a_service_is_started_as_compose_would() -> None:
    compose = f"""{WEB}    env_file: .env.web
    environment:
      URL: "db://${{USER_NAME:-app}}:${{SECRET}}@db/$$x"
      SHELL_ONLY:
    depends_on:
      db: {{condition: service_healthy}}
      seed: {{condition: service_completed_successfully}}
  db:
    image: "postgres:${{PG:-16}}"
    hostname: database
    command: postgres -c "max_connections=5"
    environment: [POSTGRES_PASSWORD=x, "POSTGRES_DB=${{DB}}"]
    healthcheck: {{test: "pg_isready -U $${{POSTGRES_USER}}"}}
    ports: ["5433:5432"]
    volumes: ["./init:/docker-entrypoint-initdb.d:ro", "data:/var/lib/postgresql/data", "./absent:/x"]
  seed: {{image: seed, healthcheck: {{disable: true}}}}
"""
    files = {".env": "DB='main' \nSECRET=s # a comment\n", ".env.web": "A=1\n", "init/a.sql": "SELECT 1;\n"}
    found = _surroundings(compose, **files)
    assert dict(found.environment) == {"A": "1", "URL": "db://app:s@db/$x"}
    db, seed = found.services
    assert db == Needed(
        "db",
        "postgres:16",
        ("db", "database"),
        (("POSTGRES_PASSWORD", "x"), ("POSTGRES_DB", "main")),
        ("postgres", "-c", "max_connections=5"),
        test=("CMD-SHELL", "pg_isready -U ${POSTGRES_USER}"),
        files=(("/docker-entrypoint-initdb.d", "init"),),
        ports=(5432,),
    )
    assert (seed.is_job, seed.test) == (True, ("NONE",))


def test_what_cannot_be_started_says_why() -> None:
    told: list[str] = []
    compose = f"{WEB}    depends_on: [worker, other]\n  worker: {{build: ., command: x}}\n  other: {{build: ./other}}\n"
    project = Project(Tree.of({"Dockerfile": f"FROM {BASE}\nCMD python app.py\n", "compose.yaml": compose}))
    assert beside(project, told.append, has_network=False) is None
    assert told == [
        "the service worker is not started: it is the same image with another command",
        "the service other is not started: compose builds its image, and only images are started",
        "no compose file says what this service needs",
    ]


STORE_FILES = {
    "Dockerfile": f'FROM {BASE}\nCOPY store.py /\nEXPOSE 6379\nCMD ["python", "/store.py"]\n',
    "store.py": (
        "import socketserver, time, os\n"
        "class Handler(socketserver.StreamRequestHandler):\n"
        "    def handle(self):\n"
        "        for line in self.rfile:\n"
        "            self.wfile.write(open('/greeting').read().encode() + b'\\n')\n"
        "time.sleep(float(os.environ.get('SLOW', '0')))\n"
        "socketserver.ThreadingTCPServer(('0.0.0.0', 6379), Handler).serve_forever()\n"
    ),
}
COMPOSE = f"""services:
  web:
    build: .
    environment: {{STORE: "cache:6379"}}
    depends_on: {{cache: {{condition: service_healthy}}}}
  cache:
    image: {STORE}
    environment: {{SLOW: "1"}}
    volumes: ["./greeting:/greeting:ro"]
    healthcheck:
      test: ["CMD", "python", "-c", "import socket; socket.create_connection(('127.0.0.1', 6379), 1)"]
"""
SERVICE = {
    "Dockerfile": f"FROM {BASE}\nWORKDIR /app\nCOPY app.py .\nEXPOSE 8000\nCMD python app.py\n",
    "app.py": (
        "import os, socket\n"
        "from http.server import BaseHTTPRequestHandler, HTTPServer\n"
        "host, port = os.environ['STORE'].split(':')\n"
        "link = socket.create_connection((host, int(port)), 5).makefile('rw')\n"
        "class Handler(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        link.write('?\\n')\n"
        "        link.flush()\n"
        "        self.send_response(200)\n"
        "        self.end_headers()\n"
        "        self.wfile.write(link.readline().encode())\n"
        "HTTPServer(('0.0.0.0', 8000), Handler).serve_forever()\n"
    ),
    "greeting": "hello from the store",
    "compose.yaml": COMPOSE,
}


@pytest.fixture(scope="module")
def store(engine: DockerClient) -> Iterator[str]:
    """A small server, as an image that stands in for a real store."""
    with connect() as ours:
        built = ours.build(Recipe(Tree.of(STORE_FILES), "Dockerfile"))
        engine.images.get(built.image).tag(STORE)
        yield STORE
        engine.images.remove(STORE, force=True)


def _own(engine: DockerClient, run: Engine) -> list[object]:
    label = f"{RUN_LABEL}={run.run}"
    containers = engine.containers.list(all=True, filters={"label": label})
    return [*containers, *engine.networks.list(filters={"label": label})]


@pytest.mark.engine
def test_both_versions_are_compared_beside_the_services_they_need(engine: DockerClient, store: str) -> None:
    project, told = Project(Tree.of(SERVICE)), list[str]()
    rules = [rule for rule in RULES if rule.name in {"buffered-output", "shell-form-command"}]
    with connect() as ours:
        needed = beside(project, told.append, has_network=False)
        verifier = Verifier(ours, project, beside=needed, tell=told.append)
        found = verify(verifier, rules, Safety.SAFE).comparison
        assert _own(engine, ours) == []
    assert found.verdict is Verdict.SAME
    assert told.count("starting cache") == 2
    answers = next(outcome for outcome in found.outcomes if outcome.aspect == "answers")
    assert (answers.verdict, answers.notes) == (Verdict.SAME, ())
    state = next(outcome for outcome in found.outcomes if outcome.aspect == "state")
    assert not [note for note in state.notes if "ended" in note]


def _fails(run: Engine, needed: Needed, limit: float) -> EngineError:
    around = Beside(Surroundings((needed,), origin="compose.yaml: web"), Tree.of(SERVICE), limit=limit)
    with pytest.raises(EngineError) as caught, around.started(run):
        pytest.fail("it is not ready")
    return caught.value


REFUSED = {
    "an image that cannot be had": (
        Needed("db", "pydock.invalid/nothing:1"),
        "the service db cannot be started: the image pydock.invalid/nothing:1 is not here and cannot be pulled",
    ),
    "a command that there is not": (Needed("db", STORE, command=("nope",)), "the service db cannot be started: "),
    "one that ends": (
        Needed("db", STORE, ports=(1,), command=("python", "-c", "print('no password'); exit(3)")),
        "the service db ended with exit code 3: no password",
    ),
    "one that never gets healthy": (
        Needed("db", STORE, test=("CMD", "false"), files=(("/greeting", "greeting"),)),
        "the service db did not become healthy within 2 s",
    ),
    "one that never opens its port": (Needed("db", STORE, ports=(1,)), "the service db did not open a port within 2 s"),
    "a job that never ends": (Needed("db", STORE, is_job=True), "the service db did not end within 2 s"),
    "a job that fails": (
        Needed("db", STORE, command=("python", "-c", "exit(1)"), is_job=True),
        "the service db ended with exit code 1",
    ),
}


@pytest.mark.engine
@pytest.mark.parametrize(("needed", "message"), REFUSED.values(), ids=REFUSED)
def test_a_service_that_is_not_ready_is_named_and_nothing_is_left(
    engine: DockerClient, store: str, needed: Needed, message: str
) -> None:
    with connect() as ours:
        # What ends by itself is given the time for it on a busy engine.
        limit = 2 if message.endswith("within 2 s") else 60
        assert _fails(ours, needed, limit).message.startswith(message)
        assert _own(engine, ours) == []


@pytest.mark.engine
def test_a_job_is_waited_for_and_a_service_is_reached_by_all_of_its_names(engine: DockerClient, store: str) -> None:
    ask = "import socket; socket.create_connection(('other-name', 6379), 2)"
    job = Needed("job", STORE, names=("job",), command=("python", "-c", ask), is_job=True)
    cache = Needed("cache", STORE, ("cache", "other-name"), ports=(6379,))
    with connect() as ours:
        with Beside(Surroundings((cache, job)), Tree.of(SERVICE)).started(ours):
            assert len(_own(engine, ours)) == 3
        assert _own(engine, ours) == []
