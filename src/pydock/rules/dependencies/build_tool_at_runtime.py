"""Poetry, Pipenv, uv or Hatch is in the image that is shipped.

They have done their work when the packages are installed. What stays is their size (Poetry
brings some forty packages), their vulnerabilities, and packages of their own in the same
site-packages as the service's.

Only said where the file has several stages already and the final one installs the tool
itself; splitting a single stage settles it along the way. Only shown: a command or a script
of the service may need the tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.installs import installs_of
from pydock.build.walk import starts
from pydock.locks.installs.shipped_stages import shipped
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.text import Span

_TOOLS = frozenset(["poetry", "pipenv", "uv", "hatch", "pdm"])
_COST = "the tool, its dependencies and whatever a scanner finds in them are part of every container"
_TWO = "FROM python:3.12-slim AS builder\nRUN true\nFROM python:3.12-slim\n"

EXAMPLES = (
    Example(before=f"{_TWO}RUN pip install poetry==2.2.1\nCOPY --from=builder /app /app\n", finds=True),
    Example(before=f"{_TWO}RUN pip install poetry==2.2.1 && poetry install && pip uninstall -y poetry\n"),
    Example(before="FROM python:3.12-slim\nRUN pip install poetry==2.2.1\n"),
)


def check(project: Project) -> Iterator[Finding]:
    if len(project.dockerfile.stages) < 2:
        return
    for tool, span in _installed(project):
        start = _starts_with(project, tool)
        advice = (
            f"{start} needs {tool}: name the program in the environment instead, then install in a builder."
            if start
            else f"Install with {tool} in a builder stage and copy the environment."
        )
        yield Finding(RULE, span, f"{tool} stays in the final image", None, _COST, advice)


def _installed(project: Project) -> Iterator[tuple[str, Span]]:
    """(tool, place) of each tool that the shipped stages install and do not take away again."""
    removed = _removed(project)
    for stage in shipped(project):
        for install in installs_of(project, stage):
            for word in install.packages:
                tool = re.split(r"[=<>~!\[ ]", word.value or "")[0].lower()
                if tool in _TOOLS and tool not in removed and not install.has("-t", "--target"):
                    yield tool, word.span
        for copy in stage.of("COPY"):
            if "astral-sh/uv" in (copy.flag("from") or "") and "uv" not in removed:
                yield "uv", copy.body


def _removed(project: Project) -> set[str]:
    found: set[str] = set()
    for stage in shipped(project):
        for call in walk(project).commands_of(stage.index):
            if call.program == "rm" or call.verb.endswith("uninstall"):
                words = [word.head for word in call.line.operands]
                found |= {tool for word in words for tool in _TOOLS if re.search(rf"\b{tool}\b", word)}
    return found


def _starts_with(project: Project, tool: str) -> str:
    for stage in shipped(project):
        for keyword in ("ENTRYPOINT", "CMD"):
            instruction = stage.last(keyword)
            own = (start for start in starts(project) if start.instruction is instruction)
            if any(tool in (start.program, *start.wrappers) for start in own):
                return keyword
    return ""


RULE = Rule("PYD209", "build-tool-at-runtime", check, __doc__, EXAMPLES)
