"""The files of the context behind imported names."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build.sources import sources
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.code.module import Module, read_module
from pydock.service.files.mounts import place_of
from pydock.service.server import environment

DEEPEST = 3
MOST_MODULES = 60


def module_at(project: Project, path: str | None) -> Module | None:
    """The facts of a Python file of the context."""
    text = project.tree.text(path) if path else None
    return read_module(text) if text is not None else None


def module_file(project: Project, dotted: str, folder: str = "") -> str | None:
    """The context path of an importable module: under the work directory, PYTHONPATH, or the only one of its name."""
    if not dotted or dotted.startswith("."):
        return None
    inner = dotted.replace(".", "/")
    python_path = (environment(project).get("PYTHONPATH") or "").split(":")
    for root in (folder or ".", *(entry for entry in python_path if entry)):
        for name in (f"{inner}.py", f"{inner}/__init__.py"):
            place = place_of(project, posixpath.join(root, name))
            if place and project.tree.has_file(place):
                return place
    tails = (f"/{inner}.py", f"/{inner}/__init__.py")
    found = [path for path in sources(project) if f"/{path}".endswith(tails)]
    return found[0] if len(found) == 1 else None


@remembered
def _files(project: Project) -> frozenset[str]:
    return frozenset(project.tree.files)


@remembered
def _names(project: Project) -> frozenset[str]:
    """The names that a module or package of the context has; most imports are of none of them."""
    paths = (path.split("/") for path in project.tree.files if path.endswith(".py"))
    return frozenset(part.removesuffix(".py") for parts in paths for part in parts)


@remembered
def _known(project: Project) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """What `imported_files` has found: routes and imports are followed through the same names many times."""
    return {}


def imported_files(project: Project, path: str, dotted: str) -> tuple[tuple[str, str], ...]:
    """The files that an imported dotted name may be in, with what is left of the name: `a.b.c` in a/b.py leaves `c`."""
    known = _known(project)
    if (path, dotted) not in known:
        known[path, dotted] = tuple(_imported(project, path, dotted))
    return known[path, dotted]


def _imported(project: Project, path: str, dotted: str) -> Iterator[tuple[str, str]]:
    if dotted.startswith("."):
        level = len(dotted) - len(dotted.lstrip("."))
        folder = path
        for _ in range(level):
            folder = posixpath.dirname(folder)
        dotted = dotted[level:]
        roots: Iterator[str] = iter((folder,))
        smallest = 0
    else:
        roots, smallest = _parents(path), 1
    parts = dotted.split(".") if dotted else []
    if smallest and (not parts or parts[0] not in _names(project)):
        return
    for root in roots:
        found = [
            (place, ".".join(parts[size:]))
            for size in range(len(parts), smallest - 1, -1)
            for place in _module_files(posixpath.join(root, *parts[:size]), is_package=size == 0)
            if place in _files(project)
        ]
        if found:
            yield from found
            return


def _module_files(inner: str, *, is_package: bool) -> tuple[str, ...]:
    package = posixpath.join(inner, "__init__.py")
    return (package,) if is_package else (f"{inner}.py", package)


def nearest_files(project: Project, path: str, dotted: str) -> Iterator[str]:
    """The nearest file behind an imported name."""
    yield from (place for place, _ in imported_files(project, path, dotted)[:1])


def _parents(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


def reach(project: Project, path: str, saying: str = "") -> Iterator[str]:
    """A file and the files of the context that it imports, nearest first.

    `saying`: only files that have a name in them, and packages, through which others are imported.
    """
    seen, level = {path}, [path]
    yield path
    for _ in range(DEEPEST):
        following = []
        for each in level:
            module = module_at(project, each)
            for dotted in dict.fromkeys(module.imports.values()) if module else ():
                for found in nearest_files(project, each, dotted):
                    if found not in seen and len(seen) < MOST_MODULES and _says(project, found, saying):
                        seen.add(found)
                        following.append(found)
                        yield found
        level = following


def _says(project: Project, path: str, name: str) -> bool:
    return path.endswith("/__init__.py") or name in (project.tree.text(path) or "")
