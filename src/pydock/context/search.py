"""Files of a kind below a folder that a person names: without what others wrote, and what git ignores."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydock.config import VENDORED
from pydock.context.disk import DEEPEST, SKIPPED
from pydock.context.gitignore import Ignored, above, is_modest, matcher
from pydock.errors import OptionError, UnreadableError
from pydock.patterns import regex
from pydock.values import Value

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_NAME = regex(r"[\w-][\w.-]*|\.[\w-][\w.-]*")


class Excluded(Value, dict=True):
    """Patterns in the language of .gitignore, relative to a folder, and what is said about paths that they match."""

    folder: Path
    patterns: tuple[str, ...] = VENDORED
    why: str = "a vendored tree"

    def matches(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether an absolute path is left out; one outside of the folder never is.

        Raises OptionError for a pattern that means nothing.
        """
        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        if self._names is not None and self._names.isdisjoint(relative.split("/")):
            return False
        return not relative.startswith("../") and self._spec.match_file(f"{relative}/" if is_folder else relative)

    @cached_property
    def _names(self) -> frozenset[str] | None:
        """What patterns name that are names alone: most paths have none, and then need no matcher to be loaded."""
        names = [pattern.rstrip("/") for pattern in self.patterns]
        return frozenset(names) if all(map(_NAME.fullmatch, names)) else None

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        try:
            return matcher(filter(is_modest, self.patterns))
        except ValueError as error:
            raise OptionError(f"exclude: {error}", "patterns are written as in .gitignore") from error


class Passed(Value):
    """A path that was passed over, and why; `is_error` where it could not be read."""

    path: str
    why: str
    is_error: bool = False


Inner = Callable[[Path, Collection[str]], Iterable[Excluded]]


def files_below(
    top: Path,
    is_wanted: Callable[[str], bool],
    excluded: Iterable[Excluded],
    inner_excluded: Inner = lambda folder, names: (),
) -> Iterator[Path | Passed]:
    """The files with wanted names in order, and what was passed over; links to folders are not followed.

    Environments, caches and folders that git ignores are passed over without a word. `inner_excluded` says what more is
    left out in a folder, of which it gets the names. Raises OptionError for a pattern that means nothing.
    """
    folders = [(top, above(top), tuple(excluded))]
    while folders:
        folder, outer, rules = folders.pop()
        try:
            ignored = outer.inside(folder)
        except UnreadableError as error:
            # It ignores nothing then; whether that is right is for the examination to say.
            path, _, why = error.message.partition(": ")
            yield Passed(path, why)
            ignored = outer
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Passed(str(folder), f"cannot be read: {error.strerror}", is_error=True)
            continue
        if folder != top:
            rules = (*rules, *inner_excluded(folder, {entry.name for entry in entries}))
        inner = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        for entry in entries:
            if entry not in inner and is_wanted(entry.name) and not os.path.isdir(entry.path):
                yield _hidden(entry, ignored, rules) or Path(entry.path)
        for entry in reversed(inner):
            if _is_tools(entry) or ignored.hides(entry.path, is_folder=True):
                continue
            if why := _why_closed(entry, rules):
                yield Passed(entry.path, why)
            else:
                folders.append((Path(entry.path), ignored, rules))


def _is_tools(entry: os.DirEntry[str]) -> bool:
    return entry.name in SKIPPED or os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def _why_closed(entry: os.DirEntry[str], rules: Iterable[Excluded]) -> str:
    if entry.path.count(os.sep) > DEEPEST:
        return "too deep"
    return next((rule.why for rule in rules if rule.matches(entry.path, is_folder=True)), "")


def _hidden(entry: os.DirEntry[str], ignored: Ignored, rules: Iterable[Excluded]) -> Passed | None:
    if ignored.hides(entry.path, is_folder=False):
        return Passed(entry.path, "git ignores it")
    why = next((rule.why for rule in rules if rule.matches(entry.path)), "")
    return Passed(entry.path, why) if why else None
