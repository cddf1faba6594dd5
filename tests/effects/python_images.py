"""An image that commands run in, and what they do there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydock.effects import effects_of
from pydock.images.base import base_image
from pydock.shell import Word, script_of_text
from pydock.state import Effect, Nested, State
from pydock.state.needs import Distribution, File
from pydock.text import unquote
from pydock.values import replace


def image(
    files: Mapping[str, str] | None = None, workdir: str = "/app", name: str = "python:3.12", **variables: str | None
) -> State:
    """An image of Python with these files of known text, in a work directory, with these variables."""
    state = State(base=base_image(name), workdir=workdir)
    known = dict(files or {})
    state = state.after(Effect(provides=tuple(map(File, known)), texts=known), 1)
    for variable, value in variables.items():
        state = state.with_variable(variable, value, 2)
    return state


def words(text: str) -> tuple[Word, ...]:
    """The words of one command; of one with a variable in it the beginning is known."""
    found = script_of_text(text).commands[0].words
    return tuple(
        replace(word, known=unquote(word.text.partition("$")[0])) if word.value is None else word for word in found
    )


def done(text: str, state: State) -> tuple[Effect, ...]:
    """The effects of a command that runs no script."""
    found = effects_of(words(text), state)
    assert all(isinstance(each, Effect) for each in found), found
    return tuple(each for each in found if isinstance(each, Effect))


def nested(text: str, state: State) -> tuple[Nested, ...]:
    """The scripts that a command runs."""
    return tuple(each for each in effects_of(words(text), state) if isinstance(each, Nested))


def after(text: str, state: State) -> State:
    """The state behind `&&`-joined commands."""
    for step, command in enumerate(text.split(" && "), 10):
        for each in done(command, state):
            state = state.after(each, step)
    return state


def brought(effects: Iterable[Effect]) -> set[str]:
    """The packages that effects provide, as `/opt/venv: flask`."""
    things = [thing for each in effects for thing in each.provides]
    return {f"{thing.environment}: {thing.name}" for thing in things if isinstance(thing, Distribution)}


def needed(effects: Iterable[Effect]) -> set[object]:
    return {need for each in effects for need in each.needs}
