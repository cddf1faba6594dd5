"""Which files git ignores, from the `.gitignore` files on the way down: the only door to pathspec.

git itself is not asked: reading a repository with it may run programs that the repository's configuration names.
Semantics: https://git-scm.com/docs/gitignore, read 2026-11; a test compares with git.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from fnmatch import translate
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydock.files import read
from pydock.values import Value

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MOST_WILDCARDS = 3
_LARGEST_RULES = 1_000_000
_LARGEST_INDEX = 512 * 2**20


def is_top(folder: Path) -> bool:
    """Whether a folder is the top of a git work tree."""
    return _has_git(os.path.abspath(folder))


@lru_cache(maxsize=4096)
def _has_git(folder: str) -> bool:
    """Remembered for a run, because the folders above hundreds of services are asked for each of them."""
    return os.path.exists(f"{folder}/.git")


def forget_tops() -> None:
    """Look again where repositories begin."""
    _has_git.cache_clear()


class _Rules(Value, dict=True):
    """The lines of one file. Most names are ruled out without pathspec, whose import takes longer than a small scan."""

    lines: tuple[str, ...]

    def verdict(self, path: str) -> bool | None:
        """Whether a relative path is ignored, None where no line says so; a folder ends with a slash."""
        name = path.rstrip("/").rpartition("/")[2]
        spec = self._spec if self._last_parts.fullmatch(name) else None
        return spec.check_file(path).include if spec else None

    @cached_property
    def _last_parts(self) -> re.Pattern[str]:
        """What the last part of a path has to match for any line to match the path."""
        lines = [line.rstrip() for line in self.lines if line[:1] != "#"]
        parts = {line.removeprefix("!").rstrip("/").rpartition("/")[2] for line in lines} - {""}
        known = {".*" if re.search(r"[\[\\\s]", part) else translate(part) for part in parts}
        return re.compile("|".join(sorted(known)) if known else r"(?!)")

    @cached_property
    def _spec(self) -> GitIgnoreSpec | None:
        """None where a line means nothing: then the file says nothing."""
        try:
            return matcher(filter(is_modest, self.lines))
        except ValueError:
            return None


class Ignored(Value):
    """The rules in force inside one folder, the deepest first: (folder they are relative to, rules)."""

    rules: tuple[tuple[str, _Rules], ...] = ()

    def inside(self, folder: Path) -> Ignored:
        """The rules with those that a folder brings; a repository starts anew."""
        start = () if is_top(folder) else self.rules
        found = [rules for name in (".gitignore", ".git/info/exclude") if (rules := _read(folder / name))]
        return Ignored((*((str(folder), rules) for rules in found), *start))

    def hides(self, path: str, *, is_folder: bool) -> bool:
        """Whether an absolute path below is ignored; its folders are taken not to be."""
        for folder, rules in self.rules:
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            verdict = rules.verdict(f"{relative}/" if is_folder else relative)
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


def is_ignored(root: Path, path: str) -> bool:
    """Whether git would ignore a file, or a folder that it is in; it need not be there."""
    rules, at = above(root).inside(root), root
    *folders, name = path.split("/")
    for folder in folders:
        at /= folder
        if rules.hides(str(at), is_folder=True):
            return True
        rules = rules.inside(at)
    return rules.hides(str(at / name), is_folder=False)


def left_out(root: Path, folders: Iterable[str]) -> frozenset[str]:
    """Those of some folders, relative to a root, that git ignores and has no file of.

    Each of them comes with the folders that it is in. A folder that was added against the rules is none of these.
    """
    found: set[str] = set()
    rules: dict[str, Ignored] = {}
    for folder in sorted(folders):
        parent = folder.rpartition("/")[0]
        if not rules:
            rules[""] = above(root).inside(root)
        if parent in found or (
            rules[parent].hides(str(root / folder), is_folder=True) and not _is_tracked(root / folder)
        ):
            found.add(folder)
        else:
            rules[folder] = rules[parent].inside(root / folder)
    return frozenset(found)


def _is_tracked(folder: Path) -> bool:
    """Whether the index of the repository may name a file in a folder: names stand in it as they are.

    https://git-scm.com/docs/index-format, read 2026-11. Another folder whose name ends so is taken for this one.
    """
    top = next((parent for parent in folder.parents if is_top(parent)), None)
    if top is None:
        return False
    try:
        name = f"{folder.relative_to(top).as_posix()}/".encode("utf-8", "surrogateescape")
        return name in (read(git_folder(top) / "index", _LARGEST_INDEX) or b"")
    except OSError:
        return False


def git_folder(top: Path) -> Path:
    """Where git keeps what belongs to a work tree.

    https://git-scm.com/docs/gitrepository-layout, read 2026-11: `.git` may be a file that names the folder.
    Raises OSError where it cannot be read, UnreadableError where it is neither file nor folder.
    """
    git = top / ".git"
    if git.is_dir():
        return git
    text = (read(git, _LARGEST_RULES) or b"").decode("utf-8", "surrogateescape")
    return top / text.partition(":")[2].strip()


def is_modest(pattern: str) -> bool:
    """Whether it has no more wildcards than anybody writes: more would be tried in ever more ways."""
    return pattern.replace("**", "*").count("*") <= _MOST_WILDCARDS


def matcher(patterns: Iterable[str]) -> GitIgnoreSpec:
    """Patterns in the language of `.gitignore`.

    Raises ValueError for one that means nothing.
    """
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


def _is_in_repository(folder: Path, parent: Path) -> bool:
    """Whether a folder above still belongs to the same repository."""
    below = [each for each in (folder, *folder.parents) if parent in each.parents]
    if any(is_top(each) for each in below):
        return False
    return any(is_top(each) for each in (parent, *parent.parents))


def _read(path: Path) -> _Rules | None:
    try:
        data = read(path, _LARGEST_RULES) if path.exists() and not path.is_dir() else None
    except OSError:
        return None
    return None if data is None else _Rules(tuple(data.decode("utf-8", "surrogateescape").splitlines()))
