"""Files of the context that reach the image, and facts that are worked out once per project."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from pydock.build.copies import copies
from pydock.build.views import image
from pydock.context import Tree
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.project.memory import remembered
from pydock.source import MOST_SOURCES
from pydock.state import is_below
from pydock.values import Value, replace

_OF_INSTALLS = regex(
    r"(?:.*/)?(?:[^/]*(?:requirements|constraints)[^/]*|[^/]+\.lock|[^/]+[._]lock\.txt|pylock[^/]*\.toml"
    r"|pyproject\.toml|setup\.(?:cfg|py)|Pipfile)\Z"
)
_WORDS = ("test", "tests", "testing", "doc", "docs", "example", "examples", "benchmark", "benchmarks")
_NAMES = f"(?:{'|'.join(_WORDS)})"
_PARTS = tuple(f"{word}{mark}" for word in _WORDS for mark in "./")
_BESIDE_THE_SERVICE = regex(rf"(?:\A|/){_NAMES}(?=/)")
_IMPORT = regex(rf"^[ \t]*(?:from|import)[ \t]+(\.*)((?:\w+\.)*{_NAMES}(?:\.\w+)*)\b", re.M)
_MODULE = regex(rf"(?<![\w-]){_NAMES}[./][\w./]+")
_LONGEST_PATH = 200
_ABOVE = regex(r"[\w./-]*")
_NOT_THE_SERVICE = regex(
    r"(?:\A|/)(?:vendor|_?vendored|third_party|site-packages|dist-packages"
    r"|\.?v?env|\.eggs|lib/python[\d.]+)/|(?:\A|/)(?:test_[^/]*|[^/]*_tests?|tests|conftest|setup|noxfile)\.py\Z"
)


@remembered
def sources(project: Project) -> tuple[str, ...]:
    """Python files that some COPY brings along; tests, documents and vendored trees are left out.

    So is what git ignores, unless a COPY names it or a folder above it.

    Where nothing is copied but what installs read, the whole context counts, for it may be mounted. A folder that is
    called as those of tests or documents are counts where the service names it.
    """
    tree = project.tree
    found = [
        path
        for path in tree.files
        if path.endswith(".py") and not _NOT_THE_SERVICE.search(path) and is_brought(project, path)
    ]
    named = [source for source in brought(project) if source not in {".", ""}]
    found = [
        path
        for path in found
        if not tree.ignore.hides(path)
        and (posixpath.dirname(path) not in tree.left_out or any(is_below(path, source) for source in named))
    ]
    own = [path for path in found if not _beside(path)]
    if len(own) == len(found):
        return tuple(own[:MOST_SOURCES])
    asked = set(_named(project, dict.fromkeys(folder for path in found for folder in _beside(path)), own))
    return tuple([path for path in found if asked.issuperset(_beside(path))][:MOST_SOURCES])


def _beside(path: str) -> tuple[str, ...]:
    """The folders above a file that are called as those of tests, documents and examples are."""
    return tuple(path[: found.end()] for found in _BESIDE_THE_SERVICE.finditer(path))


def _named(project: Project, folders: Iterable[str], own: Sequence[str]) -> Iterator[str]:
    """Those of the folders that a COPY, a start or the service's other code asks for by their name."""
    tree = project.tree
    starts = (entry.value for stage in project.dockerfile.stages for entry in stage.of("CMD", "ENTRYPOINT"))
    words = (each for service in services(project) for each in (service.entrypoint, service.command) if each)
    texts = [("", "\n".join((*starts, *(" ".join(map(str, each)) for each in words))))]
    texts += ((path, tree.text(path) or "") for path in own[:MOST_SOURCES])
    imported = {place for path, text in texts for place in _imported(path, text)}
    modules = {module for _, text in texts for word in _asked(text) for module in _modules(word)}
    for folder in folders:
        endings = [folder[at:] for at in (0, *(at + 1 for at, letter in enumerate(folder) if letter == "/"))]
        if (
            f"/{folder}" in imported
            or not imported.isdisjoint(endings)
            or any(is_below(source, folder) for source in brought(project))
            or any(ending == named and _is_module(tree, folder, rest) for named, rest in modules for ending in endings)
        ):
            yield folder


def _imported(path: str, text: str) -> Iterator[str]:
    """The folders of that kind that a text imports, as far as it says their path: from the top with a slash."""
    for found in _IMPORT.finditer(text) if any(map(text.__contains__, _WORDS)) else ():
        dots, module = found[1], found[2].replace(".", "/")
        for name in _BESIDE_THE_SERVICE.finditer(f"{module}/"):
            above = path.split("/")[: -len(dots)] if dots else []
            yield "/".join(["", *above, module[: name.end()]]) if dots else module[: name.end()]


def _asked(text: str) -> Iterator[str]:
    """The words that may be a module or file in such a folder."""
    for found in _MODULE.finditer(text) if any(map(text.__contains__, _PARTS)) else ():
        before = text[max(0, found.start() - _LONGEST_PATH) : found.start()][::-1]
        above = _ABOVE.match(before)
        yield (above[0][::-1] if above else "") + found[0]


def _modules(word: str) -> Iterator[tuple[str, str]]:
    """(folder, what is asked for in it) of `example.settings` and `example/run.py`."""
    place = word.removesuffix(".py").replace(".", "/")
    yield from ((place[: found.end()], place[found.end() + 1 :]) for found in _BESIDE_THE_SERVICE.finditer(place))


def _is_module(tree: Tree, folder: str, rest: str) -> bool:
    places = (f"{folder}/{rest}", f"{folder}/{posixpath.dirname(rest) or rest}")
    return any(tree.has_file(f"{place}.py") or tree.has_file(f"{place}/__init__.py") for place in places)


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
