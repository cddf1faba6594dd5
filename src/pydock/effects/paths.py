"""Words of a command line as paths: what they need, and where something may lie that they name in part."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import translate

from pydock.patterns import regex
from pydock.shell import Word
from pydock.state import Need, Open, State, files_below
from pydock.state.needs import Below, File, Folder, Matching, Place, Thing
from pydock.values import Value

_QUOTED = regex(r"'[^']*'|\"[^\"]*\"|\\.")
_MARKS = frozenset("*?[")


def is_glob(word: Word) -> bool:
    """Whether a shell replaces the word by the names of files."""
    return bool(_MARKS & set(_QUOTED.sub("", word.text))) and bool(_MARKS & set(word.head))


def path_of(word: Word | None, state: State) -> str | None:
    """The absolute path that a word names; None for a pattern and where the word or the work directory is not known."""
    if word is None or not word.value or is_glob(word):
        return None
    return state.at(word.value)


def folder_of(word: Word | None, state: State) -> str | None:
    """The deepest folder that is known to hold what a word names: a pattern's, or that of a half-known path."""
    if word is None:
        return None
    head = word.head
    if is_glob(word):
        for mark in _MARKS:
            head = head.partition(mark)[0]
    elif word.value is not None:
        return path_of(word, state)
    return state.at(posixpath.dirname(head) or ".") if head or word.value is not None else None


def needed(word: Word | None, state: State, kind: type[Place | File | Folder] = Place) -> tuple[Need, ...]:
    """What has to be there for a word to name something that is read: a place, or files of a pattern."""
    if word is None:
        return ()
    if path := path_of(word, state):
        return (kind(path),)
    if word.value and is_glob(word) and (pattern := state.at(word.value)):
        return (Matching(pattern),)
    return ()


def taken(word: Word, state: State) -> tuple[Need, ...]:
    """What a word may name, all below it included, for a program that reads it where it is there."""
    if path := path_of(word, state):
        return (Below(path),) if state.makers(Folder(path)) else (Place(path),)
    folder = folder_of(word, state)
    return (Below(folder),) if folder and folder != "/" else ()


def opened(word: Word | None, state: State) -> Open:
    """Files below what a word names; anywhere where nothing of it is known."""
    return files_below(folder_of(word, state) or "/")


def known_at(path: str, state: State) -> tuple[Thing, ...]:
    """The file or folder of a path, as far as it is known to be there."""
    return tuple(thing for thing in (File(path), Folder(path)) if state.makers(thing))


def with_all_below(path: str, state: State) -> tuple[Thing, ...]:
    """The known file or folder of a path and all that is known below it."""
    return (*known_at(path, state), *state.below(path))


def is_folder(path: str, state: State) -> bool:
    return state.has(Folder(path))


def joined(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


def matching(pattern: str, state: State) -> tuple[Thing, ...]:
    """The known files and folders that a shell replaces an absolute pattern by."""
    stem = pattern
    for mark in _MARKS:
        stem = stem.partition(mark)[0]
    parts = [re.compile(translate(part)) for part in pattern.split("/")]

    def is_one(path: str) -> bool:
        names = path.split("/")
        return len(names) == len(parts) and all(
            part.match(name) and not (name.startswith(".") and not part.pattern.startswith("(?s:\\."))
            for part, name in zip(parts, names, strict=True)
        )

    return tuple(thing for thing in state.below(posixpath.dirname(stem) or "/") if is_one(path_in(thing)))


def path_in(thing: Thing) -> str:
    """The path of a file or folder, "" for what has none."""
    return thing.path if isinstance(thing, File | Folder) else ""


def named_things(word: Word, state: State, *, with_below: bool = False) -> tuple[Thing, ...]:
    """The known files and folders that a word names, those of a pattern included."""
    if path := path_of(word, state):
        return with_all_below(path, state) if with_below else known_at(path, state)
    pattern = state.at(word.value) if word.value and is_glob(word) else None
    found = matching(pattern, state) if pattern else ()
    below = [each for thing in found for each in state.below(path_in(thing))] if with_below else []
    return tuple(dict.fromkeys((*found, *below)))


def texts_of(things: tuple[Thing, ...], state: State) -> dict[str, str]:
    """The texts of known files, as far as they are known."""
    paths = [path_in(thing) for thing in things if isinstance(thing, File)]
    return {path: text for path in paths if (text := state.text(path)) is not None}


class Contents(Value):
    """What is in files, of which some are copies of the build context's: those are never read for it."""

    texts: dict[str, str]
    origins: dict[str, str]


def contents_of(things: Iterable[Thing], state: State) -> Contents:
    """What is in known files, for a command that leaves it as it is."""
    paths = [path_in(thing) for thing in things if isinstance(thing, File)]
    texts = {path: text for path in paths if (text := state.texts.get(path)) is not None}
    return Contents(texts, {path: place for path in paths if (place := state.origins.get(path)) is not None})
