"""What lies around a Dockerfile in its checkout: where that begins, and the files of it that count for a build."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from pydock.config import FOUND, NAMES, File, Sources
from pydock.context import DEEPEST, Tree, forget_tops, is_top
from pydock.context.compose import Build, builds, file_built, is_compose_file, named_files
from pydock.errors import UnreadableError


def forget() -> None:
    """Forget what was seen of folders: that belongs to one run."""
    forget_tops()
    _texts.cache_clear()
    _builds.cache_clear()


def repository(path: Path) -> Path:
    """The work tree a file belongs to; of a checkout without one the topmost folder whose compose files build it."""
    dockerfile = Path(os.path.abspath(path))
    folders = dockerfile.parents
    top = next((folder for folder in folders if is_top(folder)), None)
    if top is not None:
        return top
    above = list(takewhile(_is_own, folders[:DEEPEST]))
    return next((folder for folder in reversed(above) if any(contexts(folder, dockerfile))), folders[0])


def _is_own(folder: Path) -> bool:
    """Whether only its owner can put files into a folder: a stranger's compose file in /tmp says nothing."""
    try:
        return not folder.stat().st_mode & stat.S_IWOTH and folder != folder.parent
    except OSError:
        return False


def contexts(folder: Path, dockerfile: Path) -> Iterator[Path]:
    """The folders that the compose files of a folder build a Dockerfile in."""
    for build in _builds(folder):
        named = os.path.normpath(folder / str(build.dockerfile))
        if "\0" not in named and Path(file_built(named, os.path.isfile)) == dockerfile:
            yield Path(os.path.normpath(folder / str(build.context)))


@lru_cache(maxsize=256)
def _builds(folder: Path) -> tuple[Build, ...]:
    """What the compose files of a folder build here."""
    texts = dict(_texts(folder, is_compose_file))
    if not texts:
        return ()
    read = _reader(Tree(folder))
    found = builds(texts, str(folder), lambda path: texts.get(path) or read(path))
    return tuple(build for _, build in found if not build.is_remote and not build.is_inline)


def _reader(tree: Tree) -> Callable[[str], str | None]:
    """Reads files of a folder; what cannot be read says nothing."""

    def read(path: str) -> str | None:
        with suppress(UnreadableError):
            return tree.text(path)
        return None

    return read


@lru_cache(maxsize=256)
def _texts(folder: Path, is_wanted: Callable[[str], bool]) -> tuple[tuple[str, str], ...]:
    """The files of a folder with wanted names, and their texts; what cannot be read says nothing.

    Remembered for a run, because the folder above hundreds of services is asked for each of them.
    """
    tree = Tree(folder)
    try:
        names = sorted(filter(is_wanted, os.listdir(folder)))
    except OSError:
        return ()
    found = []
    for name in names:
        with suppress(UnreadableError):
            found += [(name, text)] if (text := tree.text(name)) else []
    return tuple(found)


# Where a checkout tells people and machines how its images are used.
DOCUMENTED = ("", "docs", "doc", "scripts", "ci", "deploy", ".github/workflows")


def texts_above(
    tree: Tree, path: str, is_wanted: Callable[[str], bool], inside: Sequence[str] = ("",)
) -> tuple[tuple[str, str], ...]:
    """(path, text) of the files with wanted names above a build context, up to the top of its checkout.

    `inside` are the folders that are looked into, as seen from each of those above.
    """
    root = Path(os.path.abspath(tree.root)) if tree.root else None
    top = repository(root / path) if root else None
    if root is None or top is None or top not in root.parents:
        return ()
    folders = root.parents[: root.parents.index(top) + 1]
    return tuple(
        (posixpath.join("../" * up, below, name), text)
        for up, folder in enumerate(folders, 1)
        for below in inside
        for name, text in _texts(folder / below, is_wanted)
        if (folder / below) not in (root, *root.parents[: up - 1])
    )


def compose_above(tree: Tree, path: str) -> tuple[tuple[str, str], ...]:
    """(path, text) of the compose files above a build context, and of what those inside and above name outside of it.

    All of them lie in its checkout.
    """
    found = dict(texts_above(tree, path, is_compose_file))
    inside = [each for each in tree.files if is_compose_file(posixpath.basename(each))]
    root = Path(os.path.abspath(tree.root)) if tree.root else None
    if root is None or not (found or inside):
        return ()
    top = repository(root / path)
    if top not in root.parents:
        return ()
    reads, own = _reader(Tree(top)), _reader(tree)

    def read(named: str) -> str | None:
        if not named.startswith("../"):
            return own(named)
        return found.get(named) or reads(os.path.relpath(root / named, top))

    further = named_files((*inside, *found), str(root), read)
    texts = {named: text for named in sorted(further) if named.startswith("../") and (text := read(named))}
    return tuple({**found, **texts}.items())


def configuration(tree: Tree, path: str, sources: Sources = FOUND) -> tuple[File, ...]:
    """The configuration that counts for a Dockerfile: what a person gives, then the files that are found."""
    return (*_given(tree, path, sources), *(_found(tree, path) if sources.is_found else ()))


def _given(tree: Tree, path: str, sources: Sources) -> Iterator[File]:
    place = os.path.abspath(tree.root / path) if tree.root else os.path.join(sources.folder, path)
    for name, text in sources.given:
        yield File(name, text, os.path.relpath(place, sources.folder).replace(os.sep, "/"))


def _found(tree: Tree, path: str) -> tuple[File, ...]:
    """The configuration files that count for a Dockerfile, the nearest first, up to the top of its repository.

    Where there is no repository the build context is the top.
    """
    if tree.root is None:
        return ()
    folders = [posixpath.dirname(path)] if not path.startswith("../") else [""]
    while folders[-1]:
        folders.append(posixpath.dirname(folders[-1]))
    found: list[File] = []
    for folder in folders:
        for name in NAMES:
            inside = posixpath.join(folder, name)
            if (text := tree.text(inside)) is not None:
                found.append(File(_called(tree.root, inside), text, posixpath.relpath(path, folder or ".")))
        if is_top(tree.root / folder):
            return tuple(found)
    return (*found, *_above(tree.root, path))


def _above(root: Path, path: str) -> Iterator[File]:
    """The files above the build context, where it is in a repository."""
    top = repository(root / path) if root.is_dir() else root
    if not is_top(top):
        return
    for folder in root.parents:
        if top not in (folder, *folder.parents):
            return
        for name, text in _configured(folder):
            inside = os.path.relpath(root / path, folder).replace(os.sep, "/")
            yield File(_called(folder, name), text, inside)


def _configured(folder: Path) -> tuple[tuple[str, str], ...]:
    """The configuration files of one folder with their texts."""
    tree = Tree(folder)
    return tuple((name, text) for name in NAMES if (text := tree.text(name)) is not None)


def _called(folder: Path, name: str) -> str:
    """A file as a person in the current folder would call it."""
    if not folder.is_dir():
        return name
    place, here = os.path.abspath(folder / name), os.getcwd()
    return os.path.relpath(place, here) if place.startswith(here.rstrip(os.sep) + os.sep) else place
