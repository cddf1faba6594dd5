"""Answers about Dockerfiles under documents that nobody has saved; what was read of their folders is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydock.checkout import repository
from pydock.context import Tree
from pydock.questions import Question, answers
from pydock.report import Answer
from pydock.targets import Target, Unusable, held, is_dockerfile, targets
from pydock.values import Value, replace

Documents = Mapping[str, str]


class Reading(Value):
    """What is said about one Dockerfile, and the files that it is said about, by absolute path."""

    answer: Answer
    tree: Tree

    def text(self, path: str) -> str:
        """The text that places in the answer count in."""
        root = self.tree.root
        inside = "Dockerfile" if root is None else os.path.relpath(path, root).replace(os.sep, "/")
        return self.tree.text(inside) or ""


class Workplace:
    """What an editor works on. `given` are the settings of the command line by their configuration keys.

    Dockerfiles and documents go by absolute paths; a document that has none yet goes by what the editor calls it.
    """

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = given
        self._trees: dict[Path, Tree] = {}

    def check(self, dockerfile: str, documents: Documents) -> Reading:
        """What `pydock check` says about a Dockerfile under these documents."""
        return self._asked(Question(self._given), dockerfile, documents)

    def fix(self, dockerfile: str, documents: Documents, *, only: int | None = None, unsafe: bool = False) -> Reading:
        """What `pydock fix` makes of it, or of one finding, by its number among those of `check`."""
        given = {**self._given, "unsafe-fixes": True} if unsafe else self._given
        return self._asked(Question(given, is_fix=True, only=only), dockerfile, documents)

    def _asked(self, question: Question, dockerfile: str, documents: Documents) -> Reading:
        target = self._target(dockerfile, documents)
        (answer,) = answers(question, [target], 1)
        return Reading(answer, target.tree if isinstance(target, Target) else Tree())

    def _target(self, dockerfile: str, documents: Documents) -> Target | Unusable:
        text = documents.get(dockerfile)
        if not os.path.isabs(dockerfile):
            return Target(dockerfile, Tree(None, {"Dockerfile": text or ""}), "Dockerfile", "")
        found = next(targets([dockerfile])) if text is None else held(Path(dockerfile), text)
        if isinstance(found, Unusable) or found.tree.root is None:
            return found
        root = found.tree.root
        tree = self._trees[root] = self._trees.get(root, Tree(root)).again()
        inside = {_below(root, path): text for path, text in documents.items() if _is_below(root, path)}
        return replace(found, shown=dockerfile, tree=tree.over(inside), patch=f"{root}{os.sep}")


def dockerfiles_of(document: str, *, is_one: bool = False) -> Iterator[str]:
    """The Dockerfiles that a document counts for: itself, or those of the nearest folder above that has any."""
    if is_one or is_dockerfile(os.path.basename(document)):
        yield document
        return
    if not os.path.isabs(document):
        return
    last = repository(Path(document))
    for folder in Path(document).parents:
        found = [name for name in _names(folder) if is_dockerfile(name)]
        yield from (str(folder / name) for name in found)
        if found or folder == last:
            return


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        return []


def _is_below(root: Path, path: str) -> bool:
    return path.startswith(f"{root}".rstrip(os.sep) + os.sep)


def _below(root: Path, path: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
