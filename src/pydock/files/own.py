"""Folders of the user's own, for what no project may bring along: journals, and results of migrations.

https://specifications.freedesktop.org/basedir-spec/latest/, read 2026-11: XDG_STATE_HOME, else ~/.local/state.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydock.errors import UnwritableError
from pydock.files.durable import flush_folders


def own_folder(name: str, outside: Iterable[str]) -> str:
    """A folder of this name that only this user can look into, in none of the folders `outside`; made where needed.

    Raises UnwritableError where there is no place for it.
    """
    for base in _bases(outside):
        place = os.path.join(base, name)
        try:
            os.makedirs(os.path.dirname(base), exist_ok=True)
            if _made(base) and _made(place):
                return place
        except OSError:
            continue
    raise UnwritableError("there is no folder for what pydock keeps", "XDG_STATE_HOME names one to write to")


def own_folders(name: str, outside: Iterable[str]) -> Iterator[str]:
    """Those of this name that are there already."""
    for base in _bases(outside):
        place = os.path.join(base, name)
        if _is_own(base) and _is_own(place):
            yield place


def top(folder: str | Path) -> str:
    """The outermost work tree that a folder is in, or the folder: what came together with it lies below."""
    real = Path(os.path.realpath(folder))
    return str(next((each for each in reversed((real, *real.parents)) if (each / ".git").exists()), real))


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or in it; both are real and absolute."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _bases(outside: Iterable[str]) -> Iterator[str]:
    tops = [os.path.realpath(each) for each in outside]
    state, home = os.environ.get("XDG_STATE_HOME", ""), os.path.expanduser("~")
    found = [state] if os.path.isabs(state) else []
    found += [os.path.join(home, ".local", "state")] if os.path.isabs(home) else []
    for place in [*(os.path.join(each, "pydock") for each in found), f"{_temporary()}/pydock-{_user()}"]:
        # Links above are the user's own, and followed; the folder itself may be none.
        if not any(is_below(os.path.realpath(place), each) for each in tops):
            yield place


def _temporary() -> str:
    return os.environ.get("TMPDIR") or "/tmp"


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def _made(folder: str) -> bool:
    """Make a folder that only this user can look into; whether it is there now, and one's own."""
    try:
        os.mkdir(folder, 0o700)
        flush_folders([os.path.dirname(folder)])
    except FileExistsError:
        if is_users(folder, stat.S_IFDIR) and not _is_own(folder):
            os.chmod(folder, 0o700)
    return _is_own(folder)


def _is_own(folder: str) -> bool:
    """Whether nobody else can have put anything there."""
    if not is_users(folder, stat.S_IFDIR):
        return False
    return not stat.S_IMODE(os.lstat(folder).st_mode) & 0o077


def is_users(path: str, form: int) -> bool:
    """Whether there is an entry of this form, no link to one, that belongs to this user."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_IFMT(status.st_mode) == form and (not hasattr(os, "geteuid") or status.st_uid == os.geteuid())
