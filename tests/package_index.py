"""A package index of one's own on loopback: tiny distributions, made here and served from memory."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Distribution:
    """A file of the index. `tag` is a wheel's, "" for a source archive, whose metadata is static or not.

    `setup` is what setup.py calls, behind what nobody should ever run.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    tag: str = "py3-none-any"
    is_static: bool = True
    yanked: str = ""
    uploaded: str = "2024-01-01T00:00:00Z"
    requires_python: str = ""
    setup: str = "setup(**options)"

    @property
    def file(self) -> str:
        stem = f"{self.name.replace('-', '_')}-{self.version}"
        return f"{stem}-{self.tag}.whl" if self.tag else f"{stem}.tar.gz"

    @property
    def data(self) -> bytes:
        metadata = (
            f"Metadata-Version: {'2.2' if self.is_static else '2.1'}\nName: {self.name}\nVersion: {self.version}\n"
        )
        metadata += "".join(f"Requires-Dist: {entry}\n" for entry in self.requires)
        return self._wheel(metadata) if self.tag else self._archive(metadata)

    def _wheel(self, metadata: str) -> bytes:
        info = f"{self.name.replace('-', '_')}-{self.version}.dist-info"
        module = f"{self.name.replace('-', '_')}.py"
        files = {
            module: f"version = {self.version!r}\n",
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {self.tag}\n",
        }
        record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for path, text in {**files, f"{info}/RECORD": record}.items():
                archive.writestr(zipfile.ZipInfo(path), text)
        return made.getvalue()

    def _archive(self, metadata: str) -> bytes:
        folder = self.file.removesuffix(".tar.gz")
        # What a package's own code would do on the machine of whoever asks for its metadata.
        trap = os.environ.get("PYDOCK_TRAP", "trap")
        setup = f"open({trap!r}, 'w')\nfrom setuptools import setup\n{self.setup}\n"
        made = io.BytesIO()
        # Without a time: an archive has one hash, whenever it is asked for.
        with (
            gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            for path, text in {"PKG-INFO": metadata, "setup.py": setup}.items():
                member = tarfile.TarInfo(f"{folder}/{path}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        return made.getvalue()


@dataclass
class Index:
    """`url` is what --index-url takes; `asked` are the paths that were asked for, in order."""

    files: tuple[Distribution, ...]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    credentials: str = ""

    @property
    def port(self) -> int:
        return int(self.url.split("/")[2].split(":")[1])

    def page(self, name: str) -> bytes | None:
        """The JSON page of one package (PEP 691, with the upload times of PEP 700)."""
        found = [each for each in self.files if each.name == name]
        listed = [
            {
                "filename": each.file,
                "url": f"{self.url.removesuffix('/simple')}/files/{each.file}",
                "hashes": {"sha256": hashlib.sha256(each.data).hexdigest()},
                "yanked": each.yanked or False,
                "upload-time": each.uploaded,
                **({"requires-python": each.requires_python} if each.requires_python else {}),
            }
            for each in found
        ]
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": listed}
        return json.dumps(page).encode() if found else None

    def content(self, path: str) -> tuple[bytes, str] | None:
        parts = path.strip("/").split("/")
        if parts[0] == "files":
            return next(((each.data, "application/octet-stream") for each in self.files if each.file == parts[1]), None)
        page = self.page(parts[-1])
        return (page, "application/vnd.pypi.simple.v1+json") if page else None


@contextlib.contextmanager
def serving(*files: Distribution, credentials: str = "", port: int = 0) -> Iterator[Index]:
    """An index with these files on that port, else a free one; with `user:password` it wants them."""
    index = Index(files, credentials=credentials)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            from base64 import b64encode

            index.asked.append(self.path)
            wanted = f"Basic {b64encode(index.credentials.encode()).decode()}"
            found = index.content(self.path)
            if index.credentials and self.headers.get("Authorization") != wanted:
                self.send_error(401)
            elif found is None:
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("Content-Type", found[1])
                self.send_header("Content-Length", str(len(found[0])))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(found[0])

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests read `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    index.url = f"http://127.0.0.1:{server.server_address[1]}/simple"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def hanging() -> Iterator[str]:
    """The address of an index that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/simple"


def host(url: str) -> str:
    """The host and port of an address, as --allow-hosts takes them."""
    return url.split("/")[2].rpartition("@")[2]


def closed_port() -> str:
    """The address of an index where nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/simple"
