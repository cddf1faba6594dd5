"""What a run is asked about, and which files it has written so far, over all of its processes.

The first says where no journal may lie, the second is what a person is told when the run is interrupted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydock.files.own import top


@dataclass
class _Run:
    tops: tuple[str, ...] = ()
    account: str = ""
    written: tuple[str, ...] = ()


_run = _Run()


def begin(tops: Iterable[str] = (), account: str = "") -> None:
    """A run about these real folders begins in this process; `account` is a file that all of them append to."""
    _run.tops, _run.account, _run.written = tuple(tops), account, ()


@contextmanager
def accounted(paths: Iterable[str | Path]) -> Iterator[None]:
    """Account is kept of what a run about these paths writes; it is known when this is over, too."""
    from tempfile import TemporaryDirectory  # brings random and hashlib along, which only writing needs

    with TemporaryDirectory(prefix="pydock-") as folder:
        begin(dict.fromkeys(map(top, paths)), os.path.join(folder, "written"))
        try:
            yield
        finally:
            _run.written, _run.account = written(), ""


def begun() -> tuple[tuple[str, ...], str]:
    """What another process of the same run is to begin with."""
    return _run.tops, _run.account


def tops() -> tuple[str, ...]:
    """The folders that the run is about, with all that came together with them."""
    return _run.tops


def note(paths: list[str]) -> None:
    """These files are written. One call of the system appends whole lines, whoever else does."""
    if not _run.account:
        return
    descriptor = os.open(_run.account, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, b"".join(os.fsencode(path).replace(b"\n", b"?") + b"\n" for path in paths))
    finally:
        os.close(descriptor)


def written() -> tuple[str, ...]:
    """The files in the order in which they were written."""
    if not _run.account:
        return _run.written
    try:
        with open(_run.account, "rb") as file:
            return tuple(os.fsdecode(line.rstrip(b"\n")) for line in file)
    except FileNotFoundError:
        return ()
