"""What is compiled once could be kept, and is compiled again and again.

Two shapes: a stage installs a compiler and then runs pip without a cache that outlives the
layer, so each change of one requirement compiles all of them again; or a builder makes wheels
and the next stage copies them, but its pip does not look there and downloads or compiles
everything a second time.

Only shown: a cache mount (pip-cache gives one) settles the first, and the second needs a
decision about which files are meant.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.installs import Install, installs_of, pip_line
from pydock.build.views import image
from pydock.dockerfile import Stage, mounts
from pydock.locks.installs.build_tools import is_build_tool
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule

_COMPILERS = frozenset(["gcc", "g++", "build-essential", "build-base", "clang", "cargo", "rustc", "gfortran"])
_MOUNT = "--mount=type=cache,target=/root/.cache/pip"
_BUILDER = "FROM python:3.12-slim AS builder\nRUN pip wheel -w /wheels flask==3.1.2\n"
_FINAL = "FROM python:3.12-slim\nCOPY --from=builder /wheels /wheels\n"

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nRUN apt-get update && apt-get install -y gcc\n"
        "RUN pip install --no-cache-dir -r requirements.txt\n",
        finds=True,
    ),
    Example(before=f"{_BUILDER}{_FINAL}RUN pip install flask==3.1.2\n", finds=True),
    Example(before=f"{_BUILDER}{_FINAL}RUN pip install --no-index --find-links=/wheels flask==3.1.2\n"),
    Example(
        before="FROM python:3.12-slim\nRUN apt-get update && apt-get install -y gcc\n"
        f"RUN {_MOUNT} pip install -r requirements.txt\n",
    ),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        folders = _wheel_folders(project, stage)
        for install in installs_of(project, stage):
            if folders and _asks(install) and not _uses(install, folders):
                cost = "the wheels are carried along, and everything is downloaded or compiled again"
                advice = f"Add `--no-index --find-links={folders[0]}`."
                yield Finding(RULE, install.verb.span, f"the wheels in {folders[0]} are not used", None, cost, advice)
        if compiled := _compiled(project, stage):
            cost = "each change of one requirement compiles all of them again"
            advice = f"Keep what was built: `RUN {_MOUNT} pip install ...`."
            message = "packages are compiled here, and the wheels are thrown away"
            yield Finding(RULE, compiled.verb.span, message, None, cost, advice)


def _wheel_folders(project: Project, stage: Stage) -> tuple[str, ...]:
    """Where a stage gets wheels that an earlier stage made with `pip wheel`."""
    found = []
    for copy in stage.of("COPY"):
        origin = project.dockerfile.stage_named(copy.flag("from") or "")
        if origin and len(copy.words) == 2 and _makes_wheels(project, origin, copy.words[0].text):
            found.append(copy.words[1].text.rstrip("/"))
    return tuple(folder for folder in found if folder and "$" not in folder)


def _makes_wheels(project: Project, stage: Stage, folder: str) -> bool:
    bare = folder.removesuffix("/*").rstrip("/")
    lines = (pip_line(call) for call in walk(project).commands_of(stage.index))
    targets = (line.value("-w", "--wheel-dir") for line in lines if line is not None and line.verb == "wheel")
    names = (posixpath.basename((target.value or "").rstrip("/")) for target in targets if target is not None)
    return posixpath.basename(bare) in names


def _asks(install: Install) -> bool:
    """Whether the service's packages are installed, not just pip itself."""
    return bool(install.files) or any(not is_build_tool(word.value or "") for word in install.packages)


def _uses(install: Install, folders: tuple[str, ...]) -> bool:
    text = " ".join(word.text for word in install.command.words)
    return any(posixpath.basename(folder) in text for folder in folders) or install.has("-f", "--find-links")


def _compiled(project: Project, stage: Stage) -> Install | None:
    """The install whose wheels are lost, where the stage has put a compiler in place before it."""
    compiler_at = _compiler_at(project, stage)
    environment = image(project, stage).variables
    for install in installs_of(project, stage):
        if compiler_at is None or install.instruction.span.start < compiler_at or not install.files:
            continue
        is_kept = mounts(install.instruction, "cache") or "PIP_FIND_LINKS" in environment
        if not is_kept and not install.has("--no-index", "-f", "--find-links", "--no-deps"):
            return install
    return None


def _compiler_at(project: Project, stage: Stage) -> int | None:
    for call in walk(project).commands_of(stage.index):
        if call.verb in {"install", "add"} and _COMPILERS & {word.value for word in call.line.operands}:
            return call.instruction.span.start
    return None


RULE = Rule("PYD306", "wheels-not-used", check, __doc__, EXAMPLES, level=Level.NOTE)
