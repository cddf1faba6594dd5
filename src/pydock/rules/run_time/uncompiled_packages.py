"""uv leaves the environment without bytecode.

pip compiles what it installs, uv does not: each container that starts compiles all that it imports
again, for it starts from the image and not from what the last one wrote. That takes seconds where
the frameworks are large, and a user who may not write into the environment never gets rid of it.

The cure is `UV_COMPILE_BYTECODE=1` in the stage that installs, with `UV_LINK_MODE=copy` where a
cache is mounted, for uv cannot link files out of it. Safe: the same packages are installed. The
image gets larger by the bytecode. Left alone where an option, a variable or uv's configuration has
decided already.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.commands import CommandLine
from pydock.dockerfile import Stage
from pydock.locks.installs.shipped_stages import feeding
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.system.bytecode import COMPILES, LINKS, uncompiled_installs, unlinked_installs
from pydock.system.layout import environment_edits
from pydock.text import Fix, Safety

_BASE = "FROM python:3.12-slim\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\n"
_SYNC = "COPY pyproject.toml uv.lock ./\nRUN uv sync --locked\n"
_START = 'CMD ["/.venv/bin/uvicorn", "app:app"]\n'
_FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = []\n',
    "uv.lock": 'version = 1\nrequires-python = ">=3.12"\n',
}

EXAMPLES = (
    Example(
        before=f"{_BASE}{_SYNC}{_START}",
        after=f"FROM python:3.12-slim\nENV {COMPILES}=1\n{_BASE.partition(chr(10))[2]}{_SYNC}{_START}",
        files=_FILES,
    ),
    Example(
        before=f"{_BASE}ENV UV_PYTHON_DOWNLOADS=never\nRUN --mount=type=cache,target=/root/.cache/uv \\\n"
        f"    uv pip install --system flask==3.1.0\n{_START}",
        after=f"{_BASE}ENV UV_PYTHON_DOWNLOADS=never \\\n    {COMPILES}=1 UV_LINK_MODE=copy\n"
        f"RUN --mount=type=cache,target=/root/.cache/uv \\\n    uv pip install --system flask==3.1.0\n{_START}",
    ),
    Example(before=f"{_BASE}{_SYNC.replace('sync', 'sync --compile-bytecode')}{_START}", files=_FILES),
    Example(before=f"{_BASE}ENV {COMPILES}=0\n{_SYNC}{_START}", files=_FILES),
    Example(
        before=f"{_BASE}ENV {COMPILES}=1\nRUN --mount=type=cache,target=/root/.cache/uv \\\n"
        f"    uv pip install --system flask==3.1.0\n{_START}",
        after=f"{_BASE}ENV {COMPILES}=1 \\\n    {LINKS}=copy\nRUN --mount=type=cache,target=/root/.cache/uv \\\n"
        f"    uv pip install --system flask==3.1.0\n{_START}",
    ),
    Example(before=f"FROM python:3.12-slim\nRUN pip install flask==3.1.0\n{_START}"),
)


def check(project: Project) -> Iterator[Finding]:
    told = set[int]()
    for stage in feeding(project):
        found = _found(project, stage)
        is_told = any(below.index in told for below in project.lineage(stage)[1:2])
        if found or is_told:
            told.add(stage.index)
        if found and not is_told:
            is_compiled = not uncompiled_installs(project, stage)
            yield Finding(
                RULE,
                found[0].span,
                "uv cannot link packages out of a mounted cache, so it warns and copies them"
                if is_compiled
                else "uv installs without bytecode, so each start of a container compiles what it imports",
                _fix(project, stage, found[0]),
                cost=""
                if is_compiled
                else "seconds at each start: what is compiled in one container is not in the next",
            )


def _found(project: Project, stage: Stage) -> tuple[CommandLine, ...]:
    return uncompiled_installs(project, stage) or unlinked_installs(project, stage)


def _fix(project: Project, stage: Stage, first: CommandLine) -> Fix:
    lines = [f"{COMPILES}=1"] if uncompiled_installs(project, stage) else []
    lines += [f"{LINKS}=copy"] if unlinked_installs(project, stage) else []
    edits = environment_edits(project, (" ".join(lines),), stage, above=first.instruction)
    title = "have uv compile what it installs" if lines[0].startswith(COMPILES) else "have uv copy out of its cache"
    return Fix(title, Safety.SAFE, edits, frozenset({"environment"}))


RULE = Rule("PYD420", "uncompiled-packages", check, __doc__, EXAMPLES)
