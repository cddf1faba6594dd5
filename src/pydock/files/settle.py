"""What a killed run left: finished where it had begun to put files in place, else only cleared away."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydock.errors import PydockError
from pydock.files.journal import Journal, Note, left
from pydock.files.own import is_below, top
from pydock.files.write import content, placed, sweep


def settle(paths: Iterable[str | Path]) -> Iterator[str]:
    """Settle what is left of runs in these folders and files, and nothing elsewhere; yields a remark for each."""
    for note, journal in _about(paths):
        if journal is not None:
            try:
                remark = _settled(journal)
            except PydockError as error:
                yield f"an interrupted write in {journal.root} cannot be finished: {error.message}"
                continue
            if remark:
                yield remark
        note.remove()


def unsettled(paths: Iterable[str | Path]) -> tuple[str, ...]:
    """The folders among these in which a run was killed while it wrote."""
    return tuple(sorted({journal.root for _, journal in _about(paths) if journal is not None and _is_begun(journal)}))


def _about(paths: Iterable[str | Path]) -> Iterator[tuple[Note, Journal | None]]:
    asked = [os.path.realpath(path) for path in paths]
    for note, journal in left([top(path) for path in asked]):
        if journal is None or any(is_below(journal.root, path) or is_below(path, journal.root) for path in asked):
            yield note, journal


def _settled(journal: Journal) -> str:
    if not _is_sound(journal):
        return ""
    sweep(journal.root, journal.files)
    found = [content(_place(journal, each.path), len(each.before or b"") + len(each.after)) for each in journal.files]
    if not any(data == each.after != each.before for data, each in zip(found, journal.files, strict=True)):
        return ""
    if not all(data in {each.before, each.after} for data, each in zip(found, journal.files, strict=True)):
        return f"{journal.root}: a run was killed while it wrote there, and files have changed since; see git status"
    missing = [each for data, each in zip(found, journal.files, strict=True) if data != each.after]
    if not missing:
        return ""
    placed(journal.root, missing)
    return f"{journal.root}: finished what a run that was killed had begun: {', '.join(each.path for each in missing)}"


def _is_begun(journal: Journal) -> bool:
    if not _is_sound(journal):
        return False
    found = [content(_place(journal, each.path), len(each.before or b"") + len(each.after)) for each in journal.files]
    states = {data == each.after for data, each in zip(found, journal.files, strict=True)}
    return states == {True, False}


def _is_sound(journal: Journal) -> bool:
    """Whether every path stays inside, and no link that was put there since leads out."""
    if os.path.realpath(journal.root) != journal.root or not os.path.isdir(journal.root):
        return False
    staged = [os.path.join(os.path.dirname(each.path), each.staged) for each in journal.files]
    return all(_is_inside(journal, name) for name in (*staged, *(each.path for each in journal.files)))


def _is_inside(journal: Journal, name: str) -> bool:
    if os.path.isabs(name) or os.path.normpath(name) != name or name.startswith(".."):
        return False
    return is_below(os.path.realpath(os.path.dirname(_place(journal, name))), journal.root)


def _place(journal: Journal, path: str) -> str:
    return os.path.join(journal.root, path)
