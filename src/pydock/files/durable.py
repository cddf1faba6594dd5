"""What has to be on the disk before the next thing is, should the power go.

https://man7.org/linux/man-pages/man2/fsync.2.html, read 2026-11: a file is there for good once its folder is, too.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

# What file systems say that cannot do it for files or folders of this kind.
_UNABLE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EROFS, errno.EACCES})


def flush(descriptor: int) -> None:
    """What was written into an open file is on the disk.

    Raises OSError where that fails.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise


def flush_folders(folders: Iterable[str]) -> None:
    """Which files these folders have is on the disk, each folder once.

    Raises OSError where that fails.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    for folder in dict.fromkeys(folders):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            if error.errno not in _UNABLE:
                raise
            continue
        try:
            flush(descriptor)
        finally:
            os.close(descriptor)
