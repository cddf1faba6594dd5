"""How a person wants to be talked to in this run: with which colours, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colour = Literal["auto", "always", "never"]


@dataclass
class _Wishes:
    colour: str = "auto"
    is_quiet: bool = False
    is_verbose: bool = False


_wishes = _Wishes()


def forget() -> None:
    """Nobody has wished anything yet."""
    paint("auto")
    hush(False)
    chat(False)


def paint(colour: str) -> str:
    """Colours "always", "never", or "auto": where a person looks."""
    _wishes.colour = colour
    return colour


def hush(is_quiet: bool) -> bool:
    """Nothing but results and errors."""
    _wishes.is_quiet = is_quiet
    return is_quiet


def chat(is_verbose: bool) -> bool:
    """Also what is read and left out, and how long it takes."""
    _wishes.is_verbose = is_verbose
    return is_verbose


def colour() -> str:
    return _wishes.colour


def is_quiet() -> bool:
    return _wishes.is_quiet


def is_verbose() -> bool:
    return _wishes.is_verbose
