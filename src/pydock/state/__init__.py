"""The image at one place of a build: what a command needs, what it does, and what is there."""

from pydock.state.answers import Answer, Found, is_below
from pydock.state.effect import ANYTHING, Effect, Kind, Language, Nested, Open, Purpose, files_below
from pydock.state.image import State, is_root
from pydock.state.needs import Need, Thing
from pydock.state.numbers import BASE, NOBODY, Numbers

__all__ = [
    "ANYTHING",
    "BASE",
    "NOBODY",
    "Answer",
    "Effect",
    "Found",
    "Kind",
    "Language",
    "Need",
    "Nested",
    "Numbers",
    "Open",
    "Purpose",
    "State",
    "Thing",
    "files_below",
    "is_below",
    "is_root",
]
