"""Files of the context that reach the image, and facts that are worked out once per project."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import wraps
from typing import TypeVar

from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project, context
from pydock.source.syntax import MOST_SOURCES
from pydock.state import State
from pydock.text import expand, unquote
from pydock.values import Value, replace

Fact = TypeVar("Fact")

PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SHEBANG = regex(r"#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:ba|da|a)?sh\b")
_NOT_THE_SERVICE = regex(
    r"(?:\A|/)(?:tests?|testing|docs?|examples?|benchmarks?|vendor|_?vendored|third_party|site-packages|dist-packages"
    r"|\.?v?env|\.eggs|lib/python[\d.]+)/|(?:\A|/)(?:test_[^/]*|[^/]*_tests?|tests|conftest|setup|noxfile)\.py\Z"
)


def remembered(fact: Callable[[Project], Fact]) -> Callable[[Project], Fact]:
    """Work a fact out once for each project, as a cached property of it would be."""
    name = f"{fact.__module__}.{fact.__qualname__}"

    @wraps(fact)
    def recall(project: Project) -> Fact:
        known = vars(project)
        if name not in known:
            known[name] = fact(project)
        value: Fact = known[name]
        return value

    return recall


_ENDS: list[Callable[[Project], State]] = []


def reads_final_image(reader: Callable[[Project], State]) -> Callable[[Project], State]:
    """Registers who reads builds: it stands on a higher floor, and says how the final stage ends."""
    _ENDS.append(reader)
    return reader


def final_image(project: Project) -> State | None:
    """The final stage as it ends, None where nobody reads builds."""
    return _ENDS[0](project) if _ENDS and not project.dockerfile.problems else None


@remembered
def sources(project: Project) -> tuple[str, ...]:
    """Python files that some COPY brings along; tests, documents, vendored trees and what git ignores are left out.

    Where nothing is copied the whole context counts, for it may be mounted.
    """
    taken = {
        source for stage in project.dockerfile.stages for copied in project.copies(stage) for source in copied.sources
    }
    found = [
        path
        for path in project.tree.files
        if path.endswith(".py") and not _NOT_THE_SERVICE.search(path) and (not taken or _is_taken(path, taken))
    ]
    found = [path for path in found if posixpath.dirname(path) not in project.tree.left_out]
    return tuple(path for path in found[:MOST_SOURCES] if not project.tree.ignore.hides(path))


def _is_taken(path: str, sources: set[str]) -> bool:
    parts = path.split("/")
    ancestors = ["/".join(parts[: at + 1]) for at in range(len(parts))]
    return any(
        source == "." or source in ancestors or any(fnmatchcase(entry, source) for entry in ancestors)
        for source in sources
    )


def script_file(project: Project, name: str, *, is_searched: bool = True) -> tuple[str, str] | None:
    """The place and the text of a shell script by its name in the final image.

    The place is the context path, or the absolute path in the image where an instruction of the
    Dockerfile writes the file. `is_searched`: a bare name is looked for on the PATH, as for a
    program, and has to begin with a shell's `#!` line or end with .sh.
    """
    places = [f"{folder}/{name}" for folder in PROGRAM_FOLDERS] if is_searched and "/" not in name else [name]
    for place in places:
        if found := content(project, place):
            is_shell = not is_searched or found[0].endswith((".sh", ".bash")) or _SHEBANG.match(found[1])
            return found if is_shell else None
    return None


class _Carried(Value):
    """A `COPY --from` another stage of the file, by absolute paths."""

    stage: Stage
    sources: tuple[str, ...]
    target: str

    def before(self, path: str) -> Iterator[str]:
        """Where a file may have been in that stage."""
        inside = posixpath.relpath(path, self.target)
        if inside.startswith(".."):
            return
        for source in self.sources:
            # A file lands under its own name, a folder gives its content.
            is_itself = inside in {".", posixpath.basename(source)}
            yield source if is_itself else posixpath.join(source, inside)


@remembered
def _layout(project: Project) -> dict[int, tuple[context.Copied | _Carried, ...]]:
    """What each stage copies, last first."""
    layout: dict[int, tuple[context.Copied | _Carried, ...]] = {}
    for stage in project.dockerfile.stages:
        copied = {entry.instruction: entry for entry in project.copies(stage)}
        found = [copied.get(copy) or _carried(project, stage, copy) for copy in stage.of("COPY", "ADD")]
        layout[stage.index] = tuple(entry for entry in reversed(found) if entry is not None)
    return layout


def _carried(project: Project, stage: Stage, copy: Instruction) -> _Carried | None:
    other = project.dockerfile.stage_named(copy.flag("from") or "")
    values = project.environment(stage, copy)
    words = [expand(unquote(word.text, copy.escape), values) for word in copy.words]
    workdir = project.workdir(stage, copy)
    if other is None or other.index >= stage.index or workdir is None or None in words or len(words) < 2:
        return None
    *places, target = [word for word in words if word is not None]
    sources = tuple(posixpath.normpath(posixpath.join("/", place)) for place in places)
    return _Carried(other, sources, posixpath.normpath(posixpath.join(workdir, target)))


@remembered
def _origins(project: Project) -> dict[tuple[int, str], str | None]:
    """What `origin` has answered so far."""
    return {}


def origin(project: Project, stage: Stage, path: str) -> str | None:
    """The context path of a file or folder of a stage, through copies from other stages too."""
    workdir = project.workdir(stage) if not path.startswith("/") else "/"
    if workdir is None:
        return None
    absolute = posixpath.normpath(posixpath.join(workdir, path))
    known, key = _origins(project), (stage.index, absolute)
    if key not in known:
        known[key] = next(_origins_of(project, stage, absolute), None)
    return known[key]


def _origins_of(project: Project, stage: Stage, path: str) -> Iterator[str]:
    for entry in project.lineage(stage):
        for copied in _layout(project)[entry.index]:
            if isinstance(copied, _Carried):
                found = (origin(project, copied.stage, place) for place in copied.before(path))
                yield from (place for place in found if place is not None)
                continue
            place = copied.origin(project.tree, path)
            if place and (not project.tree.known or project.tree.has_file(place) or project.tree.has_folder(place)):
                yield place


def content(project: Project, path: str) -> tuple[str, str] | None:
    """Where a file of the final image comes from, and its text as far as it is known.

    A context path, or the absolute path in the image of a file whose text an instruction of the Dockerfile decides.
    """
    place = origin(project, project.final, path)
    copied = project.tree.text(place) if place else None
    written = _written(project, path)
    if written is not None and written[1] != copied:
        return written
    # One that only gets other rights is still the file of the context.
    return (place, copied) if place and copied is not None else None


def _written(project: Project, path: str) -> tuple[str, str] | None:
    """A file whose text the steps of the Dockerfile hold."""
    image = final_image(project)
    absolute = image.at(path) if image is not None else None
    text = image.texts.get(absolute) if image is not None and absolute is not None else None
    return (absolute, text) if absolute is not None and text is not None else None


def written_files(project: Project) -> Iterator[tuple[str, str]]:
    """The absolute paths and texts of the files of the final image whose text the Dockerfile itself decides."""
    image = final_image(project)
    for path, text in sorted(image.texts.items()) if image is not None else ():
        if content(project, path) == (path, text):
            yield path, text


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
    workdir = project.workdir(project.final)
    wanted = [] if workdir in {None, "/"} else [posixpath.join(str(workdir), name)]
    copied = [entry for stage in project.lineage(project.final) for entry in reversed(project.copies(stage))]
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
