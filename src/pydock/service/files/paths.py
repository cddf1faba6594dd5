"""File paths in Python source, as far as they are written out."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydock.patterns import regex

# Stands in a path for a part that is only known at run time.
UNKNOWN = "\0"
_HERE = {"resolve", "absolute", "expanduser", "as_posix", "as_uri", "strip", "__str__"}
_THROUGH = {"Path", "PurePath", "PosixPath", "str", "fspath", "abspath", "realpath", "normpath", "expanduser"}
_LOOKUPS = {"get", "getenv", "config", "env"}
_TEMPORARY = {"gettempdir", "mkdtemp", "mkstemp", "mktemp", "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile"}
_PLACEHOLDER = regex(r"%(?:\(\w*\))?[-\d.]*[sdifr]|\{[^{}]*\}")


@dataclass
class Paths:
    """What paths mean in one module: `file` is its own place in the image, `workdir` where it runs."""

    file: str
    workdir: str
    environment: Mapping[str, str | None]
    names: dict[str, ast.expr] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def learn(self, nodes: Iterable[ast.AST]) -> None:
        """Remember plain assignments, so that a later use of the name can be followed."""
        for node in nodes:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    self.names.setdefault(name, value)

    def read(self, node: ast.expr | None) -> str | None:
        """The path as written, with UNKNOWN for parts of it; None where nothing of it is known."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id="__file__"):
                return self.file
            case ast.Name(id=name):
                return self._named(name)
            case ast.JoinedStr(values=values):
                return "".join(self._part(value) for value in values)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joined([left, right])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._added(left, right)
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
                return _PLACEHOLDER.sub(UNKNOWN, text)
            case ast.BoolOp(op=ast.Or(), values=values):
                return next((found for value in values if (found := self.read(value)) is not None), None)
            case ast.Attribute(value=value, attr=attribute):
                return self._attribute(value, attribute)
            case ast.Subscript(value=value, slice=index):
                return self._item(value, index)
            case ast.Call():
                return self._called(node)
        return None

    def _named(self, name: str) -> str | None:
        if name in self._open or name not in self.names:
            return None
        self._open.add(name)
        try:
            return self.read(self.names[name])
        finally:
            self._open.discard(name)

    def _part(self, node: ast.expr) -> str:
        found = self.read(node.value if isinstance(node, ast.FormattedValue) else node)
        return UNKNOWN if found is None else found

    def _joined(self, nodes: list[ast.expr]) -> str | None:
        parts = [self._part(node) for node in nodes]
        return posixpath.join(*parts) if parts and parts != [UNKNOWN] * len(parts) else None

    def _added(self, left: ast.expr, right: ast.expr) -> str | None:
        found = self._part(left) + self._part(right)
        return None if found.strip(UNKNOWN) == "" else found

    def _attribute(self, value: ast.expr, attribute: str) -> str | None:
        if attribute == "instance_path":
            # Flask's, for an application that lies in the work directory.
            return posixpath.join(self.workdir, "instance")
        base = self.read(value) if attribute in {"parent", "name", "stem"} else None
        if base is None:
            return None
        return posixpath.dirname(base) or "." if attribute == "parent" else UNKNOWN

    def _item(self, value: ast.expr, index: ast.expr) -> str | None:
        match value, index:
            case ast.Attribute(value=base, attr="parents"), ast.Constant(value=int(number)):
                found = self.read(base)
                for _ in range(number + 1):
                    found = posixpath.dirname(found) if found else found
                return found
            case ast.Attribute(attr="environ"), ast.Constant(value=str(name)):
                return self.environment.get(name)
        return None

    def _called(self, call: ast.Call) -> str | None:
        function, arguments = call.func, call.args
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in _TEMPORARY:
            return f"/tmp/{UNKNOWN}"
        if name in {"getcwd", "cwd"}:
            return self.workdir
        if name == "home":
            return "~"
        if name in _LOOKUPS and arguments and isinstance(arguments[0], ast.Constant):
            return self._looked_up(call)
        if name in {"join", "joinpath"} and isinstance(function, ast.Attribute):
            is_method = name == "joinpath"
            return self._joined([function.value, *arguments] if is_method else list(arguments))
        if name == "format" and isinstance(function, ast.Attribute):
            found = self.read(function.value)
            return _PLACEHOLDER.sub(UNKNOWN, found) if found else None
        return self._through(name, function, arguments)

    def _through(self, name: str, function: ast.expr, arguments: list[ast.expr]) -> str | None:
        if name in _THROUGH and arguments:
            return self._joined(list(arguments)) if len(arguments) > 1 else self.read(arguments[0])
        if name in {"Path", "PosixPath"}:
            return self.workdir
        if name == "dirname" and arguments:
            found = self.read(arguments[0])
            return None if found is None else posixpath.dirname(found) or "."
        if isinstance(function, ast.Attribute) and name in _HERE:
            return self.read(function.value)
        if isinstance(function, ast.Attribute) and name in {"with_suffix", "with_name", "with_stem"}:
            found = self.read(function.value)
            return None if found is None else posixpath.join(posixpath.dirname(found), UNKNOWN)
        return None

    def _looked_up(self, call: ast.Call) -> str | None:
        name = call.args[0]
        value = (
            self.environment.get(name.value) if isinstance(name, ast.Constant) and isinstance(name.value, str) else None
        )
        if value is not None:
            return value
        default = call.args[1] if len(call.args) > 1 else None
        given = next((keyword.value for keyword in call.keywords if keyword.arg == "default"), default)
        return self.read(given)
