"""What a value is: named fields that never change, compared and hashed by what they hold.

A frozen dataclass would say the same, but compiles six methods for each class: with a hundred
classes that is a quarter of the time that `pydock check` takes for a small project. A struct of
msgspec is made in C (https://jcristharif.com/msgspec/structs.html, read 2026-11).
"""

from __future__ import annotations

from typing import dataclass_transform

from msgspec import MsgspecError as Malformed
from msgspec import Struct, convert, field, to_builtins
from msgspec.json import decode, encode
from msgspec.structs import replace

__all__ = ["Malformed", "Value", "convert", "decode", "encode", "field", "replace", "to_builtins"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True):
    """An immutable record. `dict=True` makes room for cached properties, `eq=False` compares by identity."""
