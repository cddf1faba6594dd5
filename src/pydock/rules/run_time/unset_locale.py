"""What the interpreter does depends on settings that nobody made.

Without `LANG` and `LC_ALL` the C locale may decide how text files and file names are read,
without `TZ` the zone is whatever the base image has, and without
`PYTHONDONTWRITEBYTECODE=1` each import tries to write a `.pyc` beside the code, into the
container's own layer.

The cure is one ENV in the runtime stage, together with `PYTHONUNBUFFERED`. Safe: it says
what the official images do anyway, it never replaces a value, and where the image makes its
own locales or sets its own zone that half is left alone. The bytecode of installed packages
stays: pip compiles it at install time whatever this variable says. Where a step of the image runs the
service's own code, or nothing has compiled its packages, bytecode is worth writing: then this half is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.contract import contract
from pydock.locks.installs.shipped_stages import feeding
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.files.documents import gives_zone
from pydock.system.bytecode import leaves_bytecode, uncompiled_installs
from pydock.system.distribution import Family, family, runs_python
from pydock.system.layout import environment_edits
from pydock.text import Fix, Safety

_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_LOCALE = regex(r"\blocales\b|\blocales-all\b|locale-gen|localedef|update-locale|language-pack")
_ZONE = regex(r"/etc/(localtime|timezone)|\btzdata\b|timedatectl")

EXAMPLES = (
    Example(
        before='FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nCMD ["python", "app.py"]\n',
        after=(
            "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1 \\\n    PYTHONDONTWRITEBYTECODE=1 \\\n"
            '    LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC\nCMD ["python", "app.py"]\n'
        ),
    ),
    Example(
        before=(
            "FROM python:3.12-slim\nENV TZ=Europe/Vienna\nENV PYTHONDONTWRITEBYTECODE 1\n"
            "RUN apt-get update && apt-get install -y tzdata\nCMD python app.py\n"
        ),
        after=(
            "FROM python:3.12-slim\nENV TZ=Europe/Vienna\nENV PYTHONDONTWRITEBYTECODE=1 \\\n"
            "    LANG=C.UTF-8 LC_ALL=C.UTF-8\n"
            "RUN apt-get update && apt-get install -y tzdata\nCMD python app.py\n"
        ),
    ),
    Example(
        before=(
            "FROM python:3.12-slim\nRUN apt-get install -y locales && locale-gen de_DE.UTF-8\n"
            "ENV LANG=de_DE.UTF-8 PYTHONDONTWRITEBYTECODE=1 TZ=UTC\nCMD python app.py\n"
        ),
    ),
    Example(
        before="FROM python:3.12-slim\nENV LANG=C.UTF-8 LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1\nCMD python app.py\n",
        files={"README.md": "docker run -v /etc/localtime:/etc/localtime:ro web\n"},
    ),
)


def check(project: Project) -> Iterator[Finding]:
    if not runs_python(project, project.final):
        return
    bytecode, region = _bytecode(project), (*_locale(project), *_zone(project))
    lines = (*bytecode, *((" ".join(region),) if region else ()))
    if not lines:
        return
    names = [entry.partition("=")[0] for entry in (*bytecode, *region)]
    yield Finding(
        RULE,
        project.final.start.body,
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not set",
        Fix(
            _title(names),
            Safety.SAFE,
            environment_edits(project, lines),
            frozenset({"environment"}),
        ),
        cost="encoding and time zone are left to the base image"
        + (", and .pyc files are written at run time" if bytecode else ""),
    )


def _title(names: list[str]) -> str:
    if names == [_BYTECODE]:
        return "write no bytecode at run time"
    is_about = {"encoding": "LC_ALL" in names, "time zone": "TZ" in names, "bytecode": _BYTECODE in names}
    *others, last = [what for what, is_set in is_about.items() if is_set]
    return f"set the {', '.join(others)} and {last} of Python" if others else f"set the {last} of Python"


def _bytecode(project: Project) -> tuple[str, ...]:
    names = {_BYTECODE, "PYTHONPYCACHEPREFIX"}
    if names & set(contract(project).environment) or leaves_bytecode(project):
        return ()
    is_missing = any(uncompiled_installs(project, stage) for stage in feeding(project))
    return () if is_missing else (f"{_BYTECODE}=1",)


def _locale(project: Project) -> tuple[str, ...]:
    environment = contract(project).environment
    if any(name == "LANGUAGE" or name.startswith("LC_") for name in environment) or _mentions(project, _LOCALE):
        return ()
    if family(project, project.final) is Family.OTHER:
        # C.UTF-8 is there on Debian since 2013 and on Alpine; other distributions got it later.
        return ()
    lang = environment.get("LANG", "")
    if lang == "":
        return ("LANG=C.UTF-8", "LC_ALL=C.UTF-8")
    return ("LC_ALL=C.UTF-8",) if lang == "C.UTF-8" else ()


def _zone(project: Project) -> tuple[str, ...]:
    composed = [each for service in services(project) for each in service.mounts if _ZONE.search(each.target or "")]
    is_set = "TZ" in contract(project).environment or bool(composed) or _mentions(project, _ZONE) or gives_zone(project)
    return () if is_set else ("TZ=UTC",)


def _mentions(project: Project, pattern: re.Pattern[str]) -> bool:
    """Whether an instruction of the final stage or of those below it takes care itself."""
    instructions = [entry for stage in project.lineage(project.final) for entry in stage.of("RUN", "COPY", "ADD")]
    return any(pattern.search(entry.value) or any(map(pattern.search, entry.documents)) for entry in instructions)


RULE = Rule("PYD404", "unset-locale", check, __doc__, EXAMPLES, level=Level.NOTE)
