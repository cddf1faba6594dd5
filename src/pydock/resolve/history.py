"""When the requirements of a service were last changed, told by git.

Plumbing that only reads: no pager, no hook, no signature program and no filter of the
repository's own configuration is started, and nothing is fetched
(https://git-scm.com/docs/git-rev-list, read 2026-11).
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, date, datetime

from pydock.errors import OptionError
from pydock.patterns import regex
from pydock.tree import Tree

_LIMIT = 10
_LISTS = regex(r"(?:\A|/)[^/]*require[^/]*(?:/[^/]+)?\.(?:txt|in)\Z")
_OTHERS = ("Dockerfile", "pyproject.toml", "setup.py", "setup.cfg")


def last_change(tree: Tree) -> date:
    """The day of the last commit that touched a requirements file, in UTC.

    Raises OptionError without git, outside a repository, and for files that were never committed.
    """
    hint = "give the day itself, as in --as-of 2023-06-01"
    if tree.root is None:
        raise OptionError("--as-of git needs a folder", hint)
    files = [path for path in tree.files if _LISTS.search(path)] or list(tree.named(*_OTHERS))
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(tree.root)]
    kept = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [*command, "rev-list", "--max-count=1", "--timestamp", "HEAD", "--", *files],
            env={**os.environ, **kept},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OptionError("git does not answer", hint) from error
    first = done.stdout.split()
    if done.returncode or not first:
        raise OptionError(f"git knows no commit of {files[0] if files else tree.root}", hint)
    return datetime.fromtimestamp(int(first[0]), UTC).date()
