"""Files put in place: all of a step or none, with their mode and owner, and only over what was read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pydock.errors import ChangedError, PydockError, UnwritableError
from pydock.files.durable import flush, flush_folders
from pydock.files.journal import Journal, Pending, noted
from pydock.files.own import is_below, top
from pydock.files.regular import WITHOUT_WAITING, kind
from pydock.files.run import note, tops
from pydock.files.signals import held

# The flags of a file that is made here and nowhere else.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def write(root: str, files: Iterable[Pending]) -> tuple[str, ...]:
    """Write the files of one step below a real folder; returns what could not be kept of them, in words.

    Raises ChangedError where a file is not what it was when it was read, UnwritableError
    where one cannot be written. Nothing has changed then, unless the message says so.
    """
    wanted = tuple(files)
    for each in wanted:
        refuse_changed(root, each)
    with held(), noted(Journal(root, wanted), [top(root), *tops()]) as journal:
        try:
            remarks = placed(root, wanted)
        except _HalfWrittenError as error:
            raise UnwritableError(error.message, "the next run of pydock fix finishes it") from error
        except BaseException:
            journal.remove()
            raise
        journal.remove()
        note([os.path.join(root, each.path) for each in wanted])
    return remarks


def placed(root: str, files: Sequence[Pending]) -> tuple[str, ...]:
    """All of the files in place, or none of them; temporary files are gone in the end."""
    done: list[Pending] = []
    made: list[str] = []
    remarks: list[str] = []
    try:
        for each in files:
            _make_folders(os.path.dirname(os.path.join(root, each.path)), made)
            remarks += _staged(root, each, each.after)
        for each in files:
            refuse_changed(root, each)
        for each in files:
            os.replace(_temporary(root, each), os.path.join(root, each.path))
            done.append(each)
        flush_folders(_folders(root, files, made))
    except BaseException as error:
        _undo(root, done)
        sweep(root, files)
        for folder in reversed(made):
            with suppress(OSError):
                os.rmdir(folder)
        if isinstance(error, OSError):
            raise UnwritableError(f"{error.filename or root}: {error.strerror}") from error
        raise
    finally:
        sweep(root, files)
    return tuple(remarks)


def put(place: Path, data: bytes) -> None:
    """One file, new or in the place of a regular one, whole or not at all; what is there is not read.

    Raises UnwritableError where that cannot be done.
    """
    folder, name = os.path.split(os.path.abspath(place))
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise UnwritableError(f"{folder}: {error.strerror}") from error
    root, each = os.path.realpath(folder), Pending.at(name, None, data)
    status = _status(os.path.join(root, name))
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise UnwritableError(f"{place}: {kind(status.st_mode)}, not a regular file", "name another file")
    with held():
        try:
            _staged(root, each, data)
            os.replace(_temporary(root, each), os.path.join(root, name))
            flush_folders([root])
        except OSError as error:
            raise UnwritableError(f"{place}: {error.strerror}") from error
        finally:
            sweep(root, [each])


def refuse_changed(root: str, each: Pending) -> None:
    """Raise where a file is not what it was when it was read, or is nothing to write over."""
    place = os.path.join(root, each.path)
    if not is_below(os.path.realpath(place), root):
        raise UnwritableError(f"{place}: leads out of {root}", "pydock writes inside the project only")
    if content(place, len(each.before or b"")) != each.before:
        raise ChangedError(f"{place}: not what it was when it was read", "nothing was written; run pydock again")


def content(place: str, expected: int) -> bytes | None:
    """What a file holds, None where there is none, never much more than is expected.

    Raises UnwritableError for anything else than a regular file, or one that cannot be read.
    """
    status = _status(place)
    if status is None:
        return None
    if not stat.S_ISREG(status.st_mode):
        what = kind(status.st_mode)
        raise UnwritableError(f"{place}: {what}, not a regular file", "pydock writes regular files only")
    try:
        descriptor = os.open(place, os.O_RDONLY | WITHOUT_WAITING | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            return file.read(expected + 1)
    except OSError as error:
        raise UnwritableError(f"{place}: {error.strerror}") from error


def sweep(root: str, files: Iterable[Pending]) -> None:
    """Remove what was staged and not put in place."""
    for each in files:
        with suppress(OSError):
            os.unlink(_temporary(root, each))


class _HalfWrittenError(PydockError):
    """Some files were written, and could be neither completed nor taken back."""


def _temporary(root: str, each: Pending) -> str:
    return os.path.join(root, os.path.dirname(each.path), each.staged)


def _folders(root: str, files: Iterable[Pending], made: Iterable[str]) -> list[str]:
    """Those that files were put into, then those that the new ones among them are in."""
    return [*(os.path.dirname(os.path.join(root, each.path)) for each in files), *map(os.path.dirname, made)]


def _status(place: str) -> os.stat_result | None:
    try:
        return os.lstat(place)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise UnwritableError(f"{place}: {getattr(error, 'strerror', None) or error}") from error


def _make_folders(folder: str, made: list[str]) -> None:
    if not os.path.isdir(folder):
        _make_folders(os.path.dirname(folder), made)
        os.mkdir(folder)
        made.append(folder)


def _staged(root: str, each: Pending, data: bytes) -> list[str]:
    """The data in a file beside its target, with the target's mode and owner; returns what could not be kept."""
    status = _status(os.path.join(root, each.path))
    # The mode of a new file is the one that the umask leaves.
    descriptor = os.open(_temporary(root, each), _NEW, 0o666 if status is None else 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        remarks = [] if status is None else _owned(each.path, descriptor, status)
        if status is not None:
            os.chmod(descriptor if os.chmod in os.supports_fd else file.name, stat.S_IMODE(status.st_mode))
        flush(descriptor)
    if status is None:
        return []
    if status.st_nlink > 1:
        remarks.append(f"{each.path} has a new file of its own: other names of it (hard links) keep the old text")
    return remarks


def _owned(path: str, descriptor: int, status: os.stat_result) -> list[str]:
    own = os.fstat(descriptor)
    lost = []
    for what, there, new, ids in (
        ("user", status.st_uid, own.st_uid, (status.st_uid, -1)),
        ("group", status.st_gid, own.st_gid, (-1, status.st_gid)),
    ):
        if there != new:
            try:
                os.fchown(descriptor, *ids)
            except OSError:
                lost.append(f"{path} belonged to {what} {there} and belongs to {what} {new} now")
    return lost


def _undo(root: str, done: Sequence[Pending]) -> None:
    """Put back what was there.

    Raises _HalfWrittenError where even that fails.
    """
    for each in reversed(done):
        place = os.path.join(root, each.path)
        try:
            if each.before is None:
                os.unlink(place)
            else:
                _staged(root, each, each.before)
                os.replace(_temporary(root, each), place)
        except OSError as error:
            why = f"{place}: {error.strerror}, and what was written before it could not be taken back"
            raise _HalfWrittenError(why) from error
    with suppress(OSError):
        flush_folders(_folders(root, done, ()))
