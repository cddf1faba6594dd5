"""Hosts and ports as they are written: in words of a command and in Python expressions.

A value that an environment variable decides is kept as a shell would write it, `${PORT:-8000}`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from pydock.patterns import regex
from pydock.values import Value

Values = Mapping[str, str | None]

_ONE_VARIABLE = regex(r"\$(?:(\w+)|\{(\w+)(?::?-(\d*))?\})\Z")
# `${PORT:-"${EXPOSED:-80}"}`: what the inner variable says is the default of the outer one.
_INNER = regex(r"(?<=:-)\"?\$\{(\w+):?-(\d+)\}\"?(?=\})")
_WHOLE = regex(r"\$\{(\w+):?-([^{}]*)\}\Z")
EVERYWHERE = frozenset({"", "*", "0.0.0.0", "0", "::", "[::]"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


class Port(Value):
    """A port; `variable` names the environment variable that may change it at run time.

    `number` is None where only the variable says it; `other` is the variable that decides where that one is not set.
    """

    number: int | None
    variable: str = ""
    other: str = ""

    def __str__(self) -> str:
        if not self.variable:
            return str(self.number)
        if self.other:
            return f"${{{self.variable}:-{Port(self.number, self.other)}}}"
        return f"${self.variable}" if self.number is None else f"${{{self.variable}:-{self.number}}}"


class Bind(Value):
    """Where a server listens; None for what is not known.

    `source` says who decides: "command line", "environment", "default", or a file. An
    `is_socket` server listens on a file rather than a port.
    """

    host: str | None
    port: Port | None
    source: str
    is_socket: bool = False

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK

    @property
    def answers_locally(self) -> bool:
        """Whether 127.0.0.1 inside the container reaches it."""
        return self.host in EVERYWHERE | LOOPBACK and self.host not in {"::1", "[::1]"}


def read_port(text: str, environment: Values) -> Port | None:
    """A number, or one variable with or without a default; None for anything else.

    ENV in the image is the default of a variable: `docker run -e` may still change it.
    """
    text = text.strip().strip("\"'")
    inner = _INNER.search(text)
    text = _INNER.sub(lambda found: environment.get(found[1]) or found[2], text)
    if text.isdigit():
        return Port(int(text)) if int(text) < 65536 else None
    match = _ONE_VARIABLE.match(text)
    if not match:
        return None
    name = match[1] or match[2]
    set_to = environment.get(name)
    default = set_to if set_to else match[3]
    if default and not default.isdigit():
        return None
    if name in environment and set_to is None:
        return None
    return Port(int(default) if default else None, name, inner[1] if inner and not set_to else "")


def read_bind(
    text: str, environment: Values, source: str, default_host: str = "", default_port: Port | None = None
) -> Bind:
    """`HOST:PORT` in the ways that servers take it; a part that cannot be read is None."""
    text = text.strip().strip("\"'")
    text = re.sub(r"\A(?:tcp|http)://", "", text)
    if text.startswith(("unix:", "fd:", "fd@", "/")) or text.endswith(".sock"):
        return Bind(None, None, source, is_socket=True)
    if match := re.match(r"(\[[^\]]*\]|[^:${}]*|\$\w+|\$\{[^{}]*\}):(.+)\Z", text):
        host: str | None = match[1]
        if host and host.startswith("$"):
            name = re.sub(r"\W.*", "", host.lstrip("${"))
            fallback = re.search(r":?-([^{}]*)\}\Z", host)
            host = environment.get(name) or (fallback[1] if fallback else None)
        return Bind(host, read_port(match[2], environment), source)
    if (whole := _WHOLE.match(text)) and ":" in whole[2]:
        return read_bind(environment.get(whole[1]) or whole[2], environment, source, default_host, default_port)
    if text.isdigit() or text.startswith("$"):
        return Bind(default_host, read_port(text, environment), source)
    return Bind(text, default_port, source)


def template(node: ast.expr | None, constants: Mapping[str, str]) -> str | None:
    """A Python expression as text, environment look-ups written as `${NAME:-default}`; None when unsure."""
    match node:
        case ast.Constant(value=bool() | None):
            return None
        case ast.Constant(value=str() | int() as value):
            return str(value)
        case ast.Name() | ast.Attribute(value=ast.Name()):
            return constants.get(ast.unparse(node))
        case ast.JoinedStr(values=values):
            return _joined([template(value, constants) for value in values])
        case ast.FormattedValue(value=value, format_spec=None):
            return template(value, constants)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([template(left, constants), template(right, constants)])
        case ast.BoolOp(op=ast.Or(), values=[first, second]):
            return _with_default(template(first, constants), template(second, constants))
        case ast.Call(func=ast.Name(id="int" | "str"), args=[value]):
            return template(value, constants)
        case ast.Subscript():
            return _part(node, constants)
        case ast.Call(func=ast.Attribute(attr="format", value=ast.Constant(value=str(text))), keywords=[]):
            pieces = text.split("{}")
            given = [template(each, constants) for each in node.args]
            is_plain = len(pieces) == len(given) + 1 and not re.search(r"[{}]", "".join(pieces))
            return (
                _joined([each for pair in zip(pieces, [*given, ""], strict=True) for each in pair])
                if is_plain
                else None
            )
        case ast.Call(args=[_, *_]) if _is_lookup(node.func):
            return _looked_up(node, constants)
        case _:
            return None


def _looked_up(call: ast.Call, constants: Mapping[str, str]) -> str | None:
    variable = template(call.args[0], constants)
    defaults = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "default")]
    found = f"${{{variable}}}" if variable else None
    return _with_default(found, template(defaults[0], constants)) if defaults else found


def _part(node: ast.Subscript, constants: Mapping[str, str]) -> str | None:
    match node:
        case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))):
            return f"${{{name}}}"
        case ast.Subscript(slice=ast.Slice(step=None) as cut):
            return _cut(template(node.value, constants), cut)
        case _:
            return None


def _cut(text: str | None, cut: ast.Slice) -> str | None:
    """A piece of a text that is known in full: `PREFIX[:-1]`."""
    try:
        ends = [None if end is None else ast.literal_eval(end) for end in (cut.lower, cut.upper)]
    except ValueError:
        return None
    is_known = text is not None and "$" not in text and all(end is None or type(end) is int for end in ends)
    return text[ends[0] : ends[1]] if text is not None and is_known else None


def _joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def _with_default(found: str | None, default: str | None) -> str | None:
    """`${NAME}` with a default; one that is not a plain value makes the whole unknown."""
    if found is None or default is None or not re.fullmatch(r"\$\{\w+\}", found) or re.search(r"[${}]", default):
        return None
    return f"{found[:-1]}:-{default}}}"


def _is_lookup(function: ast.expr) -> bool:
    """os.environ.get, environ.get, os.getenv, getenv."""
    match function:
        case ast.Attribute(attr="get", value=ast.Attribute(attr="environ") | ast.Name(id="environ" | "env")):
            return True
        case ast.Attribute(attr="getenv") | ast.Name(id="getenv" | "config" | "env"):
            return True
        case ast.Attribute(attr="int" | "str", value=ast.Name(id="env")):
            return True
        case _:
            return False
