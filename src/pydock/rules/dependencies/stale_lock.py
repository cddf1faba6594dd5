"""The lock does not belong to what the image installs it for.

A lock that is older than its pyproject.toml or Pipfile is either refused by the tool, which
stops the build, or made again on the spot, which installs versions nobody has seen. A lock
for another Python names wheels that do not exist for this one, or lets uv download a second
interpreter.

A lock that pydock wrote says how it was made, so it is made again: at the versions that it has,
as far as they fit. The lock of another tool needs that tool, so the finding names the command.
Staleness is only said where it is certain: by the tool's own hash, or by names and versions that
differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.dockerfile import Stage
from pydock.locks.installs.lock_installs import LOCKS, context_path, syncs
from pydock.locks.lock_edits import Locked, relocked
from pydock.locks.lock_files import Lock, lock
from pydock.locks.python.python_range import fits
from pydock.locks.stale_locks import Outdated, outdated
from pydock.project import Project
from pydock.project.secrets import mask
from pydock.rule import Example, Finding, Rule
from pydock.text import Fix, Safety, Span

_UV = "FROM python:3.11-slim\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --frozen\n"
_PROJECT = '[project]\nname = "shop"\nversion = "1"\nrequires-python = "{python}"\ndependencies = ["{name}"]\n'
_LOCK = (
    'version = 1\nrequires-python = "{python}"\n[[package]]\nname = "shop"\nversion = "1"\n'
    'source = {{ virtual = "." }}\n[package.metadata]\nrequires-dist = [{{ name = "flask" }}]\n'
)

EXAMPLES = (
    Example(
        before=_UV,
        files={
            "pyproject.toml": _PROJECT.format(name="django", python=">=3.10"),
            "uv.lock": _LOCK.format(python=">=3.10"),
        },
        finds=True,
    ),
    Example(
        before=_UV,
        files={
            "pyproject.toml": _PROJECT.format(name="flask", python=">=3.12"),
            "uv.lock": _LOCK.format(python=">=3.12"),
        },
        finds=True,
    ),
    Example(
        before=_UV,
        files={
            "pyproject.toml": _PROJECT.format(name="flask", python=">=3.10"),
            "uv.lock": _LOCK.format(python=">=3.10"),
        },
    ),
)
_AGAIN = {
    "poetry": "poetry lock",
    "pipenv": "pipenv lock",
    "uv": "uv lock",
    "pdm": "pdm lock",
}
_OTHER_PYTHON = "wheels may be missing or be other ones, and markers were decided for another Python"


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        for place, found in _used(project, stage):
            again = f"Run `{_AGAIN.get(found.tool, 'the tool')}` again with the image's Python and commit {found.path}."
            if found.problem:
                yield Finding(
                    RULE, place, f"{found.path} {found.problem}", None, "nothing can be installed from it", again
                )
            elif found.freshness.why_stale:
                cost = "the tool stops the build here, or installs versions that nobody has tested"
                yield Finding(RULE, place, found.freshness.why_stale, None, cost, again)
            if message := _other_python(project, stage, found):
                yield Finding(RULE, place, message, None, _OTHER_PYTHON, again)
    seen: set[str] = set()
    for entry in outdated(project):
        if entry.path not in seen and (entry.why or entry.beside):
            seen.add(entry.path)
            yield _finding(project, entry)


def _finding(project: Project, entry: Outdated) -> Finding:
    found = relocked(project, entry)
    message, cost = entry.why, "what is installed is not what is asked for, or was never resolved for this image"
    if entry.beside:
        message = f"{entry.path} was made from {' and '.join(entry.beside.paths)} and is not installed"
        message += f"; {entry.why}" if entry.why else ""
        cost = "the next build may install other versions than the lock says"
    if isinstance(found, Locked):
        title = f"make {entry.path} again: {found.count} packages" if entry.why else f"install {entry.path}"
        title += " and install it" if entry.why and entry.beside else ""
        return Finding(RULE, entry.word.span, message, _fix(project, entry, title, found), cost)
    return Finding(RULE, entry.word.span, message, None, cost, _advice(project, entry, found))


def _fix(project: Project, entry: Outdated, title: str, found: Locked) -> Fix:
    answer = entry.again.answer(project) if entry.again else None
    return Fix(
        title, Safety.SAFE, found.edits, frozenset({"packages", "files"}), notes=answer.warnings if answer else ()
    )


def _advice(project: Project, entry: Outdated, why_not: str) -> str:
    if not entry.why:
        return f"Install {entry.path} instead: {why_not}."
    if not entry.made.is_own:
        return f"Run `{mask(entry.made.command)}` again with the image's Python and commit {entry.path}."
    answer = entry.again.answer(project) if entry.again else None
    if why_not and not (answer and answer.is_unreachable):
        return f"{entry.path} was not made again: {why_not}."
    reason = f" ({why_not})" if why_not else ""
    return f"`pydock fix` makes {entry.path} again where it can ask a package index{reason}."


def _used(project: Project, stage: Stage) -> Iterator[tuple[Span, Lock]]:
    """The locks of tools that a stage installs from, each once, with the word that does it."""
    seen: set[str] = set()
    for sync in syncs(project, stage):
        path = context_path(project, sync, LOCKS[sync.tool])
        found = lock(project, path) if path and path not in seen else None
        if found and not sync.has("--skip-lock"):
            seen.add(found.path)
            yield sync.verb.span, found


def _other_python(project: Project, stage: Stage, found: Lock) -> str:
    image = project.python_image(stage)
    if image is None or image.version.count(".") < 1 or not found.python:
        return ""
    if fits(found.python, image.version) is not False:
        return ""
    made_for = found.python.removeprefix("==").removesuffix(".*")
    return f"{found.path} is for Python {made_for}, the image has {image.version}"


RULE = Rule("PYD211", "stale-lock", check, __doc__, EXAMPLES)
