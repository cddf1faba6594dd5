"""Registries on the loopback: Debian's `docker-registry` with tiny images in it, and one that only refuses."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from docker import DockerClient

START_SECONDS = 10


@contextlib.contextmanager
def real_registry(folder: Path, login: str = "") -> Iterator[str]:
    """The address of a registry that keeps its images in a folder; `login` is a line of htpasswd.

    Without the program the test is skipped, or fails where an engine was promised.
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


def push(client: DockerClient, repository: str, *tags: str) -> str:
    """Push an image of one small file under these tags, forget it on the engine; its digest in the registry."""
    content = uuid.uuid4().bytes
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        member = tarfile.TarInfo("content")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    api: Any = client.api
    api.import_image_from_data(layer.getvalue(), repository=repository, tag=tags[0])
    digests = set()
    for tag in tags:
        client.images.get(f"{repository}:{tags[0]}").tag(repository, tag)
        said = [json.loads(line) for line in client.images.push(repository, tag).splitlines()]
        digests |= {entry["aux"]["Digest"] for entry in said if "aux" in entry}
    for tag in tags:
        client.images.remove(f"{repository}:{tag}")
    assert len(digests) == 1, "the push failed"
    return str(digests.pop())


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


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])
