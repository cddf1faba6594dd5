"""What COPY and ADD bring: files of the build context, of another stage, of a heredoc, or of an address."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from pydock.build.recorder import Draft, Recorder
from pydock.context import Tree
from pydock.dockerfile import Instruction
from pydock.state import ANYTHING, Answer, Effect, Found, Kind, Need, Open, State, Thing, files_below, is_below
from pydock.state.needs import Distribution, File, Folder, Place, User
from pydock.values import Value

_MARKS = frozenset("*?[")
_PROGRAMS = frozenset({"/", "/bin", "/sbin", "/usr/bin", "/usr/local/bin", "/usr/sbin"})


class Context(Value, dict=True):
    """The build context as the builder sees it."""

    tree: Tree

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files that are sent, sorted."""
        return tuple(self.tree.sent())

    def matching(self, source: str) -> tuple[str, ...]:
        """The files that a COPY source takes: one file, a folder with all below, or a pattern."""
        if source == ".":
            return self.files
        if _MARKS & set(source):
            return tuple(path for path in self.files if _matches(path, source))
        start = bisect_left(self.files, source)
        found = self.files[start : start + 1] if self.files[start : start + 1] == (source,) else ()
        first = bisect_left(self.files, f"{source}/")
        return found + self.files[first : bisect_left(self.files, f"{source}0")]


