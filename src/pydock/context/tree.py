"""The build context as an immutable snapshot: a folder on disk under changes that are not written yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from pydock.context.disk import Disk
from pydock.context.ignore import Ignore
from pydock.errors import UnwritableError
from pydock.files import Pending, write
from pydock.text import Edit, apply
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
        """Whether there is a file. Raises UnreadableError where a named pipe, a socket or a device is in its place."""
        return path in self.changes or self._disk.file(path) is not None

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

    @cached_property
    def unseen(self) -> str | None:
        """Why not all of the context was looked at, and what to do; None where all was that a builder gets."""
        if self._disk.unseen is not None:
            what = f"{self._disk.unseen} was not looked at"
            return f"the build context is too large, and {what}: build it in a smaller folder"
        closed = next((folder for folder in self._disk.closed if not self.ignore.hides(folder)), None)
        return None if closed is None else f"the folder {closed} cannot be read: name it in .dockerignore"

    @property
    def left_out(self) -> frozenset[str]:
        """The folders with Python files that git ignores."""
        return self._disk.left_out

    def may_be_made(self, path: str) -> bool:
        """Whether git ignores a path, as it does with what is only made or filled in before a build."""
        return self._disk.ignores(path)

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

    def again(self) -> Tree:
        """The folder as it is now, without changes; files that stayed the same are not read again."""
        return Tree(self.root, _shared=self._disk.again())

    def edited(self, edits: Iterable[Edit]) -> Tree:
        """The tree after edits."""
        by_path: dict[str, list[Edit]] = {}
        for edit in edits:
            by_path.setdefault(edit.path, []).append(edit)
        changed = {path: apply(self.text(path) or "", each) for path, each in by_path.items()}
        return self.over(changed)

    def write(self, paths: Iterable[str], base: Tree | None = None) -> tuple[str, ...]:
        """Write these changed files, all or none; returns in words what could not be kept of those that were there.

        Mode and owner stay, links are never followed out, and a run that is killed is finished by the next one.
        `base` is the tree that the changes were made for, where that is not the folder as this tree has read it.
        Raises ChangedError where a file is not what it was when it was read, UnwritableError when one
        cannot be written; nothing has changed then.
        """
        if self.root is None:
            raise UnwritableError("there is no folder to write to", "use --diff or --output with standard input")
        pending = [self._pending(path, base or Tree(self.root, _shared=self._disk)) for path in sorted(paths)]
        return write(os.path.realpath(self.root), pending)

    def _pending(self, path: str, base: Tree) -> Pending:
        inside = self._disk.real(path)
        if inside is None:
            raise UnwritableError(f"{path} leads out of {self.root}", "pydock writes inside the project only")
        before = base.data(path)
        if before is None and self._disk.file(path) is not None:
            raise UnwritableError(f"{inside}: too large, or not readable for you", "nothing was written")
        after = self.changes[path].encode("utf-8", "surrogateescape")
        return Pending.at(os.path.relpath(inside, os.path.realpath(self.root or "")), before, after)
