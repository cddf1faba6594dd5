"""A folder as it was read: which files there are, what they hold, where links lead."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

from pydock.errors import UnreadableError
from pydock.files import is_special, kind, read
from pydock.gitignore import left_out
from pydock.values import Value, field

LARGEST_TEXT = 5 * 1024 * 1024
MOST_FILES = 20_000
# Folders inside of folders; Python does not call itself much more often.
DEEPEST = 200
# Trees that are never part of a service: walking them costs seconds and tells nothing.
SKIPPED = frozenset({".git", "node_modules", "__pycache__", ".tox", ".mypy_cache", ".pytest_cache", ".hg", ".svn"})
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Place(Value):
    """Where an entry really is, and what it is there; one that is closed is read by its owner alone.

    `other` says what it is where no project is made of such: a named pipe, a socket, a device.
    """

    path: str
    is_file: bool
    is_folder: bool
    is_closed: bool
    other: str | None = None

    @classmethod
    def of(cls, path: str, mode: int) -> Place:
        other = kind(mode) if is_special(mode) else None
        return cls(path, stat.S_ISREG(mode), stat.S_ISDIR(mode), not mode & stat.S_IROTH, other)


class Disk(Value, dict=True, eq=False):
    """What is asked for is read once and stays so. Without a root there is nothing."""

    root: Path | None
    _data: dict[str, bytes | None] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)
    _places: dict[str, Place | None] = field(default_factory=dict)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of all files, sorted; folders that are no part of a service are left out."""
        found = _walk(self.root, "") if self.root is not None and self.root.is_dir() else ()
        return tuple(sorted(islice(found, MOST_FILES)))

    @cached_property
    def left_out(self) -> frozenset[str]:
        """The folders with Python files that git ignores: what tools made, no source of the service."""
        files = [path for path in self.files if path.endswith(".py")]
        folders = {"/".join(parts[:size]) for parts in map(_folders, files) for size in range(1, len(parts) + 1)}
        return left_out(self.root, folders) if self.root is not None else frozenset()

    def data(self, path: str) -> bytes | None:
        """The content of a file, or None where there is no such file inside the root, or only a huge one.

        Raises UnreadableError as `file` does.
        """
        if path not in self._data:
            self._data[path] = self._read(path)
        return self._data[path]

    def text(self, path: str) -> str | None:
        """A file as text, in its own encoding where a byte order mark names one; None for a binary one.

        Bytes that are not UTF-8 survive as surrogates, so writing the text gives them back.
        """
        if path not in self._texts:
            self._texts[path] = _decoded(self.data(path))
        return self._texts[path]

    def file(self, path: str) -> Place | None:
        """A file that exists, links followed; None where there is none.

        Raises UnreadableError where something stands in its place that is neither file nor folder: to take that
        for no file would be wrong, and to read it could wait for ever.
        """
        place = self.place(path)
        if place is not None and place.other is not None:
            raise UnreadableError(f"{place.path}: {place.other}, not a regular file", "pydock reads regular files only")
        return place if place is not None and place.is_file else None

    def place(self, path: str) -> Place | None:
        """An entry that exists, links followed; None where it leads out of the root."""
        if path not in self._places:
            self._places[path] = self._looked_up(path)
        return self._places[path]

    def _looked_up(self, path: str) -> Place | None:
        """One look at each part of a path; only links and paths with dots need the system's own way."""
        folder, _, name = path.rpartition("/")
        if path.startswith("/") or ".." in path or name in {"", "."}:
            return self._followed(path)
        above = self.place(folder or ".")
        if above is None or not above.is_folder:
            return None
        place = f"{above.path.rstrip('/')}/{name}"
        try:
            mode = os.lstat(place).st_mode
        except (OSError, ValueError):
            return None
        return self._followed(path) if stat.S_ISLNK(mode) else Place.of(place, mode)

    def _followed(self, path: str) -> Place | None:
        real = self.real(path)
        try:
            mode = None if real is None else os.stat(real).st_mode
        except (OSError, ValueError):
            return None
        return None if real is None or mode is None else Place.of(real, mode)

    def real(self, path: str) -> str | None:
        """The real path of what may not exist yet, or None when it leads out of the root."""
        if self.root is None or path.startswith("/"):
            return None
        if path == ".":
            return self._top
        try:
            real = os.path.realpath(os.path.join(self.root, path))
        except (OSError, ValueError):
            return None
        return real if real == self._top or real.startswith(self._top.rstrip("/") + "/") else None

    @cached_property
    def _top(self) -> str:
        return "" if self.root is None else os.path.realpath(self.root)

    def _read(self, path: str) -> bytes | None:
        place = self.file(path)
        try:
            return None if place is None else read(place.path, LARGEST_TEXT)
        except OSError:
            return None


def _folders(path: str) -> list[str]:
    return path.split("/")[:-1]


def _decoded(data: bytes | None) -> str | None:
    if data is None or (b"\0" in data[:4096] and not data.startswith(_UTF_16)):
        return None
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "surrogateescape")


def _walk(root: Path, prefix: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            is_deep = prefix.count("/") > DEEPEST
            if not is_deep and entry.name not in SKIPPED and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                yield from _walk(root, f"{path}/")
        elif _is_file(entry):
            yield path


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file or leads to one; a link that leads in a circle does not."""
    try:
        return entry.is_file()
    except OSError:
        return False