def _matches(path: str, pattern: str) -> bool:
    """Whether a path, or a folder above it, fits a pattern segment by segment, as Go's filepath.Match does."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) >= len(wanted) and all(map(fnmatchcase, parts, wanted))


class Source(Value):
    """One source of a COPY: as written, as BuildKit takes it, and the absolute target.

    `path` is None where a variable hides it, `target` where a variable or the work directory does; `is_folder`
    says that sources land inside the target under their own names.
    """

    word: str
    path: str | None
    target: str | None
    is_folder: bool


def copy_effect(recorder: Recorder, context: Context, instruction: Instruction, source: Source) -> Effect:
    """What one source of a COPY or ADD from the context, a heredoc or an address makes."""
    needs = owner_needs(instruction)
    target = source.target
    if target is None:
        return Effect(needs, opens=ANYTHING)
    if source.word.startswith("<<"):
        return _of_heredoc(instruction, source, target, needs)
    if source.path is None:
        return Effect(needs, opens=files_below(target))
    if "://" in source.path or source.path.startswith("git@"):
        return _of_address(source.path, source, target, needs)
    return _of_context(context, instruction, source, target, needs)


def owner_needs(instruction: Instruction) -> tuple[Need, ...]:
    """The user of --chown, which has to be there where it is a name."""
    owner = instruction.flag("chown") or ""
    names = [name for name in owner.split(":") if name and "$" not in name and not name.isdigit()]
    return tuple(User(name) for name in dict.fromkeys(names))


def _of_heredoc(instruction: Instruction, source: Source, target: str, needs: tuple[Need, ...]) -> Effect:
    name = source.word.lstrip("<-").strip("\"'")
    document = next((each for each in instruction.heredocs if each.name == name), None)
    path = posixpath.join(target, name) if source.is_folder else target
    texts = {path: instruction.heredoc_text(document)} if document is not None else {}
    return Effect(needs, provides=(File(path),), texts=texts)


def _of_address(address: str, source: Source, target: str, needs: tuple[Need, ...]) -> Effect:
    if address.endswith(".git") or address.startswith("git@") or ".git#" in address:
        return Effect(needs, provides=(Folder(target),), opens=files_below(target))
    name = posixpath.basename(address.split("?", maxsplit=1)[0].rstrip("/"))
    path = posixpath.join(target, name) if source.is_folder else target
    return Effect(needs, provides=(File(path),))


def _of_context(
    context: Context, instruction: Instruction, source: Source, target: str, needs: tuple[Need, ...]
) -> Effect:
    path = source.path or "."
    if not context.tree.known or instruction.flag("parents") is not None or instruction.flag("exclude") is not None:
        return Effect(needs, provides=(Folder(target),) if source.is_folder else (), opens=files_below(target))
    files = context.matching(path)
    placed = {place: file for file in files if (place := landing(file, path, target, is_folder=source.is_folder))}
    provides: list[Thing] = [File(place) for place in placed]
    if source.is_folder or path == "." or context.tree.has_folder(path):
        provides.append(Folder(target))
    if not files and not context.tree.has_folder(path):
        # It is kept out of the context, or missing; the build stops there, and a reader still knows who made it.
        provides.append(File(landing(path, path, target, is_folder=source.is_folder)))
    is_archive = instruction.keyword == "ADD" and path.endswith((".tar", ".gz", ".tgz", ".xz", ".bz2"))
    opens = files_below(target) if is_archive or not files else None
    return Effect(needs, provides=tuple(provides), origins=placed, opens=opens)


def landing(file: str, source: str, target: str, *, is_folder: bool) -> str:
    """Where a file of a source lands: a folder gives its content, a file its name."""
    if source == ".":
        return posixpath.join(target, file)
    depth = source.count("/") + 1
    parts = file.split("/")
    if len(parts) > depth:
        return posixpath.join(target, *parts[depth:])
    return posixpath.join(target, parts[-1]) if is_folder or _MARKS & set(source) else target


def is_missing(context: Context, source: Source) -> bool:
    """Whether the context surely lacks a source, so that the build stops there; a pattern may match nothing."""
    path = source.path
    if path is not None and set("*?[") & set(path):
        return False
    if not context.tree.known or path is None or source.word.startswith("<<") or "://" in path or path == ".":
        return False
    if context.matching(path) or path.startswith("git@"):
        return False
    if context.tree.has_folder(path) or context.tree.has_file(path):
        return context.tree.ignore.hides(path)
    return True


def stage_effect(there: State | None, instruction: Instruction, source: Source) -> Effect:
    """What a COPY takes from the end of another stage; from an unknown image any file below the target."""
    needs, target = owner_needs(instruction), source.target
    if target is None or source.path is None:
        return Effect(needs, opens=ANYTHING if target is None else files_below(target))
    path = posixpath.normpath("/" + source.path.lstrip("/"))
    name = posixpath.basename(path)
    if there is None:
        single = posixpath.join(target, name) if source.is_folder else target
        # A file lands under its own name, a folder gives its content.
        is_file = source.is_folder and "." not in name and name.islower() and posixpath.dirname(path) in _PROGRAMS
        return Effect(needs, provides=(File(single),), opens=files_below(single if is_file else target))
    is_file = File(path) in there.things
    new = posixpath.join(target, name) if source.is_folder and is_file else target
    moved = [File(path)] if is_file else [*there.below(path)]
    provides = [_moved(thing, path, new) for thing in moved if isinstance(thing, File | Folder)]
    texts: dict[str, str] = {}
    origins: dict[str, str] = {}
    for thing in moved:
        if isinstance(thing, File):
            place = _relocated(thing.path, path, new)
            if thing.path in there.texts:
                texts[place] = there.texts[thing.path]
            elif thing.path in there.origins:
                origins[place] = there.origins[thing.path]
    if not is_file and there.find(Folder(path)).answer is not Answer.NO:
        provides.append(Folder(new))
    return Effect(
        needs,
        provides=(*provides, *_distributions(there, path, new)),
        texts=texts,
        origins=origins,
        opens=_still_open(there, path, new) or _of_unknown_image(there, path, new),
    )


def _of_unknown_image(there: State, path: str, new: str) -> Open | None:
    """A stage on an image that no table lists has whatever that image has."""
    return files_below(new) if not there.base.is_known and there.find(Folder(path)).answer is Answer.UNKNOWN else None


def _moved(thing: File | Folder, path: str, new: str) -> Thing:
    return type(thing)(_relocated(thing.path, path, new))


def _relocated(path: str, source: str, target: str) -> str:
    return posixpath.normpath(target + path[len(source.rstrip("/")) :])


def _distributions(there: State, path: str, new: str) -> tuple[Thing, ...]:
    """The installed packages that come along: of an environment below the source, or by its lib folder."""
    found: list[Thing] = []
    for environment in there.distributions:
        names = [name for name in there.distributions[environment] if Distribution(environment, name) in there.things]
        if is_below(environment, path):
            found += [Distribution(_relocated(environment, path, new), name) for name in names]
        elif is_below(path, f"{environment}/lib"):
            moved = new[: -len(path[len(environment) :])] if new.endswith(path[len(environment) :]) else environment
            found += [Distribution(moved, name) for name in names]
    return tuple(found)


def _still_open(there: State, path: str, new: str) -> Open | None:
    """Who may have made a thing there may have made it here."""
    kinds: set[Kind] = set()
    for kind, place in there.opened:
        if is_below(place, path) or is_below(path, place):
            kinds.add(kind)
    kinds &= {Kind.FILE, Kind.DISTRIBUTION}
    return Open(frozenset(kinds), (new,)) if kinds else None


def stage_need(there: State | None, source: Source) -> tuple[Need, Found] | None:
    """What has to be in the other stage, with the answer there."""
    if there is None or source.path is None:
        return None
    need = Place(posixpath.normpath("/" + source.path.lstrip("/")))
    if _MARKS & set(need.path):
        return None
    return need, there.find(need)


def bind(draft: Draft, recorder: Recorder, files: Mapping[str, str], mounts: Sequence[str]) -> None:
    """The files of bind mounts, which are there while one RUN runs."""
    effect = Effect(provides=tuple(File(path) for path in files), origins=files)
    recorder.state = recorder.state.after(effect, draft.number)
