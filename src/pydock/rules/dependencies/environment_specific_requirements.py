"""One image is meant for several environments, and the file that makes the difference is written in.

With `requirements/dev.txt` and `requirements/prod.txt` beside each other, a Dockerfile that
installs the development file ships debuggers to production, and one that is edited by hand
for each environment is never the one that was tested.

A build argument with the production file as its default lets one Dockerfile make both:
`docker build --build-arg REQUIREMENTS=requirements/dev.txt .` builds the other one. Unsafe, because a build without
that argument gets the production file from then on.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build.installs import Install, installs_of
from pydock.build.laws import DEVELOPMENT
from pydock.locks.installs.shipped_stages import feeding
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.shell import Word
from pydock.text import Edit, Fix, Safety, Span

_DEVELOPMENT = frozenset(["dev", "develop", "development", "local", "test", "tests", "testing"])
_PRODUCTION = frozenset(["prod", "production", "live"])
_OTHERS = frozenset(["staging", "stage", "qa", "uat", "preprod"])
_ARGUMENT = "REQUIREMENTS"
_WORDS = _DEVELOPMENT | _PRODUCTION | _OTHERS
_FILES = {"requirements/dev.txt": "-r prod.txt\n", "requirements/prod.txt": "flask==3.1.2\n"}
_BEFORE = "FROM python:3.12-slim\nCOPY requirements requirements\nRUN pip install -r requirements/{name}.txt\n"

EXAMPLES = (
    Example(
        before=_BEFORE.format(name="dev"),
        after="FROM python:3.12-slim\nCOPY requirements requirements\nARG REQUIREMENTS=requirements/prod.txt\n"
        "RUN pip install -r $REQUIREMENTS\n",
        files=_FILES,
        allow=Safety.UNSAFE,
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY requirements/dev.txt .\nRUN pip install -r dev.txt\n",
        files=_FILES,
        finds=True,
    ),
    Example(before=_BEFORE.format(name="prod"), files=_FILES),
    Example(before=_BEFORE.format(name="$ENVIRONMENT"), files=_FILES),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in feeding(project):
        seen: set[str] = set()
        for install in installs_of(project, stage):
            for word in install.files:
                path = install.origin(project, word.value) if word.is_written else None
                if path is None or path in seen:
                    continue
                seen.add(path)
                word_of_path = _environment(path)
                siblings = sorted(_siblings(project, path)) if word_of_path else []
                if message := _message(path, word_of_path, siblings):
                    live = next((each for each in [path, *siblings] if _environment(each) in _PRODUCTION), path)
                    fix = _fix(project, install, word, path, live)
                    yield Finding(RULE, word.span, message, fix, _COST, "" if fix else _advice(live))


_COST = "every environment needs its own Dockerfile or an edit by hand, and what was tested is not what is shipped"


def _parts(path: str) -> list[str]:
    return re.split(r"[-_.]", posixpath.basename(path).lower().removesuffix(".txt"))


def _environment(path: str) -> str:
    """The environment that a file is named after, "" for any other file."""
    return next((part for part in _parts(path) if part in _WORDS), "")


def _siblings(project: Project, path: str) -> Iterator[str]:
    """Files named the same way after another environment."""
    shape = [part for part in _parts(path) if part not in _WORDS]
    for other in project.tree.files:
        is_beside = other != path and posixpath.dirname(other) == posixpath.dirname(path) and other.endswith(".txt")
        if is_beside and _environment(other) and [part for part in _parts(other) if part not in _WORDS] == shape:
            yield other


def _message(path: str, word: str, siblings: list[str]) -> str:
    words = {_environment(other) for other in siblings}
    if word in _DEVELOPMENT and (live := [other for other in siblings if _environment(other) in _PRODUCTION]):
        return f"{path} is installed into the image, though there is {live[0]}"
    if word in _OTHERS | _PRODUCTION and words & (_OTHERS | _PRODUCTION):
        return f"{path} is written in, though there is {', '.join(other for other in siblings)} too"
    return ""


def _fix(project: Project, install: Install, word: Word, path: str, live: str) -> Fix | None:
    """A build argument in place of the file, where the production file lies beside it in the image, too."""
    folder, _ = posixpath.split(word.value or "")
    written = posixpath.join(folder, posixpath.basename(live))
    names = {entry.name for instruction in project.dockerfile.instructions for entry in instruction.assignments}
    is_plain = project.dockerfile.slice(word.span) == word.value
    if not is_plain or _ARGUMENT in names or install.origin(project, written) != live:
        return None
    start = install.instruction.span.start
    edits = (
        Edit(project.path, Span(start, start), project.dockerfile.written(f"ARG {_ARGUMENT}={written}\n")),
        Edit(project.path, word.span, f"${_ARGUMENT}"),
    )
    title = f"choose the file by a build argument, {live} by default"
    doubts = (f"a build without --build-arg {_ARGUMENT}={word.value} gets {live}",) if live != path else ()
    return Fix(title, Safety.UNSAFE, edits, frozenset({DEVELOPMENT}), doubts)


def _advice(live: str) -> str:
    return f"Let a build argument choose: `ARG {_ARGUMENT}={live}` and `pip install -r ${_ARGUMENT}`."


RULE = Rule("PYD208", "environment-specific-requirements", check, __doc__, EXAMPLES, level=Level.NOTE)
