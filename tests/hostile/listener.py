"""A server on loopback that nobody may talk to, and what was said to it all the same."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Listener:
    """`heard` grows with every connection; `address` is HOST:PORT."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.heard: list[bytes] = []


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(server, listener), daemon=True)
        thread.start()
        yield listener
        # The last connection may still wait to be accepted.
        with socket.create_connection(("127.0.0.1", listener.port)) as end:
            end.sendall(b"end")
        thread.join(10)


def _accept(server: socket.socket, listener: Listener) -> None:
    while True:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(2)
            try:
                said = connection.recv(65536)
            except OSError:
                said = b""
            if said == b"end":
                return
            listener.heard.append(said)
            with contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
