"""Calls in Python source that listen on a port: `app.run(...)`, `uvicorn.run(...)`, `HTTPServer((...))`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping

from pydock.patterns import regex
from pydock.service.code.ports import template
from pydock.values import Value, field, replace

# (host, port) that a call uses when it is not told otherwise; None for what has to be given.
RUNS: dict[str, tuple[str, int | None]] = {
    "uvicorn.run": ("127.0.0.1", 8000),
    "uvicorn.Config": ("127.0.0.1", 8000),
    "waitress.serve": ("0.0.0.0", 8080),
    "aiohttp.web.run_app": ("0.0.0.0", 8080),
    "aiohttp.web.TCPSite": ("0.0.0.0", 8080),
    "bottle.run": ("127.0.0.1", 8080),
    "bjoern.run": ("", None),
    "cheroot.wsgi.Server": ("", None),
    "paste.httpserver.serve": ("127.0.0.1", 8080),
    "prometheus_client.start_http_server": ("0.0.0.0", None),
    "rpyc.utils.server.ThreadedServer": ("0.0.0.0", 0),
    "xmlrpc.server.SimpleXMLRPCServer": ("", None),
    "asyncio.create_server": ("", None),
    "nicegui.ui.run": ("0.0.0.0", 8080),
    "werkzeug.serving.run_simple": ("", None),
    "eventlet.listen": ("", None),
    "gevent.pywsgi.WSGIServer": ("", None),
    "wsgiref.simple_server.make_server": ("", None),
    "http.server.HTTPServer": ("", None),
    "http.server.ThreadingHTTPServer": ("", None),
    "socketserver.TCPServer": ("", None),
    "socketserver.ThreadingTCPServer": ("", None),
    "asyncio.start_server": ("0.0.0.0", None),
    "websockets.serve": ("0.0.0.0", None),
    "twisted.internet.reactor.listenTCP": ("0.0.0.0", None),
}
# What `app.run()` listens on when it is not told, by framework.
_APP_PORTS = {
    "flask": 5000,
    "quart": 5000,
    "sanic": 8000,
    "dash": 8050,
    "bottle": 8080,
    "connexion": 8080,
    "gradio": 7860,
}
_RUN_METHODS = frozenset({"run", "run_server"})
# Keywords by which `launch` and the like of a framework are told where to listen.
_HOSTS = ("host", "server_name", "address", "hostname", "addr", "server_address")
_PORTS = ("port", "server_port")
_POSITIONAL = {
    "werkzeug.serving.run_simple": (0, 1),
    "wsgiref.simple_server.make_server": (0, 1),
    "asyncio.start_server": (1, 2),
    "twisted.internet.reactor.listenTCP": (4, 0),
    "websockets.serve": (1, 2),
    "aiohttp.web.TCPSite": (1, 2),
    "bjoern.run": (1, 2),
    "prometheus_client.start_http_server": (1, 0),
}
_TAKES_PAIR = ("http.server.", "socketserver.", "gevent.pywsgi.", "eventlet.", "xmlrpc.", "cheroot.")
_ADDRESS = regex(r"([^\s,]*):(\d+|\$\{[^{}]*\}|<[^<>]*>)\Z")
# By these a server is told of something else than a port.
_SOCKETS = ("unix_socket", "uds", "fd", "sockets", "sock")
_TLS = frozenset({"ssl_context", "ssl_keyfile", "ssl_certfile", "ssl", "certfile"})
_DEVELOPMENT = frozenset({"flask", "quart", "dash", "bottle", "connexion", "wsgiref.simple_server.make_server"})


class Run(Value):
    """A call that listens: its address as `ports.template` writes it, None where it cannot be read.

    `kind` is a framework or the dotted name of the call; `served` the first argument as written.
    `base` is what `run()` is called on: where `kind` is "", whatever that name turns out to be.
    `function` is the one that the call stands in, "" at the top.
    A host or port that begins with "@" is a dotted name of another file. `socket` is what is given
    in the place of both.
    """

    kind: str
    host: str | None
    port: str | None
    line: int
    is_default: bool = False
    is_debug: bool = False
    has_tls: bool = False
    is_main_only: bool = False
    served: str = ""
    base: str = ""
    function: str = ""
    socket: str | None = None

    @property
    def is_development(self) -> bool:
        """Whether this is a framework's own server, which is not made for production."""
        return self.is_debug or self.kind in _DEVELOPMENT


class Scope(Value):
    """What a call is read against: imports, constants, and the framework behind each application's name.

    `given` are names that an imported function without arguments has made: `settings = get_settings()`.
    """

    imports: Mapping[str, str]
    constants: Mapping[str, str]
    frameworks: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=dict)

    def dotted(self, node: ast.expr) -> str:
        """The dotted name of an expression, its import resolved; "" for anything but names."""
        return dotted_name(node, self.imports)


