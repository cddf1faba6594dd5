"""Addresses and secrets read from the environment instead of being literals in the source.

The same image should run on a developer's machine, in test and in production, and what differs
comes from outside (https://12factor.net/config). A secret in the source is in every copy of the
repository and of the image.

An address of a database, a broker or the like becomes `os.environ.get("DB_HOST", "db")` with the
old value as its default, so nothing changes until somebody sets the variable. A secret gets no
default: `os.environ["SECRET_KEY"]`. The service does not start without it then, which is why that
is only done where this codemod is named. Its value is never shown, in the difference it is masked;
it stays in the history of the repository, so it has to be changed.

Refused: a file where `os` is something else. Left alone: values that are put together, that an
environment variable decides already, and classes that read the environment by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

import libcst as cst

from pydock.codemods.codemod import Change, Codemod, Example
from pydock.codemods.source import Replacement, Source, read_source
from pydock.project import Project
from pydock.service.files.literals import Literal, literals, runs_application

EXAMPLES = (
    Example(
        path="worker.py",
        before="""\
import time

REDIS_URL = "redis://cache:6379/0"
DB_HOST = 'db'  # the container's name
RETRIES = 3

print(REDIS_URL, DB_HOST, RETRIES)
""",
        after="""\
import os
import time

REDIS_URL = os.environ.get("REDIS_URL", "redis://cache:6379/0")
DB_HOST = os.environ.get("DB_HOST", 'db')  # the container's name
RETRIES = 3

print(REDIS_URL, DB_HOST, RETRIES)
""",
    ),
    Example(
        before="""\
from flask import Flask

app = Flask(__name__)
app.config["SECRET_KEY"] = "not-a-real-one-94f1"
app.run(host="0.0.0.0")
""",
        after="""\
import os

from flask import Flask

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
app.run(host="0.0.0.0")
""",
    ),
    Example(
        before="""\
from myself import os

SMTP_HOST = "mail"
print(os, SMTP_HOST)
""",
        refuses=True,
    ),
    Example(
        before="""\
import os

DB_HOST = os.environ.get("DB_HOST", "db")
API_URL = "https://api.example.com"
EMAIL_CONFIRMED_URL = "index"
TOKEN_PREFIX_REDIS = "access"
print(DB_HOST, API_URL, EMAIL_CONFIRMED_URL, TOKEN_PREFIX_REDIS)
""",
    ),
)


def changes(project: Project) -> Iterator[Change]:
    for (path, is_secret), group in groupby(
        sorted(literals(project), key=lambda each: (each.path, each.is_secret, each.line)),
        key=lambda each: (each.path, each.is_secret),
    ):
        source = read_source(project, path)
        if source is not None:
            yield from _change(project, source, tuple(group), is_secret=is_secret)


def _change(project: Project, source: Source, found: Sequence[Literal], *, is_secret: bool) -> Iterator[Change]:
    replacements: dict[cst.CSTNode, Replacement] = {}
    for literal in found:
        node = source.string_at(literal.line, literal.column)
        if node is not None:
            replacements[node] = partial(_from_environment, variable=literal.variable, is_secret=is_secret)
    if not replacements:
        return
    place = source.span(next(iter(replacements)))
    if "os" in source.bound:
        yield Change(source, place, "os is no module in this file but something of its own")
        return
    names = ", ".join(dict.fromkeys(literal.variable for literal in found))
    edits = source.edits(replacements, ("os",))
    doubts = tuple(_doubts(project, names)) if is_secret else ()
    notes = ("The secret stays in the repository's history: make a new one.",) if is_secret else ()
    yield Change(source, place, f"take {names} from the environment", edits, doubts, notes)


def _from_environment(updated: cst.CSTNode, *, variable: str, is_secret: bool) -> cst.CSTNode:
    if is_secret:
        return cst.parse_expression(f'os.environ["{variable}"]')
    look_up = cst.ensure_type(cst.parse_expression(f'os.environ.get("{variable}", 0)'), cst.Call)
    first, second = look_up.args
    return look_up.with_changes(args=[first, second.with_changes(value=updated)])


def _doubts(project: Project, names: str) -> Iterator[str]:
    yield f"the service does not start until {names} is set where it is started"
    for line in runs_application(project):
        yield f"line {line} of the Dockerfile runs the application, and may need it while the image is built"


CODEMOD = Codemod("settings-from-environment", "PYD416", changes, __doc__ or "", EXAMPLES)
