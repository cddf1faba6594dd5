"""Commits changes on a branch without touching the work tree, the index or what is checked out.

Blobs, trees and the commit are made with git's plumbing on an index of its own
(https://git-scm.com/book/en/v2/Git-Internals-Git-Objects, read 2026-11). Nothing of the repository
runs, neither a hook nor a filter (`pydock.git`): a file that a filter would change as it is
committed is one that differs from what is committed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydock.git import Git, opened
from pydock.git import repository as found_at
from pydock.migrate.records.record import Change
from pydock.values import Value

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
    place = found_at(repository)
    if place is None:
        return ("it is no git repository",) * len(parts)
    with opened(place) as git:
        return _committed(git, name, parts)


def _committed(git: Git, name: str, parts: Sequence[Part]) -> tuple[str, ...]:
    refusal, head = _refused(git, name)
    if refusal:
        return (refusal,) * len(parts)
    last, refusals = head, []
    with tempfile.TemporaryDirectory(prefix="pydock-index-") as folder:
        own = git.with_index(os.path.join(folder, "index"))
        own.told("read-tree", head)
        for part in parts:
            entries, refusal = _entries(own, part.changes)
            refusals.append(refusal)
            if not refusal:
                own.told("update-index", "-z", "--index-info", data=_data("".join(entries)))
                last = own.told(
                    "commit-tree", own.told("write-tree", "--missing-ok"), "-p", last, data=_data(part.message)
                )
    if last == head:
        return tuple(refusals)
    refusal = _pointed(git, name, last)
    return tuple(each or refusal for each in refusals)


def uncommitted(repository: Path, folder: str) -> tuple[str, ...]:
    """The tracked files of a folder that are not as they are committed."""
    place = found_at(repository)
    if place is None:
        return ()
    plain = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--name-only", "-z")
    with opened(place) as git:
        return tuple(filter(None, git.asked("diff", *plain, "HEAD", "--", folder).split("\0")))


def _refused(git: Git, name: str) -> tuple[str, str]:
    """(why nothing can be committed, or "", the commit to start from)."""
    head = git.asked("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not head:
        return "nothing is committed in it yet", ""
    if git.asked("check-ref-format", "--branch", name) != name:
        return f"{name!r} is no name for a branch", ""
    if linked := _linked(git, name):
        return f"{linked} of its git repository lies elsewhere", ""
    if not (git.asked("var", "GIT_COMMITTER_IDENT") and git.asked("var", "GIT_AUTHOR_IDENT")):
        return "git does not know who commits: set user.name and user.email", ""
    return "", head


def _linked(git: Git, name: str) -> str:
    """The part of a branch's path that is a link, "" where none is."""
    parts = f"refs/heads/{name}".split("/")
    places = ("/".join(parts[: end + 1]) for end in range(len(parts)))
    return next((place for place in places if os.path.islink(git.repository.shared / place)), "")


def _pointed(git: Git, name: str, last: str) -> str:
    """Make the branch; "" or why not. One that has the same files is the work of an earlier run."""
    reference = f"refs/heads/{name}"
    there = git.asked("rev-parse", "--verify", "--quiet", reference)
    if not there:
        git.told("update-ref", "--no-deref", reference, last, "0" * len(last))
        return ""
    if git.asked("rev-parse", f"{there}^{{tree}}") == git.asked("rev-parse", f"{last}^{{tree}}"):
        return ""
    return f"the branch {name} is there already, with something else on it"


def _entries(git: Git, changes: Sequence[Change]) -> tuple[list[str], str]:
    """(what the index takes, "") or ([], why the changes do not fit what is committed)."""
    entries = []
    for change in changes:
        listed = git.told("ls-files", "-z", "--stage", "--", change.path).rstrip("\0")
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
