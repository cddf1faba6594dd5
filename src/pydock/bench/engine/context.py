"""A build context as a tar stream: what a builder would be sent, with a tree's changes in place.

The folder itself is read and never written. Unlike `Tree.files` nothing is skipped but what the
ignore file names, because `.git` or a virtual environment in the context is part of what is measured.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from pydock.context import Ignore, Tree
from pydock.errors import UnreadableError
from pydock.patterns import regex

# Engines are sent one archive, so the Dockerfile has to be in it; this name stands for one that is
# hidden from the builder or lies outside of the context.
STAND_IN = ".pydock.Dockerfile"
IN_MEMORY = 32 * 2**20
# One moment for every file: builders compare content, and zip archives know no time before 1980.
MOMENT = 946_684_800

_SYNTAX = regex(r"\A(\ufeff?(?:[ \t]*#[ \t]*(?:escape|check)[ \t]*=.*\n)*[ \t]*#[ \t]*)syntax[ \t]*=", re.I)


def packed(tree: Tree, path: str, text: str) -> tuple[IO[bytes], str]:
    """The archive, ready to be read, and the name that the Dockerfile has in it.

    `text` is built in place of the Dockerfile. Small archives stay in memory, large ones are in a
    temporary file that vanishes when it is closed.
    """
    ignore = ignored(tree, path)
    name = STAND_IN if ignore.hides(path) or path.startswith("../") else path
    with ExitStack() as stack:
        archive = stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:
            seen: set[str] = set()
            for inside, entry in _entries(tree, ignore):
                _add(tar, tree, inside, entry, text if inside == name else None)
                seen.add(inside)
            if name not in seen:
                _add_text(tar, name, text, 0o644)
        archive.seek(0)
        stack.pop_all()
    return archive, name


def sent(tree: Tree, path: str) -> frozenset[str]:
    """The files and folders that a builder gets to see, by their path in the context."""
    return frozenset(inside for inside, _ in _entries(tree, ignored(tree, path)))


def ignored(tree: Tree, path: str) -> Ignore:
    """The ignore file that counts: one named after the Dockerfile wins.

    https://docs.docker.com/build/concepts/context/#filename-and-location, read 2026-11
    """
    own = tree.text(f"{path}.dockerignore")
    return Ignore(own) if own is not None else tree.ignore


def without_syntax(text: str) -> str:
    """The text with its `# syntax=` line made a plain comment, line numbers as they were."""
    return _SYNTAX.sub(r"\1was: ", text)


def _entries(tree: Tree, ignore: Ignore) -> Iterator[tuple[str, Path | None]]:
    """(path in the context, place on disk or None) for every folder, file and link that is sent."""
    left = dict.fromkeys(sorted(tree.changes))
    if tree.root is not None and tree.root.is_dir():
        # An exception may bring back what is below a hidden folder, so such folders are walked then.
        has_exceptions = any(pattern.startswith("!") for pattern in ignore.patterns)
        for inside, entry in _walk(tree.root, "", ignore, has_exceptions):
            left.pop(inside, None)
            yield inside, entry
    yield from ((inside, None) for inside in left if not ignore.hides(inside))


def _walk(root: Path, prefix: str, ignore: Ignore, has_exceptions: bool) -> Iterator[tuple[str, Path]]:
    try:
        entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
    except OSError as error:
        raise UnreadableError(f"{root / prefix}: {error.strerror}", "a builder could not read it either") from error
    for entry in entries:
        inside = prefix + entry.name
        is_hidden = ignore.hides(inside)
        if not is_hidden:
            yield inside, Path(entry.path)
        if entry.is_dir(follow_symlinks=False) and (has_exceptions or not is_hidden):
            yield from _walk(root, f"{inside}/", ignore, has_exceptions)


def _add(tar: tarfile.TarFile, tree: Tree, inside: str, place: Path | None, text: str | None) -> None:
    changed = tree.changes.get(inside) if text is None else text
    mode = 0o644 if place is None else stat.S_IMODE(place.lstat().st_mode)
    if changed is not None:
        _add_text(tar, inside, changed, mode)
    elif place is not None:
        _add_file(tar, inside, place)


def _add_text(tar: tarfile.TarFile, inside: str, text: str, mode: int) -> None:
    data = text.encode("utf-8", "surrogateescape")
    entry = tarfile.TarInfo(inside)
    entry.size, entry.mode, entry.mtime = len(data), mode, MOMENT
    tar.addfile(entry, io.BytesIO(data))


def _add_file(tar: tarfile.TarFile, inside: str, place: Path) -> None:
    kind = place.lstat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISLNK(kind)):
        return  # sockets and devices are not sent by docker either
    entry = tar.gettarinfo(place, arcname=inside)
    # Two names of one file would be one hard link, which a builder may refuse.
    if stat.S_ISREG(kind) and entry.islnk():
        entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", place.stat().st_size
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = MOMENT
    if not entry.isreg():
        tar.addfile(entry)
        return
    try:
        with place.open("rb") as file:
            tar.addfile(entry, file)
    except OSError as error:
        raise UnreadableError(f"{place}: {error.strerror}", "a builder could not read it either") from error
