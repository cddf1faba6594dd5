"""What COPY and ADD take from the build context, for readers who edit them."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from pydock.build.views import image
from pydock.context import Tree
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.state import Answer
from pydock.state.needs import Folder
from pydock.text import expand, unquote
from pydock.values import Value, once


class Copied(Value):
    """A COPY or ADD from the context: what it takes and the absolute path it puts it at.

    `target` ends with "/" when the sources land inside that folder.
    """

    instruction: Instruction
    sources: tuple[str, ...]
    target: str

    def origin(self, tree: Tree, path: str) -> str | None:
        """The context path that this copy puts at an absolute path of the image, if it does."""
        path = posixpath.normpath(path)
        found = [place for source in self.sources if (place := self._origin(tree, path, source))]
        there = [place for place in found if tree.has_file(place) or tree.has_folder(place)]
        # Where two sources hold the name, the later one is written over the earlier.
        return there[-1] if there else found[0] if found else None

    def _origin(self, tree: Tree, path: str, source: str) -> str | None:
        if tree.has_folder(source) or source == ".":
            inside = _below(path, self.target)
            return None if inside is None else posixpath.normpath(posixpath.join(source, inside))
        name = posixpath.basename(path)
        if not fnmatchcase(name, posixpath.basename(source)):
            is_renamed = path == self.target and "." in name and not set(source) & set("*?[")
            return source if is_renamed else None
        if path not in {self.target.rstrip("/"), posixpath.join(self.target, name)}:
            return None
        name = name if "*" in source or "?" in source else posixpath.basename(source)
        return posixpath.normpath(posixpath.join(posixpath.dirname(source), name))


def text_without(project: Project, copied: Copied, there: Collection[tuple[str, str]]) -> str:
    """The text of a COPY without its sources among (path, place) that are there already; all of it with a comment."""
    instruction, dockerfile = copied.instruction, project.dockerfile
    text, begin = dockerfile.slice(instruction.whole), instruction.whole.start
    gone = {path for path, place in there if copied.origin(project.tree, place) == path}
    if instruction.exec_form or not set(copied.sources) - gone:
        return text
    for at in reversed(range(len(copied.sources))):
        word, following = (instruction.place(each.start, each.end) for each in instruction.words[at : at + 2])
        if copied.sources[at] in gone and "#" not in dockerfile.text[word.start : following.start]:
            text = text[: word.start - begin] + text[following.start - begin :]
    return text


def _below(path: str, folder: str) -> str | None:
    """The path relative to a folder, both absolute and without dots; None where it is elsewhere."""
    top = folder.rstrip("/")
    if path in {folder, top}:
        return "."
    return path[len(top) + 1 :] if path.startswith(f"{top}/") else None


def copies(project: Project, stage: Stage, until: Instruction | None = None) -> tuple[Copied, ...]:
    """The copies from the context in a stage, up to an instruction, in order."""
    known = _known(project)
    if stage.index not in known:
        known[stage.index] = tuple(_all_copies(project, stage))
    found = known[stage.index]
    if until is None or until not in _instructions(stage):
        return found
    return found[: bisect_left(found, until.span.start, key=lambda copied: copied.instruction.span.start)]


@once
def _instructions(stage: Stage) -> frozenset[Instruction]:
    return frozenset(stage.instructions)


@remembered
def _known(project: Project) -> dict[int, tuple[Copied, ...]]:
    """What was read before, by stage."""
    return {}


def _all_copies(project: Project, stage: Stage) -> Iterator[Copied]:
    for instruction in stage.instructions:
        is_copy = instruction.keyword in {"COPY", "ADD"} and not instruction.heredocs
        if is_copy and instruction.flag("from") is None and (copied := _copied(project, stage, instruction)):
            yield copied


def _copied(project: Project, stage: Stage, instruction: Instruction) -> Copied | None:
    there = image(project, stage, instruction)
    words = [expand(unquote(word.text, instruction.escape), there.variables) for word in instruction.words]
    if len(words) < 2 or None in words or there.workdir is None:
        return None
    *sources, target = [word for word in words if word is not None]
    absolute = posixpath.normpath(posixpath.join(there.workdir, target))
    into = target.endswith(("/", "/.")) or target in {".", ".."} or len(sources) > 1
    into = into or there.find(Folder(absolute)).answer is Answer.YES
    # The builder takes a way out of the context for one from its top.
    clean = tuple(posixpath.normpath(f"/{source}").lstrip("/") or "." for source in sources)
    return Copied(instruction, clean, absolute.rstrip("/") + "/" if into else absolute)
