"""Registries on the loopback: Debian's `docker-registry` with tiny images in it, and one that only refuses."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

START_SECONDS = 10


@contextlib.contextmanager
def real_registry(folder: Path, login: str = "", *, has_tls: bool = False) -> Iterator[str]:
    """The address of a registry that keeps its images in a folder; `login` is a line of htpasswd.

    With TLS its certificate is `certificate.pem` of the folder. Without the program the test is skipped, or fails where
    an engine was promised.
    """
    if (program := shutil.which("docker-registry")) is None:
        if os.environ.get("PYDOCK_REQUIRE_ENGINE") == "1":
            pytest.fail("PYDOCK_REQUIRE_ENGINE=1, and there is no docker-registry: apt-get install docker-registry")
        pytest.skip("there is no docker-registry: apt-get install docker-registry")
    port = _free_port()
    address = f"localhost:{port}"
    settings = folder / "registry.json"
    storage = {"filesystem": {"rootdirectory": str(folder / "storage")}}
    document: dict[str, Any] = {"version": 0.1, "storage": storage, "http": {"addr": address}}
    if login:
        (folder / "htpasswd").write_text(login)
        document["auth"] = {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}
    if has_tls:
        document["http"]["tls"] = _certified(folder)
    settings.write_text(json.dumps(document))
    server = subprocess.Popen([program, "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("localhost", port), 1):
                break
            assert time.monotonic() < deadline, "the registry does not start"
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def _certified(folder: Path) -> dict[str, str]:
    """A certificate for this machine that nobody else has signed."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl")
    names = {"certificate": str(folder / "certificate.pem"), "key": str(folder / "key.pem")}
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    subprocess.run([*command, "-keyout", names["key"], "-out", names["certificate"]], check=True, capture_output=True)
    return names


def push(address: str, name: str, *tags: str, login: str = "", certificate: Path | None = None) -> str:
    """Put an image of one small file under these tags; its digest."""
    layer = _blob(address, name, uuid.uuid4().bytes, login, certificate)
    config = _blob(address, name, json.dumps({"os": "linux", "id": uuid.uuid4().hex}).encode(), login, certificate)
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    document = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
    data = json.dumps(document).encode()
    for tag in tags:
        _sent(address, "PUT", f"/v2/{name}/manifests/{tag}", data, kind, login, certificate)
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _blob(address: str, name: str, data: bytes, login: str, certificate: Path | None) -> dict[str, object]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    place = urlsplit(_sent(address, "POST", f"/v2/{name}/blobs/uploads/", b"", "", login, certificate))
    target = f"{place.path}?{place.query}&digest={digest}"
    _sent(address, "PUT", target, data, "application/octet-stream", login, certificate)
    return {"mediaType": "application/octet-stream", "size": len(data), "digest": digest}


def _sent(address: str, method: str, target: str, data: bytes, kind: str, login: str, certificate: Path | None) -> str:
    context = ssl.create_default_context(cafile=certificate) if certificate else None
    connection = HTTPSConnection(address, context=context) if context else HTTPConnection(address)
    head = {"Content-Type": kind} if kind else {}
    if login:
        head["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    with contextlib.closing(connection):
        connection.request(method, target, data, head)
        answer = connection.getresponse()
        assert answer.status in {201, 202}, answer.read()
        return answer.headers.get("Location", "")


@contextlib.contextmanager
def refusing_registry(status: int) -> Iterator[tuple[str, list[str]]]:
    """The address of a registry that answers everything with one status, 0 for never; and what it was asked."""
    asked: list[str] = []
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        """Answers every question alike."""

        def do_GET(self) -> None:
            asked.append(self.path)
            if status == 0:
                is_over.wait(60)
                return
            self.send_response(status if self.path != "/v2/" or status == 401 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"localhost:{server.server_address[1]}", asked
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()


class LyingRegistry:
    """A registry that answers what a test says: `answers` by path; `wants` is the login without which it says 401,
    `opens` a whole Authorization, and `challenge` what it says then.

    One whose `pace` is silent never answers, a slow one never comes to an end. `asked` are the paths, `logins` what
    came as Authorization.
    """

    def __init__(self) -> None:
        self.address = ""
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {"/v2/": (200, {}, b"{}")}
        self.asked: list[str] = []
        self.logins: list[str] = []
        self.wants = ""
        self.opens = ""
        self.challenge = 'Basic realm="x"'
        self.pace = ""


@contextlib.contextmanager
def lying_registry() -> Iterator[LyingRegistry]:
    """One on loopback, in clear text."""
    found, is_over = LyingRegistry(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        """Answers as the test says."""

        def do_GET(self) -> None:
            found.asked.append(self.path)
            if "Authorization" in self.headers:
                found.logins.append(self.headers["Authorization"])
            if found.pace == "silent":
                is_over.wait(30)
                return
            if found.pace == "slow":
                with contextlib.suppress(OSError):
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    while not is_over.wait(0.2):
                        self.wfile.write(b"x")
                return
            bare = self.path.partition("?")[0]
            status, head, body = found.answers.get(self.path) or found.answers.get(bare, (404, {}, b""))
            expected = f"Basic {base64.b64encode(found.wants.encode()).decode()}" if found.wants else found.opens
            is_manifest = "/manifests/" in self.path
            if expected and is_manifest and self.headers.get("Authorization") != expected:
                status, head, body = 401, {"WWW-Authenticate": found.challenge}, b""
            self.send_response(status)
            for name, value in {**head, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.address = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])
