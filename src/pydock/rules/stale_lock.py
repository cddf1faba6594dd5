"""The lock does not belong to what the image installs it for.

A lock that is older than its pyproject.toml or Pipfile is either refused by the tool, which
stops the build, or made again on the spot, which installs versions nobody has seen. A lock
for another Python names wheels that do not exist for this one, or lets uv download a second
interpreter.

Making a lock needs the tool and an index, so the finding names the command. Staleness is only
said where it is certain: by the tool's own hash, or by names and versions that differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.dockerfile import Stage
from pydock.lines import Span
from pydock.project import Project
from pydock.project.installs import RESOLVING, installs
from pydock.project.locks import Lock, compiled, lock
from pydock.project.python_range import fits
from pydock.project.syncs import LOCKS, context_path, syncs
from pydock.rule import Example, Finding, Rule

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
    "pip-tools": "pip-compile",
}


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
                cost = "wheels may be missing or be other ones, and markers were decided for another Python"
                yield Finding(RULE, place, message, None, cost, again)


def _used(project: Project, stage: Stage) -> Iterator[tuple[Span, Lock]]:
    """The locks that a stage installs from, each once, with the word that does it."""
    seen: set[str] = set()
    for sync in syncs(project.dockerfile, stage):
        path = context_path(project, sync, LOCKS[sync.tool])
        found = lock(project, path) if path and path not in seen else None
        if found and not sync.has("--skip-lock"):
            seen.add(found.path)
            yield sync.verb.span, found
    for install in installs(project.dockerfile, stage, RESOLVING):
        for word in install.files:
            path = project.origin(stage, word.value, install.instruction) if word.value else None
            if path and path not in seen and not path.endswith((".toml", ".cfg", ".py")):
                seen.add(path)
                if found := compiled(project, project.requirement_set(path)):
                    yield word.span, found


def _other_python(project: Project, stage: Stage, found: Lock) -> str:
    image = project.python_image(stage)
    if image is None or image.version.count(".") < 1 or not found.python:
        return ""
    if fits(found.python, image.version) is not False:
        return ""
    made_for = found.python.removeprefix("==").removesuffix(".*")
    return f"{found.path} is for Python {made_for}, the image has {image.version}"


RULE = Rule("PYD211", "stale-lock", check, __doc__, EXAMPLES)
