"""The build context as an immutable snapshot: a folder on disk under changes that are not written yet."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from pydock.disk import Disk
from pydock.edits import Edit, apply
from pydock.errors import UnreadableError
from pydock.ignore import Ignore
from pydock.values import Value, field


class Tree(Value, dict=True):
    """Files by their path relative to the build context, with forward slashes.

    `root` is None when only a Dockerfile is known (standard input): then nothing can be said
    about any other file. What has been read once stays as it was read.
    """

    root: Path | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    _shared: Disk | None = None

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Tree:
        """A tree in memory."""
        return cls(Path(os.devnull) / "memory", dict(files))

    @cached_property
    def _disk(self) -> Disk:
        return self._shared or Disk(self.root)

    @property
    def known(self) -> bool:
        return self.root is not None

    def data(self, path: str) -> bytes | None:
        """The content of a file, or None where there is no such file inside the context."""
        if path in self.changes:
            return self.changes[path].encode("utf-8", "surrogateescape")
        return self._disk.data(path)

    def text(self, path: str) -> str | None:
        """A file as text, in its own encoding where a byte order mark names one.

        Bytes that are not UTF-8 survive as surrogates, so writing the text gives them back.
        """
        if path in self.changes:
            return self.changes[path]
        return self._disk.text(path)

    def has_file(self, path: str) -> bool:
        if path in self.changes:
            return True
        place = self._disk.place(path)
        return place is not None and place.is_file

    def has_folder(self, path: str) -> bool:
        prefix = "" if path in {"", "."} else f"{path.rstrip('/')}/"
        if any(name.startswith(prefix) for name in self.changes):
            return True
        place = self._disk.place(path)
        return place is not None and place.is_folder

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of all files, sorted; folders that are no part of a service are left out."""
        return tuple(sorted({*self._disk.files, *self.changes})) if self.changes else self._disk.files

    @property
    def unseen(self) -> str | None:
        """What of the context was not looked at, because there is too much of it; None where all was."""
        return self._disk.unseen

    @property
    def left_out(self) -> frozenset[str]:
        """The folders with Python files that git ignores."""
        return self._disk.left_out

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
            place = None if path in self.changes else self._disk.place(path)
            if place is not None and place.is_closed:
                return path
        return ""

    def over(self, changes: Mapping[str, str]) -> Tree:
        """The tree under more changes; what was read from disk is shared."""
        return Tree(self.root, {**self.changes, **changes}, self._disk)

    def edited(self, edits: Iterable[Edit]) -> Tree:
        """The tree after edits."""
        by_path: dict[str, list[Edit]] = {}
        for edit in edits:
            by_path.setdefault(edit.path, []).append(edit)
        changed = {path: apply(self.text(path) or "", each) for path, each in by_path.items()}
        return self.over(changed)

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
        inside = self._disk.real(path)
        if inside is None:
            raise UnreadableError(f"{path} leads out of {self.root}", "pydock writes inside the project only")
        return Path(inside)


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
