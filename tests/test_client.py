"""Which engine is asked: DOCKER_HOST, the chosen context, or none; and what its failures are called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pydock.bench.engine.client import build_failure, connected, unwrapped
from pydock.errors import BuildError, EngineError

HOST = "127.0.0.1"


class _Asked(ThreadingHTTPServer):
    """An engine that says no more than its version, and counts how often it is asked."""

    count = 0

    @property
    def address(self) -> str:
        return f"tcp://{HOST}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Asked)
        self.server.count += 1
        body = b"OK" if "_ping" in self.path else b'{"Version": "1", "ApiVersion": "1.45", "MinAPIVersion": "1.24"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, _Asked]]:
    """Three engines by the names of contexts, and a docker configuration that knows them."""
    servers = {name: _Asked((HOST, 0), _Handler) for name in ("one", "two", "three")}
    for name, server in servers.items():
        Thread(target=server.serve_forever, daemon=True).start()
        folder = tmp_path / "config/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        endpoint = {"docker": {"Host": server.address, "SkipTLSVerify": False}}
        (folder / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoint}))
    (tmp_path / "config/config.json").write_text('{"currentContext": "one"}')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    yield servers
    for server in servers.values():
        server.shutdown()
        server.server_close()


CHOSEN = {
    "the context in use": ({}, "one"),
    "the context of the environment before that": ({"DOCKER_CONTEXT": "two"}, "two"),
    "DOCKER_HOST before both": ({"DOCKER_CONTEXT": "two", "DOCKER_HOST": "three"}, "three"),
}


@pytest.mark.parametrize(("variables", "expected"), CHOSEN.values(), ids=CHOSEN)
def test_which_engine_is_asked(
    engines: dict[str, _Asked], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, engines[value].address if name == "DOCKER_HOST" else value)
    connected().close()
    assert [name for name, server in engines.items() if server.count] == [expected]


def test_a_context_that_there_is_not_is_told(engines: dict[str, _Asked], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "absent")
    with pytest.raises(EngineError, match="there is no docker context 'absent'"):
        connected()


def test_contexts_are_never_taken_from_the_current_folder(
    engines: dict[str, _Asked], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "two")
    (tmp_path / "config/config.json").unlink()
    monkeypatch.chdir(tmp_path / "config")
    with pytest.raises(EngineError, match=r"no config\.json") as caught:
        connected()
    assert "docker context use two" in caught.value.hint
    assert engines["two"].count == 0


def test_an_engine_that_is_not_there_is_told(engines: dict[str, _Asked], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    with pytest.raises(EngineError, match="no container engine answers: No such file or directory"):
        connected()


FULL = "write /var/lib/docker/overlay2/x: no space left on device"


@pytest.mark.parametrize(
    ("said", "log"),
    [(FULL, ()), ("exit code: 1", ("dd: writing to '/big': No space left on device", "1+0 records in"))],
    ids=["said by the engine", "said by a command"],
)
def test_a_full_disk_is_the_fault_of_the_engine_not_of_the_image(said: str, log: tuple[str, ...]) -> None:
    found = build_failure(f"the build failed at RUN make: {said}", said, "RUN make", log)
    assert not isinstance(found, BuildError)
    assert found.message.startswith("the engine has no space left on its disk: the build failed at RUN make")
    assert "docker system df" in found.hint


@pytest.mark.parametrize(
    ("answer", "is_builds"),
    [
        ("dial tcp: lookup registry-1.docker.io: no such host", False),
        ("docker.io/library/python:3.99: not found", True),
    ],
    ids=["a registry that cannot be reached", "a tag that does not exist"],
)
def test_an_image_that_nobody_could_ask_for_says_nothing_about_the_build(answer: str, is_builds: bool) -> None:
    said = f"python:3.99: failed to resolve source metadata for docker.io/library/python:3.99: {answer}"
    found = build_failure(f"the image python:3.99 cannot be had: {said}", said, "FROM", ())
    assert isinstance(found, BuildError) is is_builds
    assert answer in found.message


def test_any_other_failure_is_that_of_the_build_and_shows_no_secret() -> None:
    found = build_failure("RUN x: exit code: 1", "exit code: 1", "RUN x", ("DB_PASSWORD=hunter2-k3x9-Zq81",))
    assert isinstance(found, BuildError)
    assert (found.step, found.log) == ("RUN x", ("DB_PASSWORD=****",))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param(
            "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
            'failed: unable to start container process: exec: "./start.sh": permission denied: unknown',
            'exec: "./start.sh": permission denied',
            id="a script without the right to be run",
        ),
        pytest.param("driver failed programming external connectivity", None, id="anything else"),
    ],
)
def test_why_a_container_does_not_start_is_told_without_who_hands_it_on(said: str, why: str | None) -> None:
    assert unwrapped(said) == (why or said)
