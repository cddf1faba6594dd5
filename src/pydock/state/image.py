"""The image at one place of a build: things with their makers, and steps that may have made anything.

A state never changes: `after` gives the next one and shares what is the same, so that each step of a build
keeps the state before it (persistent maps of rpds, https://github.com/crate-py/rpds, read 2026-11).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rpds import HashTrieMap

from pydock.images.base import Base, base_image
from pydock.state.answers import Answer, Found, is_below
from pydock.state.effect import Effect, Kind, Open
from pydock.state.lookups import KINDS, KINDS_WITH_PLACES, find
from pydock.state.needs import (
    Below,
    Distribution,
    File,
    Folder,
    Matching,
    Need,
    Thing,
    Toolchain,
)
from pydock.state.numbers import NOBODY, Numbers
from pydock.state.tally import DEEPEST
from pydock.state.things import Change, Known
from pydock.values import Value, field, replace

if TYPE_CHECKING:
    from pydock.state.things import Names, Things

_DEFAULT_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"

_OF_INSTALLERS = frozenset({Kind.FILE, Kind.DISTRIBUTION})


def is_root(user: str) -> bool:
    """Whether a user as USER names it is root: by name or number, with a group or without; "" is nobody else."""
    return user.partition(":")[0] in {"root", "0", ""}


def _unread(path: str) -> str | None:
    return None


class State(Value):
    """What is in the image, who made it, and where the next command runs.

    `origins` are the files of the build context that files of the image are copies of, and `read` gives the text of
    such a one; `edited` are those that a command has changed where they lay. `opened` says which steps may have made
    what: by kind and place; `installers` are those of them that may have made nothing but packages of Python and their
    files. `workdir` is None where a variable hides it.
    """

    base: Base = field(default_factory=lambda: base_image(None))
    known: Known = Known()
    texts: HashTrieMap[str, str] = field(default_factory=HashTrieMap)
    origins: HashTrieMap[str, str] = field(default_factory=HashTrieMap)
    edited: HashTrieMap[str, str] = field(default_factory=HashTrieMap)
    read: Callable[[str], str | None] = _unread
    opened: HashTrieMap[tuple[Kind, str], Numbers] = field(default_factory=HashTrieMap)
    openers: HashTrieMap[int, Open] = field(default_factory=HashTrieMap)
    installers: Numbers = NOBODY
    variables: HashTrieMap[str, str | None] = field(default_factory=HashTrieMap)
    setters: HashTrieMap[str, Numbers] = field(default_factory=HashTrieMap)
    mounts: tuple[str, ...] = ()
    workdir: str | None = "/"
    user: str = "root"

    @property
    def things(self) -> Things:
        """What is known to be there, with its makers."""
        return self.known.things

    @property
    def children(self) -> Names:
        """The paths in each folder, of some that are there no longer, too."""
        return self.known.children

    @property
    def distributions(self) -> Names:
        """The names of the packages that each environment has, or has had."""
        return self.known.distributions

    @property
    def path(self) -> tuple[str, ...]:
        """The folders that programs are looked for in, in order."""
        return tuple((self.variables.get("PATH") or _DEFAULT_PATH).split(":"))

    @property
    def home(self) -> str:
        if home := self.variables.get("HOME"):
            return home
        return "/root" if self.is_root else f"/home/{self.user}"

    @property
    def is_root(self) -> bool:
        return is_root(self.user)

    def at(self, path: str) -> str | None:
        """The absolute path of one that a command names, None where the work directory is not known."""
        path = self.home + path[1:] if path == "~" or path.startswith("~/") else path
        if path.startswith("/"):
            return posixpath.normpath(path).replace("//", "/")
        if self.workdir is None:
            return None
        return posixpath.normpath(posixpath.join(self.workdir, path)).replace("//", "/")

    def text(self, path: str) -> str | None:
        """The text of a file, None where there is no such file or it is not known."""
        text = self.texts.get(path)
        if text is None and (origin := self.origins.get(path)) is not None:
            return self.read(origin)
        return text

    def makers(self, thing: Thing) -> Numbers:
        """The steps that made a thing or had a hand in it; empty where it is not known to be there."""
        return self.things.get(thing) or NOBODY

    def makers_below(self, place: str) -> Numbers:
        """The makers of the known files and folders in a folder and below, the folder itself left out."""
        if place.count("/") > DEEPEST:
            return Numbers.joined(map(self.makers, self.below(place)))
        return self.known.tallies.below(place)

    def has(self, need: Need) -> bool:
        """Whether a need is surely met."""
        return self.find(need).answer is Answer.YES

    def below(self, place: str) -> Iterator[Thing]:
        """The known files and folders in a folder and below, the folder itself left out."""
        pending = [place]
        while pending:
            folder = pending.pop()
            for path in self.children.get(folder) or ():
                if File(path) in self.things:
                    yield File(path)
                if Folder(path) in self.things:
                    yield Folder(path)
                # A folder of the base image is no thing of a step, what steps put into it is.
                if path in self.children:
                    pending.append(path)

    def files_below(self, place: str) -> Iterator[str]:
        """The paths of the known files below a folder; the path itself where it is a file."""
        if File(place) in self.things:
            yield place
        yield from (thing.path for thing in self.below(place) if isinstance(thing, File))

    def find(self, need: Need) -> Found:
        """Whether a need is met, and by whom."""
        return find(self, need)

    def after(self, effect: Effect, step: int, *, is_sure: bool = True) -> State:
        """The state when a command has run; one that is not sure to run takes nothing away."""
        if not (effect.removes or effect.provides or effect.changes or effect.texts or effect.origins):
            return self._opening(effect.opens, step) if effect.opens else self
        change = Change(self.known, step)
        for gone in effect.removes:
            change.remove(self._lost(gone), is_sure=is_sure)
        opens = [effect.opens] if effect.opens else []
        for thing in effect.provides:
            if not is_sure and thing not in change.things:
                opens.append(Open(frozenset({KINDS.get(type(thing), Kind.FILE)}), (getattr(thing, "path", "/"),)))
                continue
            if isinstance(thing, Folder) and thing in change.things:
                # What comes into a folder does not make it.
                continue
            # A compiler is no reason to forget the headers: together they are the toolchain.
            change.make(thing, is_new=is_sure and not isinstance(thing, Toolchain))
        for thing in effect.changes:
            change.change(thing)
        texts, origins = self._texts_after(effect, change.changed, is_sure=is_sure)
        edited = self._edited_after(effect, change)
        made = replace(self, texts=texts, origins=origins, edited=edited, known=change.known())
        for each in opens:
            made = made._opening(each, step)
        return made

    def _texts_after(
        self, effect: Effect, changed: set[str], *, is_sure: bool
    ) -> tuple[HashTrieMap[str, str], HashTrieMap[str, str]]:
        texts, origins = self.texts, self.origins
        # A copy that is written anew as it was is still the file of the context, which people edit.
        same = {path for path, text in effect.texts.items() if path in origins and self.text(path) == text}
        for path in {*changed, *effect.texts, *effect.origins} - same:
            texts, origins = texts.discard(path), origins.discard(path)
        for path, text in effect.texts.items() if is_sure else ():
            texts = texts if path in same else texts.insert(path, text)
        for path, origin in effect.origins.items() if is_sure else ():
            origins = origins.insert(path, origin)
        return texts, origins

    def _edited_after(self, effect: Effect, change: Change) -> HashTrieMap[str, str]:
        edited = self.edited
        if not edited and not self.origins:
            return edited
        new = {*effect.origins, *(thing.path for thing in effect.provides if isinstance(thing, File))}
        for path in {*change.changed, *new}:
            place = self.origins.get(path) or edited.get(path)
            is_kept = place is not None and path not in new and File(path) in change.things
            edited = edited.insert(path, place) if is_kept and place else edited.discard(path)
        return edited

    def _opening(self, opens: Open, step: int) -> State:
        """The state where a step may have made what nobody names."""
        opened = self.opened
        for kind in opens.kinds:
            for place in opens.places if kind in KINDS_WITH_PLACES else ("/",):
                opened = opened.insert((kind, place), (opened.get((kind, place)) or NOBODY).and_of(step))
        both = _joined(self.openers.get(step), opens)
        is_installer = both.kinds == _OF_INSTALLERS
        installers = self.installers.and_of(step) if is_installer else self.installers.without(step)
        return replace(self, opened=opened, openers=self.openers.insert(step, both), installers=installers)

    def _lost(self, gone: Thing | Below | Matching) -> list[Thing]:
        """The known things that go with what a command removes."""
        lost: list[Thing] = [] if isinstance(gone, Below | Matching) else [gone]
        if isinstance(gone, Below | File | Folder):
            lost += [File(gone.path), Folder(gone.path)] if not isinstance(gone, Below) else []
            lost += self.below(gone.path)
            inside = [each for each in self.distributions if is_below(each, gone.path)]
            lost += [Distribution(each, name) for each in inside for name in self.distributions[each]]
        return lost

    def with_variable(self, name: str, value: str | None, step: int | None = None) -> State:
        """The state where a variable has a value, None for one that only the build knows."""
        setters = self.setters if step is None else self.setters.insert(name, Numbers.of(step))
        return replace(self, variables=self.variables.insert(name, value), setters=setters)


def _joined(known: Open | None, more: Open) -> Open:
    if known is None or known == more:
        return more
    return Open(known.kinds | more.kinds, tuple(dict.fromkeys((*known.places, *more.places))))
