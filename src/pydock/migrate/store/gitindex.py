"""Which files git tracks, read from its index: git itself is not asked, as `gitignore` says.

https://git-scm.com/docs/index-format, read 2026-11: versions 2 to 4; a split index is not read.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from pydock.context import git_folder, is_top
from pydock.errors import UnreadableError
from pydock.files import read, top

_LARGEST = 512 * 2**20
# Of what Linux opens (PATH_MAX).
_LONGEST = 4096
_HEADER = struct.Struct(">4sLL")
_STATUS = 40
_EXTENDED = 0x4000


def is_tracked(path: Path) -> bool:
    """Whether a repository that a file lies in has it: every one on the way up, since one may lie in another.

    Raises UnreadableError where a repository has an index that cannot be read.
    """
    real = Path(os.path.realpath(path.parent)) / path.name
    outermost = Path(top(real.parent))
    folders = [folder for folder in real.parents if outermost in (folder, *folder.parents)]
    return any(_has(folder, os.fsencode(real.relative_to(folder))) for folder in folders if is_top(folder))


def _has(folder: Path, name: bytes) -> bool:
    """Whether git tracks a file of a work tree; names are looked at one by one, for together they may be endless."""
    try:
        place = git_folder(folder) / "index"
        data = read(place, _LARGEST) if place.exists() else b""
    except OSError as error:
        raise UnreadableError(f"{folder}/.git: {error.strerror}", "whether git tracks a file is read there") from error
    try:
        # To the end, so that what is broken is told wherever the name stands.
        return sum(each == name for each in _entries(data)) > 0 if data else False
    except (struct.error, IndexError, ValueError) as error:
        hint = "name a folder outside of the repository"
        raise UnreadableError(f"{place}: this index of git cannot be read ({error})", hint) from error


def _entries(data: bytes) -> Iterator[bytes]:
    """The names of an index; raises ValueError for one of another format."""
    magic, version, count = _HEADER.unpack_from(data)
    if magic != b"DIRC" or version not in {2, 3, 4}:
        raise ValueError(f"version {version}")
    at, last = _HEADER.size, b""
    before_flags = _STATUS + _hash_size(data)
    for _ in range(count):
        begin = at
        at += before_flags
        flags = int.from_bytes(data[at : at + 2])
        at += 4 if flags & _EXTENDED else 2
        if version == 4:
            dropped, at = _number(data, at)
            end = data.index(b"\0", at)
            last = last[: len(last) - dropped] + data[at:end]
            at = end + 1
            if len(last) > _LONGEST:
                raise ValueError("a name without an end")
        else:
            end = data.index(b"\0", at)
            last = data[at:end]
            # Entries begin at multiples of eight, with at least one zero before the next.
            at = begin + (end - begin + 8) // 8 * 8
        yield last
    if data[at : at + 4] == b"link":
        raise ValueError("it is split")


def _hash_size(data: bytes) -> int:
    """In bytes; it is not written anywhere, but a checksum made with it ends the file, or zeros with index.skipHash."""
    for size, made in ((20, hashlib.sha1), (32, hashlib.sha256)):
        if data[-size:] == made(data[:-size], usedforsecurity=False).digest():
            return size
    if data[-20:] == bytes(20) and data[-32:] != bytes(32):
        return 20
    raise ValueError("its checksum is wrong")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number as pack files write offsets, and where it ends."""
    byte = data[at]
    value = byte & 127
    while byte & 128:
        at += 1
        byte = data[at]
        value = (value + 1 << 7) | byte & 127
        if value > _LARGEST:
            raise ValueError("a number without an end")
    return value, at + 1
