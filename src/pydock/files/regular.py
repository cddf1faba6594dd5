"""Regular files: looked at before they are opened, opened without waiting, and looked at again when they are open.

Opening a named pipe waits for its other end, and opening a device may do something, so neither is ever opened.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pydock.errors import UnreadableError

_KINDS = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# Systems without these flags have no such files either.
WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)


def kind(mode: int) -> str:
    """What an entry with this mode is, in words."""
    return _KINDS.get(stat.S_IFMT(mode), "no regular file")


def is_special(mode: int) -> bool:
    """Whether it is a named pipe, a socket or a device: nothing that a project is made of."""
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def read(path: str | Path, most: int) -> bytes | None:
    """What a regular file holds, links followed; None where it is larger than `most` bytes.

    Raises OSError as opening a file does, UnreadableError for what is no regular file.
    """
    _refuse_other(path, os.stat(path).st_mode)
    descriptor = os.open(path, os.O_RDONLY | WITHOUT_WAITING)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        _refuse_other(path, status.st_mode)
        if status.st_size > most:
            return None
        # A file may grow while it is read; one byte more tells.
        data = file.read(most + 1)
    return data if len(data) <= most else None


def _refuse_other(path: str | Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise UnreadableError(f"{path}: {kind(mode)}, not a regular file", "pydock reads and writes regular files only")
