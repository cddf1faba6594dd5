"""What the keys of a configuration take, asked of the types that decode them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from pydock.config.choices import Choices, Table
from pydock.values import Malformed, Value, convert, fields

_KINDS = {str: "a string", bool: "true or false", float: "a number", tuple: "a list of strings", dict: "a table"}


class Key(Value):
    """A key: the type of its value, the value where nobody gives one, and what it is for."""

    name: str
    kind: Any
    default: object
    about: str
    meant: str = ""


@lru_cache(maxsize=2)
def keys(kind: type[Choices] = Table) -> dict[str, Key]:
    """The keys of a table by their names, in the order of their definition."""
    found = {}
    for field in fields(kind):
        inner, *metas = get_args(field.type) if hasattr(field.type, "__metadata__") else (field.type,)
        about = next((meta.description for meta in metas if meta.description), "")
        meant = next((meta.title for meta in metas if meta.title), "")
        default = field.default if field.default_factory not in {dict} else {}
        found[field.encode_name] = Key(field.encode_name, inner, default, about, meant)
    return found


def misfits(key: str, value: object) -> Iterator[tuple[tuple[str, ...], object, str]]:
    """The parts of a value that do not fit its key: (where in it, the part, what it has to be)."""
    known = keys()[key]
    parts: list[tuple[tuple[str, ...], object, Any]] = []
    if isinstance(value, dict) and get_origin(known.kind) is dict:
        _, inner = get_args(known.kind)
        parts += [((word,), part, inner) for word, part in value.items()]
    else:
        parts += [((), value, known.kind)]
    for where, part, kind in parts:
        try:
            convert(part, kind)
        except Malformed:
            yield where, part, _wanted(kind)


def wanted(key: str) -> str:
    """What the value of a key has to be, in words."""
    known = keys()[key]
    return f"it can be {known.meant}" if known.meant else _wanted(known.kind)


def _wanted(kind: Any) -> str:
    if isinstance(kind, UnionType):
        kind = next(each for each in get_args(kind) if each is not NoneType)
    origin = get_origin(kind) or kind
    if origin is Literal:
        *most, last = get_args(kind)
        return f"it can be {', '.join(most)} or {last}"
    return f"it has to be {_KINDS[origin]}"
