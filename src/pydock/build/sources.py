"""Files of the context that reach the image, and facts that are worked out once per project."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from pydock.build.copies import copies
from pydock.build.views import image
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.source import MOST_SOURCES
from pydock.values import Value, replace

_OF_INSTALLS = regex(
    r"(?:.*/)?(?:[^/]*(?:requirements|constraints)[^/]*|[^/]+\.lock|pylock[^/]*\.toml|pyproject\.toml"
    r"|setup\.(?:cfg|py)|Pipfile)\Z"
)
_NOT_THE_SERVICE = regex(
    r"(?:\A|/)(?:tests?|testing|docs?|examples?|benchmarks?|vendor|_?vendored|third_party|site-packages|dist-packages"
    r"|\.?v?env|\.eggs|lib/python[\d.]+)/|(?:\A|/)(?:test_[^/]*|[^/]*_tests?|tests|conftest|setup|noxfile)\.py\Z"
)


@remembered
def sources(project: Project) -> tuple[str, ...]:
    """Python files that some COPY brings along; tests, documents, vendored trees and what git ignores are left out.

    Where nothing is copied but what installs read, the whole context counts, for it may be mounted.
    """
    found = [
        path
        for path in project.tree.files
        if path.endswith(".py") and not _NOT_THE_SERVICE.search(path) and is_brought(project, path)
    ]
    found = [path for path in found if posixpath.dirname(path) not in project.tree.left_out]
    return tuple(path for path in found[:MOST_SOURCES] if not project.tree.ignore.hides(path))


def is_brought(project: Project, path: str) -> bool:
    """Whether some COPY brings a file of the context along; where none brings a service, all of it may be mounted."""
    sources = _taken(project)
    parts = path.split("/")
    ancestors = ["/".join(parts[: at + 1]) for at in range(len(parts))]
    return not brought(project) or any(
        source == "." or source in ancestors or any(fnmatchcase(entry, source) for entry in ancestors)
        for source in sources
    )


@remembered
def _taken(project: Project) -> frozenset[str]:
    """The sources of every COPY, as they are written."""
    copied = (each for stage in project.dockerfile.stages for each in copies(project, stage))
    return frozenset(source for each in copied for source in each.sources)


@remembered
def brought(project: Project) -> frozenset[str]:
    """The sources of every COPY that may bring a service; lists and locks for installs do not."""
    return frozenset(source for source in _taken(project) if not _OF_INSTALLS.match(source))


class Landing(Value):
    """Where a new file goes in the context, and where the image then has it."""

    path: str
    image_path: str


def landing(project: Project, name: str, beside: str = "") -> Landing | None:
    """The place for a new file in the work directory, else beside a file of the code.

    None where no COPY of a folder in the final stage would bring it along, where .dockerignore
    would hide it, and where such a file exists.
    """
    if not project.tree.known:
        return None
    workdir = image(project, project.final).workdir
    wanted = [] if workdir in {None, "/"} else [posixpath.join(str(workdir), name)]
    copied = [entry for stage in project.lineage(project.final) for entry in reversed(copies(project, stage))]
    whole = [entry for entry in copied if not {flag.name for flag in entry.instruction.flags} & {"exclude", "parents"}]
    places = [
        (source, entry)
        for entry in whole
        for source in entry.sources
        if source == "." or project.tree.has_folder(source)
    ]
    folder = posixpath.dirname(beside)
    for source, entry in places if beside else ():
        inside = posixpath.relpath(folder or ".", source)
        if not inside.startswith(".."):
            wanted.append(posixpath.normpath(posixpath.join(entry.target, inside, name)))
    for image_path in wanted:
        for source, entry in places:
            path = replace(entry, sources=(source,)).origin(project.tree, image_path)
            if path and not project.tree.ignore.hides(path) and not project.tree.has_file(path):
                return Landing(path, image_path)
    return None
