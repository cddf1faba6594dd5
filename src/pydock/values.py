"""What a value is: named fields that never change, compared and hashed by what they hold.

A frozen dataclass would say the same, but compiles six methods for each class: with a hundred
classes that is a quarter of the time that `pydock check` takes for a small project. A struct of
msgspec is made in C (https://jcristharif.com/msgspec/structs.html, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, dataclass_transform

from msgspec import Meta, Struct, convert, field, to_builtins
from msgspec import MsgspecError as Malformed
from msgspec.json import decode, encode
from msgspec.json import schema as json_schema
from msgspec.structs import fields, replace

__all__ = [
    "Malformed",
    "Meta",
    "Value",
    "convert",
    "decode",
    "encode",
    "field",
    "fields",
    "json_schema",
    "once",
    "replace",
    "to_builtins",
]

Owner = TypeVar("Owner")
Fact = TypeVar("Fact")
Given = ParamSpec("Given")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True):
    """An immutable record. `dict=True` makes room for cached properties, `eq=False` compares by identity."""


def once(
    fact: Callable[Concatenate[Owner, Given], Fact],
) -> Callable[Concatenate[Owner, Given], Fact]:
    """Work a fact out once for each value and each set of further arguments, as a cached property of it would be.

    The value has to have room for that (`dict=True`), and the fact to be a value, no iterator.
    """
    name = f"{fact.__module__}.{fact.__qualname__}"

    @wraps(fact)
    def recall(owner: Owner, /, *given: Given.args, **named: Given.kwargs) -> Fact:
        room = vars(owner)
        known: dict[object, Fact] | None = room.get(name)
        if known is None:
            known = room[name] = {}
        key = (given, *named.items()) if named else given
        if key not in known:
            known[key] = fact(owner, *given, **named)
        return known[key]

    return recall
