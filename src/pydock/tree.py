"""The build context as an immutable snapshot: a folder on disk under changes that are not written yet."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from pydock.edits import Edit, apply
from pydock.errors import UnreadableError
from pydock.ignore import Ignore
from pydock.values import Value, field

LARGEST_TEXT = 5 * 1024 * 1024
MOST_FILES = 20_000
# Trees that are never part of a service: walking them costs seconds and tells nothing.
SKIPPED = frozenset({".git", "node_modules", "__pycache__", ".tox", ".mypy_cache", ".pytest_cache", ".hg", ".svn"})


class _Place(Value):
    """Where an entry of the context really is, and what it is there."""

    path: str
    is_file: bool
    is_folder: bool


class Tree(Value, dict=True):
    """Files by their path relative to the build context, with forward slashes.

    `root` is None when only a Dockerfile is known (standard input): then nothing can be said
    about any other file. What has been read once stays as it was read.
    """

    root: Path | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    _read: dict[str, bytes | None] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)
    _places: dict[str, _Place | None] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Tree:
        """A tree in memory."""
        return cls(Path(os.devnull) / "memory", dict(files))

    @property
    def known(self) -> bool:
        return self.root is not None

    def data(self, path: str) -> bytes | None:
        """The content of a file, or None where there is no such file inside the context."""
        if path in self.changes:
            return self.changes[path].encode("utf-8", "surrogateescape")
        if path not in self._read:
            self._read[path] = self._from_disk(path)
        return self._read[path]

    def text(self, path: str) -> str | None:
        """A file as text, in its own encoding where a byte order mark names one.

        Bytes that are not UTF-8 survive as surrogates, so writing the text gives them back.
        """
        if path in self.changes:
            return self.changes[path]
        if path not in self._texts:
            self._texts[path] = self._decoded(path)
        return self._texts[path]

    def _decoded(self, path: str) -> str | None:
        data = self.data(path)
        if data is None or (b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff"))):
            return None
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16", "replace")
        return data.decode("utf-8", "surrogateescape")

    def has_file(self, path: str) -> bool:
        if path in self.changes:
            return True
        place = self._place(path)
        return place is not None and place.is_file

    def has_folder(self, path: str) -> bool:
        prefix = "" if path in {"", "."} else f"{path.rstrip('/')}/"
        if any(name.startswith(prefix) for name in self.changes):
            return True
        place = self._place(path)
        return place is not None and place.is_folder

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of all files, sorted; folders that are no part of a service are left out."""
        found = set(self.changes)
        if self.root is not None and self.root.is_dir():
            for path in _walk(self.root, ""):
                found.add(path)
                if len(found) >= MOST_FILES:
                    break
        return tuple(sorted(found))

    def named(self, *names: str) -> tuple[str, ...]:
        """The files at the top of the context with one of these names."""
        return tuple(name for name in names if self.has_file(name))

    @cached_property
    def ignore(self) -> Ignore:
        return Ignore(self.text(".dockerignore") or "")

    def sent(self) -> Iterator[str]:
        """The files that a builder gets to see."""
        return (path for path in self.files if not self.ignore.hides(path))

    @cached_property
    def closed(self) -> str:
        """A file that a builder gets and only its owner may read, which COPY keeps so; "" where there is none."""
        for path in self.sent():
            place = None if path in self.changes else self._place(path)
            if place is not None and not os.stat(place.path).st_mode & stat.S_IROTH:
                return path
        return ""

    def edited(self, edits: Iterable[Edit]) -> Tree:
        """The tree after edits; what was read from disk is shared."""
        by_path: dict[str, list[Edit]] = {}
        for edit in edits:
            by_path.setdefault(edit.path, []).append(edit)
        changed = {path: apply(self.text(path) or "", each) for path, each in by_path.items()}
        return Tree(self.root, {**self.changes, **changed}, self._read, self._texts, self._places)

    def write(self, paths: Iterable[str]) -> None:
        """Write these changed files, all or none; mode bits stay, links are never followed out.

        Raises UnreadableError when a file cannot be written; nothing has changed then.
        """
        if self.root is None:
            raise UnreadableError("there is no folder to write to", "use --diff or --output with standard input")
        staged: list[tuple[Path, Path]] = []
        try:
            for path in sorted(paths):
                target = self._target(path)
                staged.append((_staged(target, self.changes[path]), target))
            _commit(staged)
        except OSError as error:
            raise UnreadableError(f"{error.filename or self.root}: {error.strerror}") from error
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)

    def _target(self, path: str) -> Path:
        inside = self._real(path)
        if inside is None:
            raise UnreadableError(f"{path} leads out of {self.root}", "pydock writes inside the project only")
        return Path(inside)

    def _place(self, path: str) -> _Place | None:
        """An entry that exists, links followed; None where it leads out of the root."""
        if path not in self._places:
            self._places[path] = self._looked_up(path)
        return self._places[path]

    def _looked_up(self, path: str) -> _Place | None:
        """One look at each part of a path; only links and paths with dots need the system's own way."""
        folder, _, name = path.rpartition("/")
        if path.startswith("/") or ".." in path or name in {"", "."}:
            return self._followed(path)
        above = self._place(folder or ".")
        if above is None or not above.is_folder:
            return None
        place = f"{above.path.rstrip('/')}/{name}"
        try:
            mode = os.lstat(place).st_mode
        except (OSError, ValueError):
            return None
        return self._followed(path) if stat.S_ISLNK(mode) else _Place(place, stat.S_ISREG(mode), stat.S_ISDIR(mode))

    def _followed(self, path: str) -> _Place | None:
        real = self._real(path)
        try:
            mode = None if real is None else os.stat(real).st_mode
        except (OSError, ValueError):
            return None
        return None if real is None or mode is None else _Place(real, stat.S_ISREG(mode), stat.S_ISDIR(mode))

    def _real(self, path: str) -> str | None:
        """The real path of what may not exist yet, or None when it leads out of the root."""
        if self.root is None or path.startswith("/"):
            return None
        try:
            real = os.path.realpath(os.path.join(self.root, path))
        except (OSError, ValueError):
            return None
        return real if real == self._top or real.startswith(self._top.rstrip("/") + "/") else None

    @cached_property
    def _top(self) -> str:
        return "" if self.root is None else os.path.realpath(self.root)

    def _from_disk(self, path: str) -> bytes | None:
        place = self._place(path)
        try:
            if place is None or not place.is_file or os.stat(place.path).st_size > LARGEST_TEXT:
                return None
            with open(place.path, "rb") as file:
                return file.read()
        except OSError:
            return None


def _walk(root: Path, prefix: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                yield from _walk(root, f"{path}/")
        elif _is_file(entry):
            yield path


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file or leads to one; a link that leads in a circle does not."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _staged(target: Path, text: str) -> Path:
    """The text in a temporary file beside its target, with the target's mode."""
    import tempfile  # brings random and hashlib along, which only writing needs

    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".pydock-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        os.chmod(name, mode)
    except OSError:
        os.unlink(name)
        raise
    return Path(name)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _commit(staged: list[tuple[Path, Path]]) -> None:
    """Put every staged file in place; on a failure put back what was there."""
    done: list[tuple[Path, bytes | None]] = []
    try:
        for temporary, target in staged:
            previous = target.read_bytes() if target.exists() else None
            temporary.replace(target)
            done.append((target, previous))
    except OSError:
        for target, previous in reversed(done):
            if previous is None:
                target.unlink(missing_ok=True)
            else:
                target.write_bytes(previous)
        raise
