"""The programs that a container calls at run time, by their names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from pydock.build.containers import calls
from pydock.build.containers.start import Start
from pydock.build.files import PROGRAM_FOLDERS
from pydock.build.views import files
from pydock.build.walk import script_text, starts
from pydock.project import Project
from pydock.shell import BUILTINS


def called_programs(project: Project) -> Mapping[str, tuple[str, ...]]:
    """What the final image calls at run time, by program name, with the places that call it.

    Shell builtins, functions and the image's own scripts are left out.
    """
    found: dict[str, list[str]] = {}
    for start in starts(project):
        names = [*start.wrappers, "" if start.script else _called(project, start)]
        for name in names:
            if name and name not in BUILTINS:
                found.setdefault(name, []).append(start.origin)
    for name, place in calls.python_calls(project):
        found.setdefault(name, []).append(place)
    return {name: tuple(dict.fromkeys(places)) for name, places in found.items()}


def _called(project: Project, start: Start) -> str:
    """The name of the program, "" for a function, for a file of the image and for a path outside of PATH."""
    name = start.command.values[0] if start.command.values else ""
    folder = posixpath.dirname(name)
    if folder and folder not in PROGRAM_FOLDERS:
        return ""
    if _defines(script_text(project, start), name):
        return ""
    places = [name] if folder else [f"{each}/{name}" for each in PROGRAM_FOLDERS]
    is_own = any(files(project).origin(place) for place in places)
    return "" if is_own else posixpath.basename(name)


def _defines(text: str, name: str) -> bool:
    return (
        re.search(rf"^[ \t]*(?:function\s+)?{re.escape(name)}\s*\(\)|^[ \t]*function\s+{re.escape(name)}\b", text, re.M)
        is not None
    )
