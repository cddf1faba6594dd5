"""The demand of a file that an install is given by `-r`: a list, a lock, or the metadata of a project."""

from __future__ import annotations

import posixpath

from pydock.packages.demand import Demand, LocalProject, Places, joined
from pydock.packages.lists import of_list
from pydock.packages.locks import is_pylock, of_pylock
from pydock.packages.metadata import NAMES
from pydock.packages.projects import Groups, of_project
from pydock.packages.requirements import read


def of_file(path: str, places: Places, extras: tuple[str, ...] = ()) -> Demand:
    """What the file asks for; of a project what it needs, without the project itself."""
    folder, name = posixpath.split(path)
    if is_pylock(path):
        return of_pylock(path, places)
    if name in NAMES:
        needed = of_project(LocalProject(folder, extras), places, Groups(has_project=False))
        return joined([needed, Demand(files=(path,))])
    return of_list(path, places)


def included(path: str, places: Places) -> tuple[str, ...]:
    """The lists whose lines a list asks for like its own."""
    if is_pylock(path) or posixpath.basename(path) in NAMES:
        return ()
    return tuple(each for each in read(path, places.text).lists if each != posixpath.normpath(path))
