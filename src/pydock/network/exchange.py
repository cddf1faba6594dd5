"""One question over HTTP and its answer, through a gate and with an end."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from pydock.hosts import origin
from pydock.network.gate import Gate
from pydock.values import Value

_MOST = 4 * 2**20


class Response(Value):
    """What a server answered: the names of headers in small letters, of the body the first megabytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchanged(
    gate: Gate,
    method: str,
    address: str,
    head: Mapping[str, str],
    seconds: float,
    *,
    body: str = "",
    context: ssl.SSLContext | None = None,
) -> Response:
    """The answer to one request; no redirection is followed.

    Raises OSError or HTTPException where there is none in time.
    """
    parts, asked = urlsplit(address), origin(address)
    if asked is None:
        raise OSError("no plain address")
    target = f"{parts.path}{'?' * bool(parts.query)}{parts.query}"
    ticket = {"Proxy-Authorization": gate.authorization}
    connection: HTTPConnection
    if parts.scheme == "https":
        connection = HTTPSConnection(
            gate.host, gate.port, timeout=seconds, context=context or ssl.create_default_context()
        )
        connection.set_tunnel(asked.host.strip("[]"), asked.port, headers=ticket)
    else:
        connection, target = HTTPConnection(gate.host, gate.port, timeout=seconds), address
        head = {**head, **ticket}
    with closing(connection), _limited(connection, seconds):
        connection.request(method, target, body or None, {"User-Agent": "pydock", **head})
        with connection.getresponse() as answer:
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, headers, answer.read(_MOST))


def failure(error: Exception) -> str:
    """Why there was no answer, as what is said of the host."""
    match error:
        case TimeoutError():
            return "does not answer"
        case ssl.SSLCertVerificationError():
            return f"has a certificate that is not trusted here: {error.verify_message}"
        case _:
            return "cannot be reached"


@contextmanager
def _limited(connection: HTTPConnection, seconds: float) -> Iterator[None]:
    """A connection that is cut when its time is up, however slowly something still comes.

    Raises TimeoutError then.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError
