"""A proxy on loopback in front of the network: who may not be asked is not, whoever names it.

A resolver follows what it is answered: redirections, files of an index that lie elsewhere, submodules of a repository,
a name that means this machine. It is told to reach everything through here, where each host is looked at before
anything is sent to it. What is encrypted passes through as it is.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import selectors
import shutil
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydock.hosts import Origin, is_allowed, is_vouched, origin
from pydock.network.upstream import Proxy, upstream

# What concerns one connection and not the next (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1).
_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
_PIECE = 65536
_MOST = 64 * 2**20


class Gate:
    """`address` is the proxy for a child, `refused` says of each host that was named and not asked why it was not."""

    def __init__(self, hosts: Iterable[str], tell: Callable[[Origin], object], seconds: float) -> None:
        self.hosts = tuple(hosts)
        self.tell = tell
        self.seconds = seconds
        self.refused: dict[str, str] = {}
        self.upstream = upstream()
        # Other users of this machine reach loopback, too.
        token = secrets.token_hex(16)
        self.authorization = f"Basic {base64.b64encode(f'pydock:{token}'.encode()).decode()}"
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._is_over = False
        self.host, self.port = self._server.getsockname()
        self.address = f"http://pydock:{token}@{self.host}:{self.port}"
        threading.Thread(target=self._accept, name="pydock-gate", daemon=True).start()

    def admit(self, asked: Origin) -> None:
        """Let one more host through, which somebody else has judged."""
        if str(asked) not in self.hosts:
            self.hosts = (*self.hosts, str(asked))

    def close(self) -> None:
        """Accept nobody any more. Who is connected is let go when the child ends."""
        self._is_over = True
        with contextlib.suppress(OSError):
            socket.create_connection((self.host, self.port), timeout=1).close()

    def _accept(self) -> None:
        with self._server:
            while True:
                connection, address = self._server.accept()
                if self._is_over:
                    connection.close()
                    return
                threading.Thread(target=self._answer, args=(connection, address), daemon=True).start()

    def _answer(self, connection: socket.socket, address: object) -> None:
        # What breaks off is told by the child.
        with connection, contextlib.suppress(OSError, HTTPException):
            _Question(connection, address, self)  # type: ignore[arg-type]

    def reached(self, asked: Origin, scheme: str) -> socket.socket | None:
        """A connection to whom may be asked, None for others.

        Raises OSError where nobody answers.
        """
        if not is_allowed(asked, self.hosts):
            self.refused[str(asked)] = f"an answer names {asked}, which is asked with --allow-hosts {asked}"
            return None
        places = list(self._places(asked, scheme))
        if not places:
            return None
        self.tell(asked)
        problem = OSError(f"{asked} has no address")
        for place in places:
            try:
                return socket.create_connection(place, timeout=self.seconds)
            except OSError as error:
                problem = error
        raise problem

    def _places(self, asked: Origin, scheme: str) -> Iterator[tuple[str, int]]:
        """Where to connect to: a name that a person allows may mean any machine but this one and its neighbours."""
        if proxy := self.upstream.of(asked, scheme):
            yield proxy.host, proxy.port
            return
        name = asked.host.strip("[]")
        for *_, place in socket.getaddrinfo(name, asked.port, type=socket.SOCK_STREAM):
            address = str(place[0])
            there = Origin(f"[{address}]" if ":" in address else address, asked.port)
            if name == "localhost" or is_vouched(asked) or not _is_near(address) or is_allowed(there, self.hosts):
                yield address, asked.port
            else:
                self.refused[str(asked)] = f"{asked} means {there} here, which is asked with --allow-hosts {there}"


@contextlib.contextmanager
def gate(hosts: Iterable[str], tell: Callable[[Origin], object], seconds: float) -> Iterator[Gate]:
    """A gate for one child; `tell` hears of each host before it is asked."""
    found = Gate(hosts, tell, seconds)
    try:
        yield found
    finally:
        found.close()


def _is_near(text: str) -> bool:
    """Whether an address means this machine or what only its own network can reach, as a cloud's metadata."""
    address = ip_address(text.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast


class _Question(BaseHTTPRequestHandler):
    """One request of a child. The Gate stands for the server."""

    protocol_version = "HTTP/1.1"
    # What follows a CONNECT is not for this class to read ahead.
    rbufsize = 0
    server: Gate  # type: ignore[assignment]

    def do_CONNECT(self) -> None:
        """A tunnel: only its two ends understand what passes."""
        far = self._reached(asked := origin(f"https://{self.path}/"), "https")
        if far is None or asked is None:
            return
        with far:
            if (proxy := self.server.upstream.of(asked, "https")) and not _tunnelled(far, self.path, proxy):
                self._end(502)
                return
            self.send_response_only(200)
            self.end_headers()
            _join(self.connection, far)
        self.close_connection = True

    def do_GET(self) -> None:
        """A request in clear text, sent on as it is."""
        far = self._reached(asked := origin(self.path), "http")
        if far is None or asked is None:
            return
        parts = urlsplit(self.path)
        target = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}"
        proxy = self.server.upstream.of(asked, "http")
        with far, contextlib.closing(HTTPConnection(asked.host)) as connection:
            connection.sock = far
            far.settimeout(None)
            connection.putrequest(
                self.command, self.path if proxy else target, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self._kept(self.headers.items()):
                connection.putheader(name, value)
            for name, value in proxy.headers if proxy else ():
                connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.endheaders(self._body())
            with connection.getresponse() as answer:
                self.send_response_only(answer.status, answer.reason)
                for name, value in self._kept(answer.getheaders()):
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                shutil.copyfileobj(answer, self.wfile)

    do_HEAD = do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """What is asked is told elsewhere."""

    def _kept(self, headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        return ((name, value) for name, value in headers if not _is_of_one_hop(name.lower()))

    def _reached(self, asked: Origin | None, scheme: str) -> socket.socket | None:
        """A connection to whom is asked; None where the answer has been given."""
        self.close_connection = True
        if self.headers["Proxy-Authorization"] != self.server.authorization:
            self._end(407, ("Proxy-Authenticate", 'Basic realm="pydock"'))
            return None
        try:
            far = self.server.reached(asked, scheme) if asked else None
        except OSError:
            if self.command == "CONNECT":
                self._end(502)
            return None
        if far is None:
            self._end(403)
        return far

    def _end(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response_only(status)
        for name, value in (*headers, ("Content-Length", "0"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()

    def _body(self) -> bytes | None:
        length = int(self.headers["Content-Length"] or 0)
        if length > _MOST or self.headers["Transfer-Encoding"]:
            raise HTTPException("too much to say")
        data = b""
        while len(data) < length and (piece := self.rfile.read(length - len(data))):
            data += piece
        return data or None


def _is_of_one_hop(name: str) -> bool:
    return name in _HOP or name.startswith("proxy-")


def _tunnelled(far: socket.socket, target: str, proxy: Proxy) -> bool:
    """Whether the person's own proxy opens a tunnel."""
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", *(f"{name}: {value}" for name, value in proxy.headers)]
    far.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if len(head) > _PIECE or not (byte := far.recv(1)):
            return False
        head += byte
    return head.split(b" ")[1:2] == [b"200"]


def _join(one: socket.socket, other: socket.socket) -> None:
    """Send on in both directions until both have ended."""
    across = {one: other, other: one}
    with selectors.DefaultSelector() as ready:
        for end in across:
            end.settimeout(None)
            ready.register(end, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                end = next(each for each in across if each is key.fileobj)
                if data := end.recv(_PIECE):
                    across[end].sendall(data)
                else:
                    ready.unregister(end)
                    with contextlib.suppress(OSError):
                        across[end].shutdown(socket.SHUT_WR)
