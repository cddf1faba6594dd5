"""What is about to be written, noted where no project can reach: so a run that is killed is finished by the next one.

A journal is one file in a folder of the user's own (`files.own`). Who writes holds a lock on it, which
the system takes back from whoever is killed: a journal without a lock is one to settle. It is on the disk before
anything else is written, so that it is there after the power went, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydock.errors import UnwritableError
from pydock.files.durable import flush, flush_folders
from pydock.files.locks import lock
from pydock.files.own import own_folder, own_folders
from pydock.files.regular import WITHOUT_WAITING
from pydock.values import Malformed, Value, decode, encode

FOLDER = "writes"
LARGEST = 512 * 2**20


class Pending(Value):
    """A file that is to be written: `path` is relative, without links in it; `before` is None where there is none yet.

    `staged` is the name of the file beside it that holds the new content until it is put in place.
    """

    path: str
    before: bytes | None
    after: bytes
    staged: str

    @classmethod
    def at(cls, path: str, before: bytes | None, after: bytes) -> Pending:
        return cls(path, before, after, f".pydock-{os.urandom(8).hex()}")


class Journal(Value):
    """The files of one step, and the folder that they are in: real and absolute."""

    root: str
    files: tuple[Pending, ...]


@dataclass
class Note:
    """A journal on disk, under a lock as long as it is open."""

    path: str
    descriptor: int

    def remove(self) -> None:
        os.unlink(self.path)


@contextmanager
def noted(journal: Journal, outside: Iterable[str]) -> Iterator[Note]:
    """Note it in none of the folders `outside`; the note stays where nobody removes it.

    Raises UnwritableError where it cannot be noted: nothing is written then.
    """
    folder = own_folder(FOLDER, outside)
    path = os.path.join(folder, f"{os.urandom(8).hex()}.json")
    try:
        with _listed(folder, is_shared=True):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
            note = Note(path, os.open(path, flags, 0o600))
            lock(note.descriptor)
    except OSError as error:
        raise UnwritableError(f"{path}: {error.strerror}", "XDG_STATE_HOME names another folder") from error
    try:
        _fill(note, encode(journal))
        yield note
    finally:
        os.close(note.descriptor)


def _fill(note: Note, data: bytes) -> None:
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(note.descriptor, left) :]
        flush(note.descriptor)
        flush_folders([os.path.dirname(note.path)])
    except OSError as error:
        note.remove()
        raise UnwritableError(f"{note.path}: {error.strerror}", "XDG_STATE_HOME names another folder") from error


def left(outside: Iterable[str]) -> Iterator[tuple[Note, Journal | None]]:
    """The journals that nobody holds any more, each held meanwhile; None for one that was never finished.

    Journals in one of the folders `outside` are not looked at: a project may have brought them.
    """
    for folder in own_folders(FOLDER, outside):
        with _listed(folder, is_shared=False):
            names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
        for name in names:
            yield from _held(os.path.join(folder, name))


def _held(path: str) -> Iterator[tuple[Note, Journal | None]]:
    try:
        descriptor = os.open(path, os.O_RDWR | WITHOUT_WAITING | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return
    try:
        if lock(descriptor, seconds=0) and os.fstat(descriptor).st_nlink == 1:
            with os.fdopen(os.dup(descriptor), "rb") as file:
                data = file.read(LARGEST)
            yield Note(path, descriptor), _read(data)
    finally:
        os.close(descriptor)


def _read(data: bytes) -> Journal | None:
    try:
        return decode(data, type=Journal)
    except Malformed:
        return None


@contextmanager
def _listed(folder: str, *, is_shared: bool) -> Iterator[None]:
    """Between its making and its lock a journal is not to be found by who looks for those that nobody holds."""
    if not hasattr(os, "O_DIRECTORY"):
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        lock(descriptor, is_shared=is_shared)
        yield
    finally:
        os.close(descriptor)
