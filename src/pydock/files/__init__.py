"""Files on disk: read without ever waiting, written all or none, and finished by the next run where one is killed.

Nothing here knows what the files are about. Only regular files are read or replaced.
"""

from __future__ import annotations

from pydock.files.journal import Pending
from pydock.files.locks import lock
from pydock.files.own import own_folder, own_folders, top
from pydock.files.regular import is_special, kind, read
from pydock.files.run import accounted, begin, begun, written
from pydock.files.settle import settle, unsettled
from pydock.files.signals import Terminated, left_to_parent, terminating
from pydock.files.write import put, write

__all__ = [
    "Pending",
    "Terminated",
    "accounted",
    "begin",
    "begun",
    "is_special",
    "kind",
    "left_to_parent",
    "lock",
    "own_folder",
    "own_folders",
    "put",
    "read",
    "settle",
    "terminating",
    "top",
    "unsettled",
    "write",
    "written",
]
