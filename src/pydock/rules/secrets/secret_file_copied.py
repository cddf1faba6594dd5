"""A file with secrets reaches the image.

`COPY . .` takes everything that `.dockerignore` does not name: the `.env` of the person who
builds, private keys, the configuration of kubectl. Whoever can pull the image can read them,
and removing them in a later layer does not help.

The cure is a line in `.dockerignore`. Safe where nothing in the project reads the file: then
the image loses nothing that it uses. Unsafe where something reads it, since the service may
take its settings from the copy in the image; and a file that an instruction names, or that
`.dockerignore` lets in on purpose, is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.copies import Copied, copies
from pydock.context import Ignore
from pydock.dockerfile import Stage
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.files.secret_files import SECRETS, reader_of, secret_files
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import Value

_KEY = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nCOPY . /app\n",
        after="FROM python:3.12-slim\nCOPY . /app\n",
        files={".env": "DB_PASSWORD=hunter22\n", ".dockerignore": ".git\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY . /app\n",
        files={"server.key": _KEY, ".dockerignore": "*.key\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY server.key /etc/ssl/\n",
        files={"server.key": _KEY},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY . /app\n",
        files={".env": "DB_PASSWORD=hunter22\n", "app.py": "from dotenv import load_dotenv\nload_dotenv()\n"},
        finds=True,
    ),
)


class _Leak(Value):
    """A file that a copy takes, and who may read it."""

    path: str
    reader: str


def check(project: Project) -> Iterator[Finding]:
    if not project.tree.known:
        return
    name = f"{project.path}.dockerignore"
    ignore_path = name if project.tree.has_file(name) else ".dockerignore"
    ignore = Ignore(project.tree.text(ignore_path) or "")
    found = [path for path in secret_files(project.tree) if not ignore.hides(path)]
    seen: set[str] = set()
    for stage in project.dockerfile.stages:
        for copied in copies(project, stage):
            taken = [path for path in found if path not in seen and _takes(project, copied, path)]
            seen.update(taken)
            leaks = [_Leak(path, reader_of(project, path)) for path in taken]
            for group in ([leak for leak in leaks if not leak.reader], [leak for leak in leaks if leak.reader]):
                if group:
                    yield _finding(project, stage, copied, group, ignore, ignore_path)


def _takes(project: Project, copied: Copied, path: str) -> bool:
    """Whether a copy brings a file along without naming it."""
    if path in _named(project) or any(flag.name == "exclude" for flag in copied.instruction.flags):
        return False
    return any(source == "." or path.startswith(f"{source}/") for source in copied.sources)


def _named(project: Project) -> frozenset[str]:
    return frozenset(
        source for stage in project.dockerfile.stages for copied in copies(project, stage) for source in copied.sources
    )


def _finding(
    project: Project, stage: Stage, copied: Copied, leaks: list[_Leak], ignore: Ignore, ignore_path: str
) -> Finding:
    shown = ", ".join(leak.path for leak in leaks[:3]) + (f" and {len(leaks) - 3} more" if len(leaks) > 3 else "")
    wanted = [leak for leak in leaks if _may_be_hidden(leak.path, ignore)]
    fix = _fix(project, wanted, ignore_path) if len(wanted) == len(leaks) else None
    where = "the image" if stage is project.final else f"stage {stage.name or stage.index}"
    verb = "reaches" if len(leaks) == 1 else "reach"
    return Finding(
        RULE,
        copied.instruction.body,
        f"{shown} {verb} {where}",
        fix,
        cost="everyone who can pull the image can read it"
        if stage is project.final
        else "it stays in the build cache, and in the image wherever the folder is copied on",
        advice="" if fix else f"{ignore_path} lets it in on purpose; pass it when the container starts instead.",
    )


def _may_be_hidden(path: str, ignore: Ignore) -> bool:
    """Whether the path can stand in .dockerignore as it is, and nobody let it in on purpose."""
    if re.search(r"[*?\[\]\\]|\A[#!]|\A\s|\s\Z", path):
        return False
    exceptions = "\n".join(pattern[1:] for pattern in ignore.patterns if pattern.startswith("!"))
    return not Ignore(exceptions).hides(path)


def _fix(project: Project, leaks: list[_Leak], ignore_path: str) -> Fix:
    text = project.tree.text(ignore_path) or ""
    newline = "\r\n" if "\r\n" in text else "\n"
    start = newline if text and not text.endswith("\n") else ""
    added = start + "".join(f"{leak.path}{newline}" for leak in leaks)
    doubts = tuple(
        f"{leak.reader} may read {leak.path} in the container; it has to come from outside then" for leak in leaks
    )
    is_read = any(leak.reader for leak in leaks)
    return Fix(
        f"keep {', '.join(leak.path for leak in leaks)} out of the image",
        Safety.UNSAFE if is_read else Safety.SAFE,
        (Edit(ignore_path, Span(len(text), len(text)), added),),
        frozenset({SECRETS}),
        doubts=doubts if is_read else (),
        notes=("what is in these files has to come from outside when the container starts",),
    )


RULE = Rule("PYD502", "secret-file-copied", check, __doc__, EXAMPLES, level=Level.ERROR)
