"""The folder of a project under changes, and the files that say what of it counts."""

from __future__ import annotations

from pydock.context.disk import DEEPEST, LARGEST_TEXT, SKIPPED
from pydock.context.gitignore import Ignored, above, forget_tops, git_folder, is_modest, is_top, matcher
from pydock.context.ignore import Ignore
from pydock.context.search import Excluded, Passed, files_below
from pydock.context.tree import Tree

__all__ = [
    "DEEPEST",
    "LARGEST_TEXT",
    "SKIPPED",
    "Excluded",
    "Ignore",
    "Ignored",
    "Passed",
    "Tree",
    "above",
    "files_below",
    "forget_tops",
    "git_folder",
    "is_modest",
    "is_top",
    "matcher",
]
