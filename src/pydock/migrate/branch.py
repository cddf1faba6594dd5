"""Commits changes on a branch without touching the work tree, the index or what is checked out.

Blobs, trees and the commit are made with git's plumbing on an index of its own; no hook of the
repository runs (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects, read 2026-11).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydock.errors import UnreadableError
from pydock.migrate.record import Change
from pydock.values import Value

_NOTHING_RUNS = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")
_NEW_MODE = "100644"


class Part(Value):
    """One commit: its changes and its message."""

    changes: tuple[Change, ...]
    message: str


def commit(repository: Path, name: str, parts: Sequence[Part]) -> tuple[str, ...]:
    """Commit each part on a new branch that starts at HEAD; returns for each part "" or why it was left out.

    Where the branch holds the same already it stays as it is.
    Raises UnreadableError when git is not there or fails.
    """
    git = _Git(repository)
    refusal, head = _refused(git, name)
    if refusal:
        return (refusal,) * len(parts)
    last, refusals = head, []
    with tempfile.TemporaryDirectory(prefix="pydock-index-") as folder:
        own = _Git(repository, {"GIT_INDEX_FILE": os.path.join(folder, "index")})
        own.told("read-tree", head)
        for part in parts:
            entries, refusal = _entries(own, part.changes)
            refusals.append(refusal)
            if not refusal:
                own.told("update-index", "-z", "--index-info", data=_data("".join(entries)))
                last = own.told("commit-tree", own.told("write-tree"), "-p", last, data=_data(part.message))
    if last == head:
        return tuple(refusals)
    refusal = _pointed(git, name, last)
    return tuple(each or refusal for each in refusals)


def uncommitted(repository: Path, folder: str) -> tuple[str, ...]:
    """The tracked files of a folder that are not as they are committed."""
    arguments = ("diff", "--no-ext-diff", "--no-textconv", "--name-only", "-z", "HEAD", "--", f":(literal){folder}")
    return tuple(filter(None, _Git(repository).asked(*arguments).split("\0")))


def _refused(git: _Git, name: str) -> tuple[str, str]:
    """(why nothing can be committed, or "", the commit to start from)."""
    if not (git.repository / ".git").exists():
        return "it is no git repository", ""
    head = git.asked("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not head:
        return "nothing is committed in it yet", ""
    if git.asked("check-ref-format", "--branch", name) != name:
        return f"{name!r} is no name for a branch", ""
    if not (git.asked("var", "GIT_COMMITTER_IDENT") and git.asked("var", "GIT_AUTHOR_IDENT")):
        return "git does not know who commits: set user.name and user.email", ""
    return "", head


def _pointed(git: _Git, name: str, last: str) -> str:
    """Make the branch; "" or why not. One that has the same files is the work of an earlier run."""
    reference = f"refs/heads/{name}"
    there = git.asked("rev-parse", "--verify", "--quiet", reference)
    if not there:
        git.told("update-ref", "-m", "pydock migrate", reference, last, "0" * len(last))
        return ""
    if git.asked("rev-parse", f"{there}^{{tree}}") == git.asked("rev-parse", f"{last}^{{tree}}"):
        return ""
    return f"the branch {name} is there already, with something else on it"


def _entries(git: _Git, changes: Sequence[Change]) -> tuple[list[str], str]:
    """(what the index takes, "") or ([], why the changes do not fit what is committed)."""
    entries = []
    for change in changes:
        listed = git.told("ls-files", "-z", "--stage", "--", f":(literal){change.path}").rstrip("\0")
        mode, blob, *_ = (listed.partition("\t")[0] or f"{_NEW_MODE} none 0").split(" ")
        raw = ("hash-object", "--stdin", "--no-filters")
        hashing: tuple[str, ...] = ("hash-object", "--stdin", f"--path={change.path}")
        if bool(listed) != (change.before is not None):
            what = "is not committed" if change.before is not None else "is committed, and gone from the work tree"
            return [], f"{change.path} {what}"
        if mode not in {_NEW_MODE, "100755"}:
            return [], f"{change.path} is a link"
        if change.before is not None and git.told(*hashing, data=_data(change.before)) != blob:
            # A file may be committed with line ends that git would convert today.
            hashing = raw
            if git.told(*raw, data=_data(change.before)) != blob:
                return [], f"{change.path} has changes that are not committed"
        entries.append(f"{mode} {git.told(*hashing, '-w', data=_data(change.after))}\t{change.path}\0")
    return entries, ""


def _data(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class _Git(Value):
    """git in one repository."""

    repository: Path
    environment: Mapping[str, str] | None = None

    def told(self, *arguments: str, data: bytes = b"") -> str:
        """What git prints; raises UnreadableError where it fails."""
        done = self._run(arguments, data)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise UnreadableError(f"{self.repository}: git {arguments[0]}: {said}")
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def asked(self, *arguments: str) -> str:
        """What git prints, "" where it fails."""
        done = self._run(arguments, b"")
        return "" if done.returncode else done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def _run(self, arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
        command = ["git", *_NOTHING_RUNS, *arguments]
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", **(self.environment or {})}
        try:
            return subprocess.run(
                command, cwd=self.repository, env=environment, input=data, capture_output=True, check=False
            )
        except OSError as error:
            raise UnreadableError(f"git cannot be started: {error.strerror}", "--branch needs git") from error
