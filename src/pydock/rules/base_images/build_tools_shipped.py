"""Compilers or headers stand in the stage that ships, although another stage does the building.

A file with a builder of its own gains nothing from it where the last stage, or a stage that both start from,
installs the compilers again: each pull and each scan has them. `build-essential` is about 250 MB.

The cure puts them into the stage that builds with them. Shared libraries take the place of packages with headers
where something may load these. Found is what the build and the processes of the shipped image are not known to
call; Debian only. What may call a compiler when the code runs makes the fix unsafe and is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.views import user_set
from pydock.dockerfile import Stage
from pydock.patches import with_words
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.split import Split, split
from pydock.split.build_packages import Tools, shipped_tools, tool_doubts
from pydock.split.text.reasons import install_text, listed
from pydock.text import Edit, Fix, Safety, Span

CHANGES = frozenset({"system_packages"})

_BUILD = "COPY requirements.txt ./\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"
_RUN = 'COPY --from=build /opt/venv /opt/venv\nCOPY app.py ./\nCMD ["/opt/venv/bin/python", "app.py"]\n'
_INSTALL = "apt-get install -y --no-install-recommends {}"
_APT = f"RUN apt-get update \\\n    && {_INSTALL} \\\n    && rm -rf /var/lib/apt/lists/*\n"
_FILES = {"requirements.txt": "psycopg2==2.9.10\n", "app.py": "import psycopg2\n"}

EXAMPLES = (
    Example(
        before=(
            f"FROM python:3.12-slim-bookworm AS base\n{_APT.format('gcc')}FROM base AS build\n{_BUILD}FROM base\n{_RUN}"
        ),
        after=(
            f"FROM python:3.12-slim-bookworm AS base\nFROM base AS build\n{_APT.format('gcc')}{_BUILD}FROM base\n{_RUN}"
        ),
        files=_FILES,
    ),
    Example(
        before=(
            f"FROM python:3.12-slim-bookworm AS build\n{_APT.format('gcc libpq-dev')}{_BUILD}"
            f"FROM python:3.12-slim-bookworm\n{_APT.format('curl libpq-dev')}{_RUN}"
        ),
        after=(
            f"FROM python:3.12-slim-bookworm AS build\n{_APT.format('gcc libpq-dev')}{_BUILD}"
            f"FROM python:3.12-slim-bookworm\n{_APT.format('curl libpq5')}{_RUN}"
        ),
        files=_FILES,
    ),
    Example(
        before=(
            f"FROM python:3.12-slim-bookworm AS build\n{_BUILD}"
            f"FROM python:3.12-slim-bookworm\n{_APT.format('libpq5')}{_RUN}"
        ),
        files=_FILES,
    ),
)


def check(project: Project) -> Iterator[Finding]:
    if len(project.dockerfile.stages) < 2 or isinstance(split(project), Split):
        return
    for tools in shipped_tools(project):
        if not _is_kept(project, tools):
            yield _finding(project, tools)


def _is_kept(project: Project, tools: Tools) -> bool:
    """Whether nothing would change: what stands in for each package is the package itself."""
    return not tools.builders and set(tools.packages) <= set(tools.libraries)


def _finding(project: Project, tools: Tools) -> Finding:
    first = tools.steps[0].operand
    at = first.span if first is not None else tools.run.body
    fix, why = _fix(project, tools)
    names = [name for name in tools.packages if name not in tools.libraries]
    said = "ships, and only building uses it" if len(names) == 1 else "ship, and only building uses them"
    return Finding(
        RULE,
        at,
        f"{listed(names)} {said}",
        fix,
        cost="each pull and each scan has compilers and headers that the service never calls",
        advice=why,
    )


def _fix(project: Project, tools: Tools) -> tuple[Fix | None, str]:
    if any(not _is_root(project, stage) for stage in tools.builders):
        return None, "Install it in the stage that builds, above its USER."
    removal = _removal(project, tools)
    if removal is None:
        return None, "Install it in the stage that builds, in a RUN of its own."
    edits = [removal]
    for stage in tools.builders:
        place = Span(stage.start.span.end, stage.start.span.end)
        edits.append(Edit(project.path, place, project.dockerfile.written(install_text("", tools.words))))
    doubts = tuple(tool_doubts(project, tools))
    names = [stage.name or f"stage {stage.index}" for stage in tools.builders]
    named = listed([name for name in tools.packages if name not in tools.libraries])
    title = f"install {named} in {listed(names)}" if names else f"leave out {named}"
    if tools.libraries:
        title += f", and {listed(tools.libraries)} here"
    return Fix(title, Safety.UNSAFE if doubts else Safety.SAFE, tuple(edits), CHANGES, doubts), ""


def _is_root(project: Project, stage: Stage) -> bool:
    return user_set(project, stage, stage.start) in {"", "root", "0"}


def _removal(project: Project, tools: Tools) -> Edit | None:
    """The RUN without the packages; None where it does more, and nothing is left to install."""
    dockerfile, member = project.dockerfile, tools.member
    command = member.command
    if command is None:
        return None
    gone = member.words_of(tools.steps)
    rest = tuple(name for name in member.packages if name not in tools.packages)
    if rest or tools.libraries:
        span, text = with_words(dockerfile, command, [w for w in command.words if w not in gone], tools.libraries)
        return Edit(project.path, span, text)
    return Edit(project.path, tools.run.span, "") if tools.is_alone else None


RULE = Rule("PYD110", "build-tools-shipped", check, __doc__, EXAMPLES)
