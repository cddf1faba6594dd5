"""Which files git ignores, from the `.gitignore` files on the way down: the only door to pathspec.

git itself is not asked: reading a repository with it may run programs that the repository's configuration names.
Semantics: https://git-scm.com/docs/gitignore, read 2026-11; a test compares with git.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pathspec import GitIgnoreSpec

from pydock.values import Value


class Ignored(Value):
    """The rules in force inside one folder, the deepest first: (folder they are relative to, rules)."""

    rules: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def inside(self, folder: Path) -> Ignored:
        """The rules with those that a folder brings; a repository starts anew."""
        start = () if (folder / ".git").exists() else self.rules
        found = [spec for name in (".gitignore", ".git/info/exclude") if (spec := _read(folder / name))]
        return Ignored((*((str(folder), spec) for spec in found), *start))

    def hides(self, path: str, *, is_folder: bool) -> bool:
        """Whether an absolute path below is ignored; its folders are taken not to be."""
        for folder, spec in self.rules:
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            verdict = spec.check_file(f"{relative}/" if is_folder else relative).include
            if verdict is not None:
                return verdict
        return False


def above(folder: Path) -> Ignored:
    """The rules that the folders above bring to a folder, none where they would ignore all of it."""
    found = Ignored()
    parents = [parent for parent in folder.parents if _is_in_repository(folder, parent)]
    for parent in reversed(parents):
        found = found.inside(parent)
        child = next(each for each in (folder, *folder.parents) if each.parent == parent)
        if found.hides(str(child), is_folder=True):
            return Ignored()
    return found


def matcher(patterns: Iterable[str]) -> GitIgnoreSpec:
    """Patterns in the language of `.gitignore`.

    Raises ValueError for one that means nothing.
    """
    return GitIgnoreSpec.from_lines(patterns)


def _is_in_repository(folder: Path, parent: Path) -> bool:
    """Whether a folder above still belongs to the same repository."""
    below = [each for each in (folder, *folder.parents) if parent in each.parents]
    if any((each / ".git").exists() for each in below):
        return False
    return any((each / ".git").exists() for each in (parent, *parent.parents))


def _read(path: Path) -> GitIgnoreSpec | None:
    try:
        if not path.is_file() or path.stat().st_size > 1_000_000:
            return None
        return matcher(path.read_text("utf-8", "surrogateescape").splitlines())
    except (OSError, ValueError):
        return None
