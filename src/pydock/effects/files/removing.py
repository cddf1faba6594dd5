"""rm and find: what is gone afterwards."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from pydock.effects.paths import contents_of, is_glob, matching, path_in, path_of
from pydock.effects.registry import effect, effects_of
from pydock.shell import Argv, Word
from pydock.state import Effect, Nested, Purpose, State, is_below
from pydock.state.needs import Below, File, Folder, Matching, Need, NotAMount, PackageLists, Place, Thing
from pydock.values import replace

LISTS = "/var/lib/apt/lists"
_CACHES = (
    "/var/cache",
    "/root/.cache",
    "/root/.npm",
    "/tmp",
    "/var/tmp",
    "/var/log",
    "/usr/share/doc",
    "/usr/share/man",
)
# What find does with each file, other than naming it.
_EXECUTES = frozenset({"-exec", "-execdir", "-ok"})
_NAMES = frozenset({"-name", "-iname"})
# Tests that leave no file of the others out, where files are what is removed.
_HARMLESS = frozenset({"-type", "-mindepth", "-maxdepth", "-depth", "-xdev", "-mount", "-print", "-print0"})
_HARMLESS |= {"-delete", "-prune"}
_REMOVERS = frozenset({"rm", "unlink", "rmdir", "shred"})


@effect("rm", "rmdir", "unlink", "shred")
def rm(line: Argv, state: State) -> Iterable[Effect]:
    is_forced = line.has("-f", "--force") and line.program == "rm"
    return tuple(_removal(word, state, is_forced=is_forced) for word in line.operands) or (Effect(),)


def _removal(word: Word, state: State, *, is_forced: bool) -> Effect:
    if word.value and is_glob(word):
        pattern = state.at(word.value)
        return _of_pattern(pattern, state, word) if pattern else Effect(operand=word)
    path = path_of(word, state)
    if path is None:
        return Effect(operand=word, purpose=_purpose(state.at(posixpath.dirname(word.head)) or "/", state))
    mounts = [place for place in state.mounts if is_below(place, path)]
    needs: list[Need] = [NotAMount(place) for place in mounts]
    if not is_forced:
        needs.append(Place(path))
    gone: list[Thing | Below] = [Folder(path) if state.makers(Folder(path)) else File(path)]
    gone += [PackageLists()] if is_below(LISTS, path) else []
    return Effect(tuple(needs), removes=tuple(gone), operand=word, purpose=_purpose(path, state))


def _of_pattern(pattern: str, state: State, word: Word) -> Effect:
    """`/tmp/*` empties a folder; other patterns name some of its files."""
    folder, _, name = pattern.rpartition("/")
    folder = folder or "/"
    gone: tuple[Thing | Below, ...] = matching(pattern, state)
    if is_below(folder, LISTS):
        gone = (Below(LISTS), PackageLists())
    elif name == "*" and not set("*?[") & set(folder):
        hidden = any(path_in(thing).startswith(posixpath.join(folder, ".")) for thing in state.below(folder))
        gone = gone if hidden else (Below(folder),)
    mounts = [NotAMount(place) for place in state.mounts if place != folder and fnmatchcase(place, pattern)]
    return Effect(tuple(mounts), removes=gone, operand=word, purpose=_purpose(folder, state))


def _purpose(path: str, state: State) -> Purpose:
    caches = (*_CACHES, LISTS, f"{state.home.rstrip('/')}/.cache")
    return Purpose.UPKEEP if any(is_below(path, place) for place in caches) else Purpose.SERVICE


@effect("find")
def find(line: Argv, state: State) -> Iterable[Effect | Nested]:
    words = list(line.words[1:])
    start = next((at for at, word in enumerate(words) if word.head[:1] in {"-", "(", "!"}), len(words))
    tests = words[start:]
    folders = [path_of(word, state) for word in words[:start]] or [state.workdir]
    places = [folder for folder in folders if folder]
    names = [word.value or "" for word in tests]
    takes = tuple(Below(place) for place in places)
    executed = _executed(tests)
    if "-delete" in names or (executed and executed[0].value in _REMOVERS):
        is_deep = bool({"-r", "-rf", "-fr"} & set(names))
        gone: list[Thing | Below | Matching] = []
        for place in places:
            known = _found(place, names, state, with_folders=is_deep)
            gone += known or _emptied(place, names) or _unknown(place, names)
        is_lists = any(is_below(place, LISTS) for place in places)
        purpose = Purpose.UPKEEP if is_lists else Purpose.SERVICE
        return (Effect(takes=takes, removes=(*gone, *([PackageLists()] if is_lists else [])), purpose=purpose),)
    if not executed:
        return (Effect(takes=takes),)
    return tuple(_with_files(each, places, names, takes, state) for each in effects_of(executed, state))


def _executed(tests: list[Word]) -> tuple[Word, ...]:
    """The command behind -exec, without the place of the file."""
    at = next((at for at, word in enumerate(tests) if word.value in _EXECUTES), None)
    if at is None:
        return ()
    end = next((each for each in range(at, len(tests)) if tests[each].value in {";", "\\;", "+"}), len(tests))
    return tuple(Word(word.text, None, word.span) if word.value == "{}" else word for word in tests[at + 1 : end])


def _found(place: str, names: list[str], state: State, *, with_folders: bool) -> list[Thing]:
    """The known files below a place that a name of the tests fits; none where they also leave some out."""
    patterns = [names[at + 1] for at, name in enumerate(names[:-1]) if name in _NAMES]
    if {"!", "-not"} & set(names) or not patterns:
        return []
    return [
        thing
        for thing in state.below(place)
        if (with_folders or isinstance(thing, File))
        and any(fnmatchcase(posixpath.basename(path_in(thing)), pattern) for pattern in patterns)
    ]


def _emptied(place: str, names: list[str]) -> list[Below]:
    """The folder itself, where no test leaves a file out."""
    tests = {name for name in names if re.match(r"-[a-z]", name)}
    return [Below(place)] if tests <= {*_HARMLESS, *_EXECUTES, "-f", "-rf", "-r", "-fr"} and "!" not in names else []


def _unknown(place: str, names: list[str]) -> list[Matching]:
    """What has one of the names and nobody is known to have made: bytecode, tests of packages."""
    if {"!", "-not"} & set(names):
        return []
    patterns = [names[at + 1] for at, name in enumerate(names[:-1]) if name in _NAMES]
    return [Matching(f"{place.rstrip('/')}/*{pattern}") for pattern in patterns]


def _with_files(
    each: Effect | Nested, places: list[str], names: list[str], takes: tuple[Need, ...], state: State
) -> Effect | Nested:
    """A command for each file that is found: it has its hand in those."""
    if isinstance(each, Nested):
        return each
    found = [thing for place in places for thing in _found(place, names, state, with_folders=True)]
    has_names = bool(_NAMES & set(names))
    things = found if has_names else [thing for place in places for thing in (Folder(place), *state.below(place))]
    changes = tuple(thing for thing in things if state.makers(thing))
    same = contents_of(changes, state)
    takes = (*each.takes, *takes)
    return replace(each, takes=takes, changes=changes, texts=same.texts, origins=same.origins, opens=None)