def dotted_name(node: ast.expr, imports: Mapping[str, str]) -> str:
    """`Blueprint` and `flask.Blueprint` alike as `flask.Blueprint`, "" for anything but names."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join([imports.get(node.id, node.id), *parts]) if isinstance(node, ast.Name) else ""


def read_run(call: ast.Call, scope: Scope, *, is_main_only: bool) -> Run | None:
    """The place where a call listens, None for any other call."""
    dotted = scope.dotted(call.func)
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if attribute in {"add_insecure_port", "add_secure_port"} and call.args:
        host, port = _both(call.args[0], scope)
        return Run("grpc", host, port, call.lineno, is_main_only=is_main_only)
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if attribute in {"listen", "bind"} and call.args and _uses(scope, "tornado"):
        host_node = next(iter(call.args[1:]), keywords.get("address"))
        host_text = written(host_node, scope) if host_node else ""
        base = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        port_text = written(call.args[0], scope)
        return Run("tornado", host_text, port_text, call.lineno, is_main_only=is_main_only, base=base)
    kind, base, defaults = _kind(call, dotted, attribute, scope)
    if not kind and not base:
        return None
    host_node, port_node = _address(call, dotted, keywords)
    default_port = None if defaults[1] is None else str(defaults[1])
    is_hidden = any(keyword.arg is None for keyword in call.keywords)
    run = Run(
        kind,
        defaults[0] if host_node is None else written(host_node, scope),
        (None if is_hidden else default_port) if port_node is None else written(port_node, scope),
        call.lineno,
        is_default=port_node is None,
        is_debug=any(_is_true(keywords.get(name)) for name in ("debug", "reload")),
        has_tls=bool(_TLS & set(keywords)),
        is_main_only=is_main_only,
        served=ast.unparse(call.args[0]) if call.args else "",
        base=base,
    )
    return _told_otherwise(run, keywords, scope) if run.is_default else run


def _told_otherwise(run: Run, keywords: Mapping[str, ast.expr], scope: Scope) -> Run:
    """A call that is given no port by that name, but perhaps `listen="HOST:PORT"` or a socket."""
    if run.kind == "waitress.serve" and "listen" in keywords:
        host, port = _both(keywords["listen"], scope)
        return replace(run, host=host, port=port, is_default=False)
    sockets = [keywords[name] for name in _SOCKETS if name in keywords]
    return replace(run, host=None, port=None, socket=written(sockets[0], scope)) if sockets else run


def _both(node: ast.expr, scope: Scope) -> tuple[str | None, str | None]:
    """(host, port) of one address that is written `HOST:PORT`, None where it cannot be read or there are several."""
    address = _ADDRESS.match(template(node, scope.constants) or "")
    return (address[1].replace("*", "0.0.0.0"), address[2]) if address else (None, None)


def _uses(scope: Scope, package: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for name in scope.imports.values())


def written(node: ast.expr | None, scope: Scope) -> str | None:
    """What `template` says, or the dotted name of another file's constant with "@" in front."""
    text = template(node, scope.constants)
    if text is not None or node is None:
        return text
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"int", "str"} and node.args:
        node = node.args[0]
    parts: list[str] = []
    head = node
    while isinstance(head, ast.Attribute):
        parts.insert(0, head.attr)
        head = head.value
    if isinstance(head, ast.Call) and not head.args and not head.keywords:
        # What a function gives: `get_settings().prefix`.
        head, parts = head.func, ["()", *parts]
    origin = (scope.imports.get(head.id) or scope.given.get(head.id)) if isinstance(head, ast.Name) else None
    return f"@{'.'.join([origin, *parts])}".replace(".()", "()") if origin else None


def joined(node: ast.expr | None, scope: Scope) -> str | None:
    """As `written`, for text that is put together of several parts: `@{core.settings.prefix}/users`."""
    match node:
        case ast.JoinedStr(values=values):
            parts = [joined(each.value if isinstance(each, ast.FormattedValue) else each, scope) for each in values]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [joined(left, scope), joined(right, scope)]
        case _:
            text = written(node, scope)
            return f"@{{{text[1:]}}}" if text and text.startswith("@") else text
    return None if None in parts else "".join(map(str, parts))


def _kind(call: ast.Call, dotted: str, attribute: str, scope: Scope) -> tuple[str, str, tuple[str | None, int | None]]:
    """(kind, base, default host and port); no kind and no base for a call that cannot listen."""
    if dotted in RUNS:
        return dotted, "", RUNS[dotted]
    if not isinstance(call.func, ast.Attribute) or attribute not in _RUN_METHODS | {"launch"}:
        return "", "", ("", None)
    base = ast.unparse(call.func.value)
    if "socketio" in base.lower():
        return "flask", "", ("127.0.0.1", 5000)
    framework = scope.frameworks.get(base, "")
    if framework:
        return (framework, base, run_defaults(framework)) if run_defaults(framework)[1] else ("", "", ("", None))
    if isinstance(call.func.value, ast.Name) and base not in sys.stdlib_module_names and scope.dotted(call.func.value):
        return "", base, ("127.0.0.1", None)
    return "", "", ("", None)


def run_defaults(framework: str) -> tuple[str | None, int | None]:
    """(host, port) of an application object's own `run()`; no port where it has none.

    Connexion 2 listens everywhere, Connexion 3 on the loopback alone.
    """
    return (None if framework == "connexion" else "127.0.0.1"), _APP_PORTS.get(framework)


def _address(call: ast.Call, dotted: str, keywords: Mapping[str, ast.expr]) -> tuple[ast.expr | None, ast.expr | None]:
    """The nodes of host and port as the call is given them."""
    host, port = (next((keywords[name] for name in names if name in keywords), None) for names in (_HOSTS, _PORTS))
    if dotted.startswith(_TAKES_PAIR):
        match call.args:
            case [ast.Tuple(elts=[first, second]), *_]:
                return first, second
            case _:
                unknown = ast.Constant(value=None)
                return unknown, unknown
    if dotted in _POSITIONAL:
        first_at, second_at = _POSITIONAL[dotted]
        host = call.args[first_at] if host is None and len(call.args) > first_at else host
        port = call.args[second_at] if port is None and len(call.args) > second_at else port
    elif dotted not in RUNS and call.args:
        # run(host, port) by position; socketio.run(app, host, port) has the app in front.
        is_app_first = isinstance(call.args[0], ast.Name) and "socketio" in ast.unparse(call.func).lower()
        rest = call.args[1:] if is_app_first else call.args
        host = rest[0] if host is None and rest else host
        port = rest[1] if port is None and len(rest) > 1 else port
    return host, port


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
