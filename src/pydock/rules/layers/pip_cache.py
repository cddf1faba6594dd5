"""An installer keeps its downloads in the image.

`pip install` leaves every wheel it fetched under `~/.cache/pip`, uv, Poetry and Pipenv do the
same in folders of their own. The container never reads them again, yet each pull carries them;
and without a cache that outlives the layer, each change of a requirement downloads everything
once more.

The cure is a cache mount: outside the image, warm in the next build. With `--portable`, or
where the install does not run as root, it is pip's `--no-cache-dir`. In a stage that is not
shipped that option spares nothing, so the mount takes its place there, unless packages are
compiled: a cache would carry them from one distribution to another. Safe: the installed
packages are the same. A RUN that clears the folder itself, or a file that uses it elsewhere,
is left alone; for Poetry only the downloads are mounted, since its environments live beside
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydock.build import walk
from pydock.build.installs import Install, behind, installs_of, without
from pydock.build.views import image
from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.images.debian import has_wheels
from pydock.locks.installs.caches import cache_folder, is_mounted, mounted_folders, switched_off
from pydock.locks.installs.lock_installs import Sync, syncs
from pydock.locks.installs.requests import wanted
from pydock.locks.installs.shipped_stages import shipped
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.shell import Word
from pydock.state import is_below
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import Value, once

MOUNT = "--mount=type=cache,target=/root/.cache/pip"
_SWITCHES = {
    # pip takes the beginning of an option for it, where no other begins so.
    "pip": ("--no-cache-dir", "--no-cache-di", "--no-cache-d", "--no-cache", "--cache-dir"),
    "uv": ("--no-cache", "-n", "--cache-dir"),
    "poetry": ("--no-cache",),
    "pipenv": (),
}
# A mount point cannot be removed: "Device or resource busy" would stop the build.
_CLEARED = regex(r"\.cache\b|\bcache\s+(purge|clear|prune|clean)|\brm\b[^;&|\n]*(/root|~|\$HOME|_CACHE_DIR)")
_BUILDER, _FINAL = (
    "FROM python:3.12-slim AS builder\n",
    "FROM python:3.12-slim\nCOPY --from=builder /usr/local /usr/local\n",
)

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nRUN pip install flask==3.1.2\n",
        after=f"FROM python:3.12-slim\nRUN {MOUNT} \\\n    pip install flask==3.1.2\n",
    ),
    Example(
        before="FROM python:3.12-slim\nUSER app\nRUN pip install flask==3.1.2\n",
        after="FROM python:3.12-slim\nUSER app\nRUN pip install --no-cache-dir flask==3.1.2\n",
    ),
    Example(
        before="FROM python:3.12-slim\nRUN pip install uv==0.9.0 && uv pip install --system flask==3.1.2\n",
        after=f"FROM python:3.12-slim\nRUN {MOUNT} \\\n    --mount=type=cache,target=/root/.cache/uv \\\n"
        "    pip install uv==0.9.0 && uv pip install --system flask==3.1.2\n",
    ),
    Example(
        before="FROM python:3.12-slim\nENV POETRY_CACHE_DIR=/tmp/cache\nRUN poetry install --only-root\n",
        after="FROM python:3.12-slim\nENV POETRY_CACHE_DIR=/tmp/cache\n"
        "RUN --mount=type=cache,target=/tmp/cache/cache \\\n    --mount=type=cache,target=/tmp/cache/artifacts \\\n"
        "    poetry install --only-root\n",
    ),
    Example(before="FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache pip install -e .\n"),
    Example(
        before=f"{_BUILDER}RUN pip install --no-cache-dir flask==3.1.2\n{_FINAL}",
        after=f"{_BUILDER}RUN {MOUNT} \\\n    pip install flask==3.1.2\n{_FINAL}",
    ),
    Example(
        before=f"{_BUILDER}RUN pip install \\\n    --no-cache-dir --pre flask\n{_FINAL}",
        after=f"{_BUILDER}RUN {MOUNT} \\\n    pip install \\\n    --pre flask\n{_FINAL}",
    ),
    Example(before=f"{_BUILDER}RUN pip install --no-cache-dir psycopg2==2.9.10\n{_FINAL}"),
    Example(before=f"{_BUILDER}RUN pip install --no-cache-dir /wheels/*\n{_FINAL}"),
    Example(before="FROM python:3.12-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask==3.1.2\n"),
    Example(before="FROM python:3.12-slim\nRUN pip install flask==3.1.2 && rm -rf /root/.cache\n"),
    Example(
        before="FROM python:3.12-slim\nENV PIP_CACHE_DIR=/var/tmp/p\nRUN pip install flask==3.1.2 && rm -r /var/tmp/*\n"
    ),
    Example(before="FROM python:3.12-slim\nRUN pip install --no-cache flask==3.1.2\n"),
)


class _Use(Value):
    """An install that fills a cache, or would but for `switch`; `folder` is None where it is not known."""

    install: Install | Sync
    folder: str | None
    switch: Word | None = None

    @property
    def tool(self) -> str:
        return self.install.tool


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        by_run: dict[Instruction, list[Install | Sync]] = {}
        locked = (entry for entry in syncs(project, stage) if entry.tool in _SWITCHES)
        every: tuple[Install | Sync, ...] = (*installs_of(project, stage), *locked)
        for entry in every:
            by_run.setdefault(entry.instruction, []).append(entry)
        for run in stage.of("RUN"):
            uses = _uses(project, stage, run, by_run.get(run, ()))
            if not uses or _is_cleared(project, run, uses):
                continue
            tools = list(dict.fromkeys(use.tool for use in uses))
            is_shipped = stage in shipped(project)
            yield Finding(
                RULE,
                uses[0].install.command.span,
                f"the download cache of {' and '.join(tools)} {'is off' if uses[0].switch else 'stays in this layer'}",
                _fix(project, stage, run, uses),
                cost=("every pull carries the downloaded wheels, and " if is_shipped else "")
                + "each changed requirement downloads every package again",
            )


def _is_cleared(project: Project, run: Instruction, uses: tuple[_Use, ...]) -> bool:
    """Whether a RUN takes away a folder that would be mounted."""
    if _CLEARED.search("\n".join((run.value, *run.documents))):
        return True
    effects = (effect for step in walk(project).of_instruction(run) for effect in step.effects)
    gone = {path for effect in effects for thing in effect.removes if (path := getattr(thing, "path", None))}
    folders = [folder for use in uses for folder in mounted_folders(use.tool, use.folder or "")]
    return any(is_below(folder, path) for folder in folders for path in gone)


def _uses(project: Project, stage: Stage, run: Instruction, installs: Sequence[Install | Sync]) -> tuple[_Use, ...]:
    """Those of the installs of a RUN whose cache ends up in the layer."""
    state = image(project, stage, run)
    found = []
    for install in installs:
        folder = cache_folder(install.tool, state.variables, state.user)
        switch = _switch_in_vain(project, stage, install, folder)
        is_off = switch is None and install.has(*_SWITCHES[install.tool])
        if not (
            is_off
            or switched_off(install.tool, state.variables)
            or is_mounted(run, install.tool, folder, state.variables)
        ):
            found.append(_Use(install, folder, switch))
    return tuple(found)


def _is_by_root(project: Project, stage: Stage, run: Instruction) -> bool:
    return project.reference(stage) is not None and image(project, stage, run).is_root


def _switch_in_vain(project: Project, stage: Stage, install: Install | Sync, folder: str | None) -> Word | None:
    """The `--no-cache-dir` of an install that fetches packages into a stage which is not shipped, as root."""
    if not isinstance(install, Install) or install.tool != "pip" or stage in shipped(project):
        return None
    asked = [name for entry in wanted(project) if entry.install == install for name in entry.asked]
    fetches = bool(asked) and all(map(has_wheels, asked))
    is_root = _is_by_root(project, stage, install.instruction)
    is_told = install.has("--no-binary", "--cache-dir") or project.options.portable
    if not fetches or not is_root or is_told or folder is None:
        return None
    return next((word for word in install.command.words if (word.value or "").startswith("--no-cache")), None)


def _fix(project: Project, stage: Stage, run: Instruction, uses: tuple[_Use, ...]) -> Fix | None:
    is_root = _is_by_root(project, stage, run)
    folders = [use.folder for use in uses]
    if project.options.portable or not is_root or None in folders:
        return _without_cache(project, uses)
    if _is_used_elsewhere(project, run) or _links_into_cache(project, stage, run, uses):
        return None
    targets = [folder for use in uses for folder in mounted_folders(use.tool, use.folder or "")]
    start = run.value_span.start
    gap = " " if run.heredocs else " \\\n    "
    text = "".join(f"--mount=type=cache,target={folder}{gap}" for folder in dict.fromkeys(targets))
    edits = [Edit(project.path, Span(start, start), project.dockerfile.written(text))]
    gone = [without(project.dockerfile, use.install.command, use.switch) for use in uses if use.switch]
    edits += [Edit(project.path, span, "") for span in gone if span]
    return Fix("move the download cache to a cache mount", Safety.SAFE, tuple(edits))


def _without_cache(project: Project, uses: tuple[_Use, ...]) -> Fix | None:
    edits = []
    for use in uses:
        if use.tool not in {"pip", "uv"}:
            return None
        place = behind(use.install.instruction, use.install.verb, _SWITCHES[use.tool][0])
        edits.append(Edit(project.path, *place))
    return Fix("do not keep the download cache", Safety.SAFE, tuple(edits))


def _is_used_elsewhere(project: Project, run: Instruction) -> bool:
    """Whether another instruction names a cache folder: copies it to a stage, or removes it."""
    return any(entry is not run for entry in _naming_caches(project.dockerfile))


@once
def _naming_caches(dockerfile: Dockerfile) -> tuple[Instruction, ...]:
    entries = (entry for entry in dockerfile.instructions if entry.keyword in {"COPY", "ADD", "RUN"})
    return tuple(entry for entry in entries if any(".cache" in text for text in (entry.value, *entry.documents)))


def _links_into_cache(project: Project, stage: Stage, run: Instruction, uses: tuple[_Use, ...]) -> bool:
    """Whether uv was told to link installed packages to the cache, which would not be there at run time."""
    mode = image(project, stage, run).variables.get("UV_LINK_MODE", "")
    modes = [word.value for use in uses if (word := use.install.line.value("--link-mode"))]
    return mode is None or any(entry in {"symlink", "hardlink"} for entry in (mode, *modes))


RULE = Rule("PYD302", "pip-cache", check, __doc__, EXAMPLES, same_as=("DL3042",))
