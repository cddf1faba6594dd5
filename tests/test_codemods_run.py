"""What codemods write really runs: their own examples as processes, and in containers."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pydock.codemods import NAMES, asked_for, codemods
from pydock.codemods.codemod import Codemod, Example
from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety
from tests.containers import Build, answers, started
from tests.test_codemods import text_after
from tests.test_fixtures import FIXTURES

if TYPE_CHECKING:
    from docker import DockerClient

CODEMODS = {codemod.name: codemod for codemod in codemods()}


def _example(name: str, number: int) -> tuple[Codemod, Example]:
    return CODEMODS[name], CODEMODS[name].examples[number - 1]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def _running(folder: Path, source: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A process of a changed example, ended afterwards."""
    (folder / "program.py").write_text(source, encoding="utf-8")
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **variables}
    command = [sys.executable, "program.py"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _connected(port: int, address: str = "127.0.0.1", seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def _hears(process: subprocess.Popen[str], seconds: float = 20) -> bool:
    """Whether the process has a handler for SIGTERM by now, as the kernel knows it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
        caught = int(next(line for line in lines if line.startswith("SigCgt")).split()[1], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return True
        time.sleep(0.02)
    return False


def _stopped(process: subprocess.Popen[str]) -> tuple[int, float]:
    """The exit code after SIGTERM, and the seconds that it took."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=10), time.monotonic() - begun


def test_a_server_with_the_handler_ends_well_and_at_once(tmp_path: Path) -> None:
    port = _free_port()
    codemod, example = _example("handle-sigterm", 1)
    source = text_after(codemod, example, example.before)
    with _running(tmp_path, source.replace("8000", str(port))) as process:
        assert _connected(port)
        assert _hears(process)
        code, seconds = _stopped(process)
    assert code == 0
    assert seconds < 2
    with _running(tmp_path, example.before.replace("8000", str(port))) as process:
        assert _connected(port)
        assert _stopped(process)[0] == -signal.SIGTERM


def test_a_server_finishes_the_request_in_its_hands(tmp_path: Path) -> None:
    port = _free_port()
    slow = f"""\
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked", flush=True)
        time.sleep(1)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"done")


if __name__ == "__main__":
    HTTPServer(("", {port}), Handler).serve_forever()
"""
    codemod, _ = _example("handle-sigterm", 1)
    source = text_after(codemod, Example(before=slow), slow)
    with _running(tmp_path, source) as process:
        assert _connected(port)
        assert _hears(process)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/")
        assert process.stdout
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        assert connection.getresponse().read() == b"done"
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("number", [2, 4], ids=["a loop that sleeps", "an asyncio program"])
def test_a_loop_with_the_handler_ends_well_and_at_once(number: int, tmp_path: Path) -> None:
    codemod, example = _example("handle-sigterm", number)
    with _running(tmp_path, text_after(codemod, example, example.before)) as process:
        assert _hears(process)
        code, seconds = _stopped(process)
    assert code == 0
    assert seconds < 2


def test_the_new_route_answers(tmp_path: Path) -> None:
    port = _free_port()
    codemod, example = _example("add-health-route", 6)
    source = text_after(codemod, example, example.before).replace("8000", str(port))
    with _running(tmp_path, source):
        assert _connected(port)
        said = []
        for route in ("/health", "/"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", route)
            answer = connection.getresponse()
            said.append((answer.status, answer.read()))
    assert said == [(200, b"OK"), (200, b"Hello")]


def test_all_addresses_are_listened_on(tmp_path: Path) -> None:
    port = _free_port()
    codemod, example = _example("bind-all-interfaces", 2)
    # Every address of 127/8 is this machine, but only one of them is 127.0.0.1.
    with _running(tmp_path, example.before.replace("8000", str(port))):
        assert _connected(port)
        assert not _connected(port, "127.0.0.2", seconds=0.2)
    source = text_after(codemod, example, example.before)
    with _running(tmp_path, source.replace("8000", str(port))):
        assert _connected(port, "127.0.0.2")


@pytest.mark.parametrize("number", [1, 2, 3], ids=["basicConfig", "a handler", "dictConfig"])
def test_the_log_goes_to_the_output_and_no_file_is_made(number: int, tmp_path: Path) -> None:
    codemod, example = _example("logs-to-stdout", number)
    with _running(tmp_path, text_after(codemod, example, example.before)) as process:
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "at work" in output
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


def test_the_environment_decides_and_the_old_value_is_the_default(tmp_path: Path) -> None:
    codemod, example = _example("settings-from-environment", 1)
    source = text_after(codemod, example, example.before)
    with _running(tmp_path, source) as process:
        assert process.communicate(timeout=10)[0] == "redis://cache:6379/0 db 3\n"
    with _running(tmp_path, source, DB_HOST="db.example.com") as process:
        assert process.communicate(timeout=10)[0] == "redis://cache:6379/0 db.example.com 3\n"


_FRAMEWORKS = "aiohttp django fastapi flask gunicorn starlette uvicorn"
_SERVED = {1: "python app.py", 2: "python app.py", 3: "gunicorn -b 0.0.0.0:8000 shop.wsgi", 4: "python app.py"} | {
    5: "python app.py"
}
_PORTS = {1: 8000, 2: 8000, 3: 8000, 4: 8000, 5: 8080}
_SETTINGS = (
    "SECRET_KEY = 'x' * 50\nROOT_URLCONF = 'shop.urls'\nALLOWED_HOSTS = ['*']\n"
    "INSTALLED_APPS = ['django.contrib.admin', 'django.contrib.auth', 'django.contrib.contenttypes',"
    " 'django.contrib.messages', 'django.contrib.sessions']\n"
    "TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates'}]\n"
)


@pytest.mark.engine
def test_the_new_route_answers_in_a_container_of_every_framework(engine: DockerClient, built: Build) -> None:
    codemod = CODEMODS["add-health-route"]
    files = {
        "Dockerfile": f"FROM python:3.13-slim\nENV DJANGO_SETTINGS_MODULE=shop.settings\n"
        f"RUN pip install {_FRAMEWORKS}\nCOPY . /srv\n"
    }
    for number in _SERVED:
        example = codemod.examples[number - 1]
        files[f"{number}/{example.path}"] = text_after(codemod, example, example.before)
        files |= {f"{number}/{path}": text for path, text in example.files.items() if path != "Dockerfile"}
    files |= {"3/shop/settings.py": _SETTINGS, "3/shop/__init__.py": ""}
    image = built(Project(Tree.of(files)))
    said = {}
    for number, command in _SERVED.items():
        container = engine.containers.run(image, command, working_dir=f"/srv/{number}", detach=True)
        route = "/health/" if number == 3 else "/health"
        try:
            said[number] = answers(container, f"http://127.0.0.1:{_PORTS[number]}{route}")
        finally:
            container.remove(force=True)
    assert said == {1: "OK", 2: '{"status":"ok"}', 3: "OK", 4: "OK", 5: "OK"}


@pytest.mark.engine
@pytest.mark.parametrize("name", ["http-server", "windows-escape"])
def test_docker_stop_no_longer_waits_for_the_service(name: str, engine: DockerClient, built: Build) -> None:
    before = rewrite(Project(Tree(FIXTURES / name)), RULES, Safety.SAFE).result
    after = rewrite(before, asked_for(NAMES), Safety.SAFE).result
    codes = []
    for project, patience in ((before, 1), (after, 60)):
        with started(engine, built(project)) as container:
            assert answers(container, f"http://127.0.0.1:{_port(name)}/health")
            container.stop(timeout=patience)
            codes.append(container.wait()["StatusCode"])
    assert codes == [137, 0], "the first one is killed when the patience ends, the second one ends by itself"


def _port(name: str) -> int:
    return {"http-server": 8080, "windows-escape": 5000}[name]


_MIGRATES = {
    "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"
    "CMD python manage.py migrate && python -m http.server 8000\n",
    "manage.py": "import sys\n\nprint(sys.argv[1], 'was run', flush=True)\n",
}


@pytest.mark.engine
@pytest.mark.parametrize(
    ("value", "is_migrated", "is_serving"),
    [("only", True, False), ("1", True, True), ("", False, True)],
    ids=["only migrates and ends", "1 migrates and serves", "nothing serves"],
)
def test_one_image_migrates_or_serves_as_a_variable_says(
    value: str, is_migrated: bool, is_serving: bool, engine: DockerClient, built: Build
) -> None:
    rules = [rule for rule in RULES if rule.code == "PYD407"]
    image = built(rewrite(Project(Tree.of(_MIGRATES)), rules, Safety.UNSAFE).result)
    container = engine.containers.run(image, environment={"RUN_MIGRATIONS": value}, detach=True)
    try:
        if is_serving:
            assert answers(container, "http://127.0.0.1:8000/manage.py")
        else:
            assert container.wait(timeout=30)["StatusCode"] == 0
        assert ("migrate was run" in container.logs().decode()) == is_migrated
    finally:
        container.remove(force=True)
