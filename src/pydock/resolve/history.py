"""When the requirements of a service were last changed, told by git.

Plumbing that only reads (https://git-scm.com/docs/git-rev-list, read 2026-11); nothing of the
repository's own configuration is started (`pydock.git`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydock.context import Tree
from pydock.errors import OptionError
from pydock.git import opened, repository
from pydock.patterns import regex

_LISTS = regex(r"(?:\A|/)[^/]*require[^/]*(?:/[^/]+)?\.(?:txt|in)\Z")
_OTHERS = ("Dockerfile", "pyproject.toml", "setup.py", "setup.cfg")


def last_change(tree: Tree) -> date:
    """The day of the last commit that touched a requirements file, in UTC.

    Raises OptionError outside a repository and for files that were never committed, UnreadableError
    without git and for a repository that it cannot read.
    """
    hint = "give the day itself, as in --as-of 2023-06-01"
    if tree.root is None:
        raise OptionError("--as-of git needs a folder", hint)
    files = [path for path in tree.files if _LISTS.search(path)] or list(tree.named(*_OTHERS))
    found, first = repository(tree.root, above=True), []
    if found is not None:
        with opened(found, tree.root) as git:
            first = git.asked("rev-list", "--max-count=1", "--timestamp", "HEAD", "--", *files).split()
    if not first:
        raise OptionError(f"git knows no commit of {files[0] if files else tree.root}", hint)
    return datetime.fromtimestamp(int(first[0]), UTC).date()
