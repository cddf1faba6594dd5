"""What the source takes from the full image without naming a program or a package."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from pydock.build import walk
from pydock.build.containers.calls import compiling, hidden_calls, libraries
from pydock.build.copies import copies
from pydock.build.sources import sources
from pydock.images.debian import Library, Need, full_image_libraries, library
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.bases import meant
from pydock.service.app import QUEUES
from pydock.service.code.media_types import answers_with_files, asks_for_types
from pydock.service.code.removals import refused_sources
from pydock.system.apt import apt_installs

_STATIC_SERVERS = regex(
    r"\bStaticFiles\b|\bstatic_folder\b|\badd_static\b|\bstatic_file\b|\bWhiteNoise|\bStaticFileHandler\b",
    words="Static static_f add_static WhiteNoise",
)
_STATIC = regex(r"(?:\A|/)(?:static|public|assets|dist|media|images?|fonts)/")
# What Python 3.6 knows by itself, and what no table has: https://github.com/python/cpython/blob/3.6/Lib/mimetypes.py
_KNOWN_TYPES = regex(
    r".*\.(?:css|js|mjs|html?|txt|xml|csv|tsv|json|png|jpe?g|jpe|gif|bmp|ico|tiff?|svg|pdf|mp3|mp4|mov|mpe?g|wav|avi"
    r"|zip|tar|doc|xls|ppt|py|pyc|map|scss|sass|less|ts|md|gitkeep)|(?:.*/)?[^.]*",
    re.I | re.S,
)
_SERVES_STATIC = frozenset({"flask", "quart", "whitenoise", "django", "aiohttp", "dash", "sanic"})
# Their wheels hold fonts as .woff2, which they answer with by its type; wheels of 2026-12.
_SERVES_OWN = frozenset({"gradio", "streamlit", "jupyterlab", "notebook", "nicegui"})
_WINDOWS = regex(r"^\s*(?:import|from) (?:tkinter|turtle)\b", re.M, words="tkinter turtle")


def media_types(project: Project, suite: str, names: frozenset[str]) -> Iterator[Need]:
    """The table of media types, where the service answers with files."""
    package = "mime-support" if suite in {"stretch", "buster"} else "media-types"
    why = "asks /etc/mime.types, which slim lacks"
    place, servers = _first(project, asks_for_types), frozenset[str]()
    # A worker of a queue answers nobody.
    if any(start.is_taken and start.program not in QUEUES for start in walk(project).starts):
        static = [path for path in project.tree.files if _STATIC.search(path)]
        # A server of a folder that is not here may have any files.
        has_others = not all(map(_KNOWN_TYPES.fullmatch, static))
        place = place or _first(project, answers_with_files)
        if place is None and (not static or has_others):
            place = _first(project, lambda text: _STATIC_SERVERS.search(text) is not None)
        servers = (_SERVES_STATIC if has_others else _SERVES_OWN) & names
    if place is not None:
        yield Need(package, place, why)
    elif servers:
        yield Need(package, min(servers), why)


def loaded_libraries(project: Project, suite: str) -> Iterator[Need]:
    """The packages of the libraries that the source loads by name and that the full image has."""
    for name, place in libraries(project):
        if (found := library(name)) and not _is_own(project, name):
            yield from (Need(each, place, f"loads {name}") for each in found.packages(full_image_libraries(suite)))


def _is_own(project: Project, name: str) -> bool:
    """Whether a library is a file of the project."""
    return any(posixpath.basename(path) == posixpath.basename(name) for path in project.tree.files)


def _is_sure(project: Project, found: Library) -> bool:
    """Whether a package that will be there has the library under that name; `libpq.so` alone is in a -dev package."""
    if found.needs_headers:
        return False
    image = meant(project, project.final)
    asked = {
        name for stage in project.lineage(project.final) for step in apt_installs(project, stage) for name in step.names
    }
    return bool(found.packages(asked | (full_image_libraries(image.suite_meant) if image else frozenset())))


def slim_doubts(project: Project) -> Iterator[str]:
    """What may be missing in slim and can only be seen when the code runs."""
    image = meant(project, project.final)
    if image and not full_image_libraries(image.suite_meant):
        yield f"what the full image of Debian {image.suite_meant} has beyond slim is not known"
    if why := unseen(project):
        yield f"{why}, so what the code needs of the full image is not known"
    for name, place in libraries(project):
        if (found := library(name)) and not _is_own(project, name) and not _is_sure(project, found):
            yield f"{place} loads {name}, which slim may not have"
    if hidden := hidden_calls(project):
        yield f"{hidden[0]} starts a program that is only known when it runs, which slim may not have"
    if windows := _place(project, _WINDOWS):
        yield f"{windows[0]} uses tkinter, whose libraries slim does not have"


def compiler_doubt(project: Project) -> Iterator[str]:
    """Source that compiles when it runs, for an image without compilers."""
    if found := compiling(project):
        yield f"{found[0]} may call a compiler when it runs ({found[1]}), which slim does not have"


def unseen(project: Project) -> str:
    """Why some code of the image could not be read, "" where nothing stands against it."""
    tree = project.tree
    if not tree.known:
        return "the build context is not known"
    for stage in project.lineage(project.final):
        for copied in copies(project, stage):
            for source in copied.sources if copied.instruction.keyword == "COPY" else ():
                # `.env` holds settings, no code.
                is_named = not posixpath.basename(source).startswith(".") and not set(source) & set("*?[")
                if is_named and not tree.has_file(source) and not tree.has_folder(source):
                    return f"line {copied.instruction.number} copies {source}, which is not here"
    return next((f"{path} could not be read" for path in refused_sources(project)), "")


def _first(project: Project, is_so: Callable[[str], bool]) -> str | None:
    """The first file of the source of which something is so."""
    return next((path for path in sources(project) if is_so(project.tree.text(path) or "")), None)


def _place(project: Project, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    """The first file that a pattern is found in, and the words."""
    for path in sources(project):
        if found := pattern.search(project.tree.text(path) or ""):
            return path, found[0].strip()
    return None
