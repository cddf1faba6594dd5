"""A folder as it was read: which files there are, what they hold, where links lead."""

from __future__ import annotations

import errno
import os
import stat
import time
from functools import cached_property
from pathlib import Path

from pydock.context.gitignore import is_ignored, left_out
from pydock.errors import UnreadableError
from pydock.files import is_special, kind, read
from pydock.values import Value, field

LARGEST_TEXT = 5 * 1024 * 1024
# The largest contexts of public repositories have some tens of thousands. Sources and what stands at the top are kept
# beyond the first number, nothing is beyond the second.
MOST_FILES = 200_000
MOST_ENTRIES = 2_000_000
# Folders inside of folders.
DEEPEST = 200
_TELLING = (".py", ".txt", ".toml", ".cfg", ".lock", ".yml", ".yaml", ".sh", "Dockerfile", ".dockerignore")
# Trees that are never part of a service: walking them costs seconds and tells nothing.
SKIPPED = frozenset({".git", "node_modules", "__pycache__", ".tox", ".mypy_cache", ".pytest_cache", ".hg", ".svn"})
# A file that changes twice within a tick of the file system's clock looks as if it had changed once.
_TICK = 2_000_000_000
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


class Listing(Value):
    """The files of a folder, sorted, what of it was not looked at, and the folders that cannot be read."""

    files: tuple[str, ...]
    unseen: str | None = None
    closed: tuple[str, ...] = ()


class Disk(Value, dict=True, eq=False):
    """What is asked for is read once and stays so. Without a root there is nothing."""

    root: Path | None
    _data: dict[str, bytes | None] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)
    _places: dict[str, Place | None] = field(default_factory=dict)
    _marks: dict[str, object] | None = None

    def again(self) -> Disk:
        """The folder as it is now, with what was read of files that are still the same."""
        marked = (self._marks or {}).items()
        marks = {path: mark for path, mark in marked if mark is not None and mark == _mark(f"{self.root}/{path}")}
        data = {path: self._data[path] for path in marks}
        texts = {path: self._texts[path] for path in marks if path in self._texts}
        return Disk(self.root, data, texts, _marks=marks)

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all files, sorted; folders that are no part of a service are left out."""
        return self._listing.files

    @property
    def unseen(self) -> str | None:
        """What of the folder was not looked at, None where all was."""
        return self._listing.unseen

    @property
    def closed(self) -> tuple[str, ...]:
        """The folders that cannot be read."""
        return self._listing.closed

    @cached_property
    def _listing(self) -> Listing:
        return _listing(self.root) if self.root is not None and self.root.is_dir() else Listing(())

    @cached_property
    def left_out(self) -> frozenset[str]:
        """The folders with Python files that git ignores: what tools made, no source of the service."""
        files = [path for path in self.files if path.endswith(".py")]
        folders = {"/".join(parts[:size]) for parts in map(_folders, files) for size in range(1, len(parts) + 1)}
        return left_out(self.root, folders) if self.root is not None else frozenset()

    def ignores(self, path: str) -> bool:
        """Whether git would ignore a file, so that it may be there elsewhere."""
        return self.root is not None and is_ignored(self.root, path)

    def data(self, path: str) -> bytes | None:
        """The content of a file, or None where there is no such file inside the root, or only a huge one.

        Raises UnreadableError as `file` does.
        """
        if path not in self._data:
            if self._marks is not None:
                self._marks[path] = _mark(f"{self.root}/{path}")
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


def _mark(path: str) -> object:
    """What changes whenever a file does; None where that is not sure."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _TICK:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _folders(path: str) -> list[str]:
    return path.split("/")[:-1]


def _decoded(data: bytes | None) -> str | None:
    if data is None or (b"\0" in data[:4096] and not data.startswith(_UTF_16)):
        return None
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "surrogateescape")


def _listing(root: Path) -> Listing:
    """The files below a folder, sources before the rest where there are too many for all."""
    kept: list[str] = []
    others: list[str] = []
    closed: list[str] = []
    unseen, seen = None, 0
    folders = [""]
    while folders:
        prefix = folders.pop()
        try:
            entries = list(os.scandir(f"{root}/{prefix}"))
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                unseen = f"what is below {prefix[:40]}..."
            elif error.errno != errno.ENOENT:
                closed.append(prefix.rstrip("/"))
            continue
        seen += len(entries)
        if seen > MOST_ENTRIES:
            unseen = f"what there is beyond {MOST_ENTRIES} files"
            break
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                if _is_file(entry):
                    (kept if path.endswith(_TELLING) or not prefix else others).append(path)
            elif entry.name not in SKIPPED and not os.path.exists(f"{entry.path}/pyvenv.cfg"):
                if prefix.count("/") > DEEPEST:
                    unseen = f"what is more than {DEEPEST} folders deep"
                else:
                    folders.append(f"{path}/")
    left = max(0, MOST_FILES - len(kept))
    if len(others) > left:
        unseen = f"{len(others) - left} of its {seen} files"
    return Listing(tuple(sorted([*kept, *others[:left]])), unseen, tuple(sorted(closed)))


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file or leads to one; a link that leads in a circle does not."""
    try:
        return entry.is_file()
    except OSError:
        return False
