"""Locks on open files: the system takes them back from whoever ends, however it ends."""

from __future__ import annotations

import time

try:
    import fcntl
except ImportError:  # no POSIX: then nothing is locked
    fcntl = None  # type: ignore[assignment]

_PAUSE = 0.05


def lock(descriptor: int, *, is_shared: bool = False, seconds: float | None = None) -> bool:
    """Lock an open file as long as it is open; whether that was possible within these seconds, None for ever.

    Raises OSError where the file system knows no locks.
    """
    if fcntl is None:
        return True
    how = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    if seconds is None:
        fcntl.flock(descriptor, how)
        return True
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
        else:
            return True
