"""One image is meant for several environments, and the file that makes the difference is written in.

With `requirements/dev.txt` and `requirements/prod.txt` beside each other, a Dockerfile that
installs the development file ships debuggers to production, and one that is edited by hand
for each environment is never the one that was tested.

A build argument with the production file as its default lets one Dockerfile make both. Only
shown: which file is meant for production is a decision, not a fact.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build.installs import installs_of
from pydock.locks.installs.shipped_stages import feeding
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule

_DEVELOPMENT = frozenset(["dev", "develop", "development", "local", "test", "tests", "testing"])
_PRODUCTION = frozenset(["prod", "production", "live"])
_OTHERS = frozenset(["staging", "stage", "qa", "uat", "preprod"])
_WORDS = _DEVELOPMENT | _PRODUCTION | _OTHERS
_FILES = {"requirements/dev.txt": "-r prod.txt\n", "requirements/prod.txt": "flask==3.1.2\n"}
_BEFORE = "FROM python:3.12-slim\nCOPY requirements requirements\nRUN pip install -r requirements/{name}.txt\n"

EXAMPLES = (
    Example(before=_BEFORE.format(name="dev"), files=_FILES, finds=True),
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
                    yield Finding(RULE, word.span, message, cost=_COST, advice=_advice(path, siblings))


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


def _advice(path: str, siblings: list[str]) -> str:
    live = next((other for other in [path, *siblings] if _environment(other) in _PRODUCTION), path)
    return f"Let a build argument choose: `ARG REQUIREMENTS={live}` and `pip install -r $REQUIREMENTS`."


RULE = Rule("PYD208", "environment-specific-requirements", check, __doc__, EXAMPLES, level=Level.NOTE)
