"""The health check scripts themselves, run against servers that are well, ill, picky or stuck."""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pydock.service.code.ports import Port
from pydock.service.health_check.probe import Question, one_line, script

HOST = "shop.example"
Writer = Callable[[Question], str]


class _Handler(http.server.BaseHTTPRequestHandler):
    """200 for /health, 200 for /hosted with the right Host, 503 for /ill, 404 for all else."""

    def do_GET(self) -> None:
        is_hosted = self.path == "/hosted" and self.headers["Host"] == HOST
        self.send_response(200 if self.path == "/health" or is_hosted else 503 if self.path == "/ill" else 404)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def served() -> Iterator[int]:
    """The port of a server that answers."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def stuck() -> Iterator[int]:
    """The port of a service that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def closed() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def _exit_code(text: str) -> int:
    return subprocess.run([sys.executable, "-c", text], capture_output=True, check=False).returncode


WRITTEN = pytest.mark.parametrize("written", [script, one_line], ids=["as a file", "as one line"])


@WRITTEN
@pytest.mark.parametrize(
    ("route", "limit", "host", "code"),
    [
        ("/health", 400, "", 0),
        ("/ill", 400, "", 1),
        ("/nowhere", 400, "", 1),
        ("/nowhere", 500, "", 0),
        ("/hosted", 400, "", 1),
        ("/hosted", 400, HOST, 0),
        ("", 400, "", 0),
    ],
    ids=[
        "a good answer is healthy",
        "503 is unhealthy",
        "404 is unhealthy where a route is known",
        "404 is healthy where only a crash counts",
        "the wrong host is unhealthy",
        "the right host is healthy",
        "a connection is healthy where HTTP is not spoken",
    ],
)
def test_an_answer_is_judged_as_it_is_meant(
    served: int, written: Writer, route: str, limit: int, host: str, code: int
) -> None:
    assert _exit_code(written(Question(Port(served), route, limit, host))) == code


@WRITTEN
def test_a_service_that_takes_connections_and_never_answers_is_unhealthy_within_the_time(
    stuck: int, written: Writer
) -> None:
    before = time.monotonic()
    assert _exit_code(written(Question(Port(stuck), "/health"))) == 1
    assert time.monotonic() - before < 10


@WRITTEN
@pytest.mark.parametrize("route", ["/health", ""], ids=["with a route", "with a connection"])
def test_a_port_that_nobody_listens_on_is_unhealthy(closed: int, written: Writer, route: str) -> None:
    assert _exit_code(written(Question(Port(closed), route))) == 1
