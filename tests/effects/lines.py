"""Command lines as text, and what they do to an image that a few steps have made."""

from __future__ import annotations

from pydock.effects import effects_of
from pydock.images.base import base_image
from pydock.shell import Word, script_of_text
from pydock.state import Effect, Nested, State
from pydock.state.needs import File, Folder, Need, Thing
from pydock.values import replace

SLIM = "python:3.12-slim-bookworm"
FULL = "python:3.12-bookworm"


def words(text: str) -> tuple[Word, ...]:
    """The words of the one command of a script."""
    return script_of_text(text).commands[0].words


def state_with(
    *paths: str,
    base: str = SLIM,
    workdir: str | None = "/app",
    texts: dict[str, str] | None = None,
    things: tuple[Thing, ...] = (),
    mounts: tuple[str, ...] = (),
) -> State:
    """A state where step 0 has made files, and folders whose path ends with a slash."""
    made = [Folder(path.rstrip("/")) if path.endswith("/") else File(path) for path in paths]
    made += [File(path) for path in texts or {}]
    state = State(base=base_image(base)).after(Effect(provides=(*made, *things), texts=texts or {}), 0)
    return replace(state, workdir=workdir, mounts=mounts)


def found_for(text: str, state: State | None = None) -> tuple[Effect | Nested, ...]:
    return effects_of(words(text), state_with("/app/") if state is None else state)


def effects_for(text: str, state: State | None = None) -> tuple[Effect, ...]:
    return tuple(each for each in found_for(text, state) if isinstance(each, Effect))


def needs_of(text: str, state: State | None = None) -> set[Need]:
    return {need for each in found_for(text, state) for need in each.needs}


def takes_of(text: str, state: State | None = None) -> set[Need]:
    return {need for each in effects_for(text, state) for need in each.takes}


def provided_by(text: str, state: State | None = None) -> set[Thing]:
    return {thing for each in effects_for(text, state) for thing in each.provides}


def changed_by(text: str, state: State | None = None) -> set[Thing]:
    return {thing for each in effects_for(text, state) for thing in each.changes}


def removed_by(text: str, state: State | None = None) -> set[object]:
    return {thing for each in effects_for(text, state) for thing in each.removes}


def opened_by(text: str, state: State | None = None) -> set[str]:
    return {place for each in effects_for(text, state) if each.opens for place in each.opens.places}


def after(text: str, state: State) -> State:
    """The state when a command has run as step 1."""
    for each in effects_for(text, state):
        state = state.after(each, 1)
    return state
