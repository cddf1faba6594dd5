"""mkdir, touch, tee and the like: files and folders that are there afterwards, one effect for each."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.effects.paths import needed, opened, path_of
from pydock.effects.registry import effect
from pydock.shell import Argv, Word
from pydock.state import Effect, State
from pydock.state.needs import File, Folder, Need


def put(path: str, state: State, *, is_folder: bool = False, text: str | None = None) -> Effect:
    """A file or folder that is there afterwards: new, or with one more hand in it."""
    thing = Folder(path) if is_folder else File(path)
    texts = {} if text is None else {path: text}
    if state.makers(thing):
        return Effect(changes=(thing,), texts=texts)
    return Effect(provides=(thing,), texts=texts)


@effect("mkdir")
def mkdir(line: Argv, state: State) -> Iterable[Effect]:
    makes_parents = line.has("-p", "--parents")
    made: list[str] = []
    found = []
    for word in line.operands:
        path = path_of(word, state)
        if path is None:
            found.append(Effect(opens=opened(word, state), operand=word))
            continue
        parent = posixpath.dirname(path)
        needs = () if makes_parents or parent in made else (Folder(parent),)
        made.append(path)
        found.append(_with(put(path, state, is_folder=True), needs, word))
    return found or (Effect(),)


def _with(made: Effect, needs: tuple[Need, ...], operand: Word | None) -> Effect:
    return Effect(needs, provides=made.provides, changes=made.changes, texts=made.texts, operand=operand)


def _in_folder(path: str) -> tuple[Need, ...]:
    return (Folder(posixpath.dirname(path)),)


@effect("touch", "mkfifo", "mktemp")
def touch(line: Argv, state: State) -> Iterable[Effect]:
    if line.program == "mktemp":
        return (Effect(),)
    found = []
    for word in line.operands:
        path = path_of(word, state)
        if path is None:
            found.append(Effect(opens=opened(word, state), operand=word))
            continue
        is_there = bool(state.makers(File(path)) or state.makers(Folder(path)))
        made = Effect() if is_there else put(path, state, text="" if line.program == "touch" else None)
        found.append(_with(made, _in_folder(path), word))
    return found or (Effect(),)


@effect("tee", "truncate")
def tee(line: Argv, state: State) -> Iterable[Effect]:
    """Writes files; what it writes is known to the one who knows its input."""
    appends = line.program == "truncate" or line.has("-a", "--append")
    found = []
    for word in line.operands:
        path = path_of(word, state)
        if path is None:
            found.append(Effect(opens=opened(word, state), operand=word))
            continue
        made = put(path, state) if appends else Effect(provides=(File(path),))
        found.append(_with(made, _in_folder(path), word))
    return found or (Effect(),)


@effect("dd")
def dd(line: Argv, state: State) -> Iterable[Effect]:
    given = {word.head.partition("=")[0]: word for word in line.operands}
    source, target = given.get("if"), given.get("of")
    needs = needed(source.behind(3), state, File) if source else ()
    path = path_of(target.behind(3), state) if target else None
    return (Effect(needs, provides=(File(path),) if path else ()),)
