"""cp, mv, ln, install, rsync, scp: the same files at another place, with their texts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.effects.files.making import put
from pydock.effects.paths import contents_of, is_folder, is_glob, joined, needed, opened, path_of, taken
from pydock.effects.registry import effect
from pydock.shell import Argv, Word
from pydock.state import Answer, Effect, Open, State, files_below
from pydock.state.needs import Below, File, Folder, Need, Place, Thing, User
from pydock.values import Value, field, replace


class Copies(Value):
    """What lies at a new place: things, what is in the files, and places below which there may be more."""

    things: tuple[Thing, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()

    def __add__(self, more: Copies) -> Copies:
        texts, origins = {**self.texts, **more.texts}, {**self.origins, **more.origins}
        return Copies(self.things + more.things, texts, origins, self.places + more.places)


@effect("cp")
def cp(line: Argv, state: State) -> Iterable[Effect]:
    return (copied(line, state),)


@effect("mv")
def mv(line: Argv, state: State) -> Iterable[Effect]:
    found = copied(line, state)
    sources = line.operands if line.value("-t", "--target-directory") else line.operands[:-1]
    gone = tuple(File(path) for word in sources if (path := path_of(word, state)))
    return (replace(found, removes=gone),)


@effect("install")
def install(line: Argv, state: State) -> Iterable[Effect]:
    """coreutils' install: `-d` makes folders, else it copies."""
    owners = tuple(User(word.value) for word in line.values("-o", "--owner", "-g", "--group") if word.value)
    if line.has("-d", "--directory"):
        found = []
        for word in line.operands:
            path = path_of(word, state)
            made = put(path, state, is_folder=True) if path else Effect(opens=opened(word, state))
            found.append(Effect(owners, provides=made.provides, changes=made.changes, opens=made.opens, operand=word))
        return found or (Effect(owners),)
    return (copied(line, state, owners, makes_parents=line.has("-D")),)


@effect("rsync")
def rsync(line: Argv, state: State) -> Iterable[Effect]:
    if any(":" in word.head for word in line.operands):
        return (Effect(opens=opened(line.operands[-1], state)),)
    return (copied(line, state, contents_mark="/"),)


@effect("ln")
def ln(line: Argv, state: State) -> Iterable[Effect]:
    sources = list(line.operands[:-1] or line.operands)
    target = line.operands[-1] if len(line.operands) > 1 else None
    if not sources:
        return (Effect(),)
    given = line.value("-t", "--target-directory")
    if given:
        sources, target = list(line.operands), given
    where = path_of(target, state) if target else state.workdir
    if where is None:
        return (Effect(opens=opened(target, state)),)
    is_inside = target is None or bool(given) or _is_folder(target, where, state, len(sources))
    is_symbolic = line.has("-s", "--symbolic")
    needs: list[Need] = []
    made = Copies()
    for word in sources:
        path, link = _link(word, where, state, is_inside=is_inside, is_symbolic=is_symbolic)
        if path is None:
            made += Copies((File(link),), places=(link,))
            continue
        needs.append(Place(path))
        made += _copy(path, link, state)
    folders: tuple[Need, ...] = (Folder(where if is_inside else posixpath.dirname(where)),)
    hard = folders if is_symbolic else (*folders, *needs)
    return (_effect(hard, made, takes=tuple(needs) if is_symbolic else ()),)


def _link(word: Word, where: str, state: State, *, is_inside: bool, is_symbolic: bool) -> tuple[str | None, str]:
    """(what a link leads to, where it lies); a symbolic one is read from its own folder."""
    name = posixpath.basename(word.head.rstrip("/")) or "link"
    link = joined(where, name) if is_inside else where
    if not word.value or is_glob(word):
        return None, link
    if is_symbolic and not word.value.startswith(("/", "~")):
        return posixpath.normpath(posixpath.join(posixpath.dirname(link), word.value)), link
    return state.at(word.value), link


def copied(
    line: Argv,
    state: State,
    needs: tuple[Need, ...] = (),
    *,
    makes_parents: bool = False,
    contents_mark: str = "/.",
) -> Effect:
    """The effect of a copy: its sources with all below them, at the target.

    `contents_mark`: how a source ends whose contents are meant, and not the folder: `cp -r a/. b`, `rsync -a a/ b`.
    """
    given = line.value("-t", "--target-directory")
    sources, target = (line.operands, given) if given else (line.operands[:-1], next(iter(line.operands[-1:]), None))
    if target is None or not sources:
        return Effect(needs)
    needs += tuple(need for word in sources for need in needed(word, state))
    where = path_of(target, state)
    if where is None:
        return Effect(needs, opens=opened(target, state))
    is_inside = bool(given) or (_is_folder(target, where, state, len(sources)) and not line.has("-T"))
    is_made = makes_parents or contents_mark == "/"
    if not is_made:
        needs += (Folder(where if is_inside else posixpath.dirname(where)),)
    made = Copies()
    takes: list[Need] = []
    for word in sources:
        path = path_of(word, state)
        if path is None:
            takes += taken(word, state) or ([Below(state.workdir)] if state.workdir not in {None, "/"} else [])
            made += Copies(() if is_inside else (File(where),), places=(where,))
            continue
        has_contents = (word.value or "").endswith(contents_mark)
        new = joined(where, posixpath.basename(path)) if is_inside and not has_contents else where
        made += _copy(path, new, state)
    return _effect(needs, made, tuple(takes))


def _effect(needs: tuple[Need, ...], made: Copies, takes: tuple[Need, ...] = ()) -> Effect:
    opens: Open | None = files_below(*dict.fromkeys(made.places)) if made.places else None
    things = tuple(dict.fromkeys(made.things))
    return Effect(needs, takes=takes, provides=things, texts=made.texts, origins=made.origins, opens=opens)


def _is_folder(target: Word, where: str, state: State, count: int) -> bool:
    return count > 1 or (target.value or "").endswith(("/", "/.")) or target.value == "." or is_folder(where, state)


def _copy(path: str, new: str, state: State) -> Copies:
    """What is known at a path, at another one; nobody knows whether an unknown path is a file or a folder."""
    if state.makers(File(path)):
        same = contents_of((File(path),), state)
        return Copies((File(new),), _renamed(same.texts, path, new), _renamed(same.origins, path, new))
    if not is_folder(path, state):
        return Copies((File(new),), places=(new,))
    things: list[Thing] = [Folder(new)]
    inside = [thing for thing in state.below(path) if isinstance(thing, File | Folder)]
    things += [type(thing)(_at(thing.path, path, new)) for thing in inside]
    same = contents_of(inside, state)
    may_hold_more = state.find(File(joined(path, "*"))).answer is not Answer.NO
    texts, origins = _renamed(same.texts, path, new), _renamed(same.origins, path, new)
    return Copies(tuple(things), texts, origins, (new,) if may_hold_more else ())


def _at(place: str, path: str, new: str) -> str:
    """Where a place below a path is, when the path is another one."""
    return joined(new, place[len(path.rstrip("/")) + 1 :]) if place != path else new


def _renamed(known: dict[str, str], path: str, new: str) -> dict[str, str]:
    return {_at(place, path, new): value for place, value in known.items()}
