"""Names of a Python file that have one value: plain ones, settings of a class, options of a command line.

Where an argument of the command decides, the value is written `<--port|8000>`.
Settings classes: https://docs.pydantic.dev/latest/concepts/pydantic_settings/, read 2026-11.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from pydock.service.code.ports import template
from pydock.source import MOST_SOURCES, syntax, walk

_PARSERS = frozenset({"parse_args", "parse_known_args"})


@lru_cache(maxsize=MOST_SOURCES)
def read_constants(text: str) -> dict[str, str]:
    """The constants of a file's text; none for a file that this interpreter cannot read."""
    tree = syntax(text)
    return constants_of(walk(tree)) if tree else {}


def constants_of(nodes: list[ast.AST]) -> dict[str, str]:
    """Names of a module that are assigned once, to something `template` can say, and are no parameter.

    A setting of a class stands under `Class.NAME`, under the names of its objects, and under
    `factory().NAME` of a function that only makes one.
    """
    found = _plain(nodes)
    classes = {node.name: _fields(node, found) for node in nodes if isinstance(node, ast.ClassDef)}
    for name, fields in classes.items():
        found |= {f"{name}.{field}": value for field, value in fields.items()}
    for owner, function in _objects(nodes):
        found |= {f"{owner}.{field}": value for field, value in classes.get(function, {}).items()}
    return found | _arguments(nodes, found)


def _plain(nodes: list[ast.AST]) -> dict[str, str]:
    found: dict[str, str] = {}
    seen: set[str] = set()
    inside = {child for node in nodes if isinstance(node, ast.ClassDef) for child in node.body}
    for node in nodes:
        if node in inside:
            continue
        names = _bound(node)
        again = names & seen
        seen |= names
        for name in again:
            found.pop(name, None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and len(names) == 1 and not again:
            text = template(node.value, found)
            if text is not None:
                found[next(iter(names))] = text
    return found


def _bound(node: ast.AST) -> set[str]:
    """The plain names that a node gives a value to."""
    match node:
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            return {name}
        case ast.For(target=ast.Name(id=name)) | ast.NamedExpr(target=ast.Name(id=name)) | ast.arg(arg=name):
            return {name}
        case _:
            return set()


def _fields(node: ast.ClassDef, constants: dict[str, str]) -> dict[str, str]:
    """The plain fields of a class; those of a pydantic settings class may come from the environment."""
    found: dict[str, str] = {}
    if any(ast.unparse(base).endswith("Enum") for base in node.bases) and not _is_written_as_value(node):
        return found
    is_settings = any("Settings" in ast.unparse(base) for base in node.bases)
    for part in node.body:
        if not isinstance(part, ast.Assign | ast.AnnAssign):
            continue
        value = _default(part.value)
        for name in _bound(part):
            text = template(value, constants)
            if is_settings and value is None:
                found[name] = f"${{{name.upper()}}}"
            elif text or (text is not None and is_settings):
                found[name] = f"${{{name.upper()}:-{text}}}" if is_settings and "$" not in text else text
    is_renamed = is_settings and "env_prefix" in ast.unparse(node)
    return {} if is_renamed else found


def _is_written_as_value(node: ast.ClassDef) -> bool:
    """Whether a member of an enumeration in a string is its value: that is said by the class, or by StrEnum."""
    has_own = any(isinstance(part, ast.FunctionDef) and part.name == "__str__" for part in node.body)
    return has_own or any(ast.unparse(base).endswith("StrEnum") for base in node.bases)


def _default(value: ast.expr | None) -> ast.expr | None:
    """What a field is without anything else; `Field(8000)` may hide it behind another name."""
    if not isinstance(value, ast.Call) or ast.unparse(value.func) not in {"Field", "pydantic.Field"}:
        return value
    keywords = {keyword.arg: keyword.value for keyword in value.keywords}
    if keywords.keys() & {"env", "alias", "validation_alias"}:
        return ast.Constant(value=None)
    return keywords.get("default", next(iter(value.args), None))


def _objects(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """(name, class) of `settings = Settings()`, and of the like through a factory that only returns one."""
    makers = {
        node.name: value.func.id
        for node in nodes
        if isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Return)
        for value in [node.body[-1].value]
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
    }
    makers |= _annotated(nodes)
    yield from ((f"{maker}()", function) for maker, function in makers.items())
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=function))):
                yield name, makers.get(function, function)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id=function))):
                yield name, makers.get(function, function)
            case _:
                pass


def _annotated(nodes: list[ast.AST]) -> dict[str, str]:
    """Functions that say to give an object of one of the file's classes, of which none is made another."""
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    bases = {ast.unparse(base) for node in classes for base in node.bases}
    only = {node.name for node in classes} - bases
    return {
        node.name: node.returns.id
        for node in nodes
        if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name) and node.returns.id in only
    }


def _arguments(nodes: list[ast.AST], constants: dict[str, str]) -> dict[str, str]:
    """`args.port` of argparse and `options.port` of tornado, with their defaults."""
    owners = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Attribute) and node.value.func.attr in _PARSERS
        for target in _first_names(node.targets[0])
    }
    found: dict[str, str] = {}
    for node in nodes:
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = [word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
        default = next((keyword.value for keyword in node.keywords if keyword.arg == "default"), None)
        text = template(default, constants)
        long = next((word for word in words if word.startswith("--")), "")
        if name == "add_argument" and long and text is not None:
            field = long.lstrip("-").replace("-", "_")
            field = next(
                (
                    ast.literal_eval(k.value)
                    for k in node.keywords
                    if k.arg == "dest" and isinstance(k.value, ast.Constant)
                ),
                field,
            )
            options = "|".join(word for word in words if word.startswith("-"))
            found |= {f"{owner}.{field}": f"<{options}|{text}>" for owner in owners}
        elif name == "define" and words and text is not None:
            found |= {
                f"{owner}.{words[0]}": f"<--{words[0]}|{text}>" for owner in ("options", "tornado.options.options")
            }
    return found


def _first_names(target: ast.expr) -> Iterator[ast.Name]:
    """The name that parsed arguments get, the first of a pair."""
    if isinstance(target, ast.Tuple) and target.elts:
        target = target.elts[0]
    if isinstance(target, ast.Name):
        yield target
