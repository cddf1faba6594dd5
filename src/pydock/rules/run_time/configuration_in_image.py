"""The image carries the settings of one environment.

An image with `DJANGO_SETTINGS_MODULE=settings.production` or the address of a database in it
runs in that one place. The same image should pass from test to production, and what differs
should come from outside (https://12factor.net/config).

There is no automatic cure for ENV: which value is a sensible default and which belongs to one
environment is for a person to say. Secrets and addresses that are literals of the source are what
the codemod `settings-from-environment` is for; their values are not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.contract import contract
from pydock.dockerfile import Assignment
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.service.files.literals import Literal, literals
from pydock.system.distribution import runs_python
from pydock.text import Span

_MODE = regex(
    r"(?:FLASK|DJANGO|APP|ENV|NODE|RAILS|FASTAPI|SERVICE|DEPLOY)?_?(?:ENV|ENVIRONMENT|CONFIGURATION|STAGE|SETTINGS|"
    r"SETTINGS_MODULE|CONFIG|PROFILE)"
)
_PLACE = regex(r"\w*(?:HOST|HOSTNAME|ADDRESS|SERVER|URL|URI|DSN|ENDPOINT|BROKER|BACKEND)S?")
_ONE_ENVIRONMENT = regex(r"(?:\A|[._/-])(?:prod|production|staging|stage|dev|develop|development|test|testing)\Z", re.I)
_ADDRESS = regex(
    r"(?:[a-z][a-z0-9+]*://)?(?:[^@/\s]*@)?(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[a-z0-9-]+\.)+[a-z]{2,})(?::\d+)?(?:/.*)?\Z",
    re.I,
)
_OF_CONTAINER = regex(r"(?:[a-z][a-z0-9+]*://)?(?:0\.0\.0\.0|127\.|localhost)", re.I)
_OF_BUILD = regex(r"PIP_\w+|UV_\w+|NPM_\w+|\w*(?:DOWNLOAD|MIRROR|INDEX|RELEASE|REPO|SOURCE)\w*")

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nENV DJANGO_SETTINGS_MODULE=shop.settings.production\nCMD python app.py\n",
        finds=True,
    ),
    Example(before="FROM python:3.12-slim\nENV DB_HOST=db.shop.example.com\nCMD python app.py\n", finds=True),
    Example(before="FROM python:3.12-slim\nENV DJANGO_SETTINGS_MODULE=shop.settings HOST=0.0.0.0\nCMD python app.py\n"),
    Example(
        before='FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n',
        files={"app.py": "DB_HOST = 'db'\nprint(DB_HOST)\n"},
        finds=True,
    ),
    Example(
        before='FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "settings.py"]\n',
        files={"settings.py": "EMAIL_BACKEND = 'smtp.EmailBackend'\nTOKEN_STRATEGY = 'shop.tokens.DrfTokenStrategy'\n"},
    ),
    Example(before="FROM python:3.12-slim\nENV PIP_INDEX_URL=https://packages.example.com/simple\nCMD python app.py\n"),
)


def check(project: Project) -> Iterator[Finding]:
    if not runs_python(project, project.final):
        return
    yield from _in_source(project)
    for stage in project.lineage(project.final):
        for instruction in stage.of("ENV"):
            for entry in instruction.assignments:
                if (what := _what(entry)) and contract(project).environment.get(entry.name) == entry.value:
                    yield Finding(
                        RULE,
                        entry.span,
                        f"{entry.name} fixes {what} in the image",
                        cost="the image that was tested is not the one that runs in production",
                        advice=f"Leave {entry.name} out, or give it a default that fits everywhere, and set it "
                        "where the container is started.",
                    )


def _in_source(project: Project) -> Iterator[Finding]:
    """One finding for each file that holds such literals, at the first of them."""
    by_path: dict[str, list[Literal]] = {}
    for literal in literals(project):
        by_path.setdefault(literal.path, []).append(literal)
    for path, found in by_path.items():
        secrets = dict.fromkeys(literal.variable for literal in found if literal.is_secret)
        places = dict.fromkeys(literal.variable for literal in found if literal.variable not in secrets)
        kinds = (("secrets", secrets), ("addresses of other services", places))
        named = " and ".join(f"{kind} ({', '.join(names)})" for kind, names in kinds if names)
        yield Finding(
            RULE,
            _line(project.tree.text(path) or "", found[0].line),
            f"{named} are literals of the source",
            cost="every copy of the image holds the secret" if secrets else "the image runs in one environment only",
            advice="`pydock fix --codemods settings-from-environment` takes them from the environment.",
            path=path,
        )


def _line(text: str, number: int) -> Span:
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: number - 1])
    return Span(start, start + len(lines[number - 1].rstrip("\r")))


def _what(entry: Assignment) -> str:
    """What an assignment decides for one environment only, "" for nothing of that kind."""
    value = entry.value or ""
    if _OF_BUILD.fullmatch(entry.name):
        return ""
    if _MODE.fullmatch(entry.name) and _ONE_ENVIRONMENT.search(value):
        return "one environment's settings"
    # The address itself is not repeated: it may hold a password.
    if _PLACE.fullmatch(entry.name) and _ADDRESS.match(value) and not _OF_CONTAINER.match(value):
        return "an address"
    return ""


RULE = Rule("PYD416", "configuration-in-image", check, __doc__, EXAMPLES)
