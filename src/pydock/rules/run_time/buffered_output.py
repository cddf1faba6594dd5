"""Python keeps what a service prints in a buffer.

Standard output is no terminal in a container, so Python collects 8 KB before it writes.
`docker logs` lags behind, and what was in the buffer when the process was killed is lost:
the very lines that say why.

The cure is `PYTHONUNBUFFERED=1`. Safe: the same text is written, only sooner.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.contract import contract
from pydock.build.walk import starts
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.system.distribution import runs_python
from pydock.system.layout import environment_edits
from pydock.text import Fix, Safety

NAME = "PYTHONUNBUFFERED"

EXAMPLES = (
    Example(
        before='FROM python:3.12-slim\nRUN useradd app\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n',
        after=(
            "FROM python:3.12-slim\nRUN useradd app\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\nCOPY . .\n"
            'CMD ["python", "app.py"]\n'
        ),
    ),
    Example(
        before='FROM python:3.12-slim\nENV PATH="/opt/venv/bin:$PATH"\nCMD ["python", "app.py"]\n',
        after=(
            'FROM python:3.12-slim\nENV PATH="/opt/venv/bin:$PATH" \\\n    PYTHONUNBUFFERED=1\n'
            'CMD ["python", "app.py"]\n'
        ),
    ),
    Example(before='FROM python:3.12-slim\nENV PYTHONUNBUFFERED 1\nCMD ["python", "app.py"]\n'),
    Example(before='FROM python:3.12-slim\nCMD ["python", "-u", "app.py"]\n'),
    Example(before="FROM nginx:1.27\nCOPY site /usr/share/nginx/html\n"),
)


def check(project: Project) -> Iterator[Finding]:
    if NAME in contract(project).environment or not runs_python(project, project.final) or _is_asked_for(project):
        return
    yield Finding(
        RULE,
        project.final.start.body,
        f"{NAME} is not set",
        Fix(
            "set PYTHONUNBUFFERED=1 so that logs appear immediately",
            Safety.SAFE,
            environment_edits(project, (f"{NAME}=1",)),
            frozenset({"environment"}),
        ),
        cost="the last lines before a crash stay in a buffer and never reach the log",
    )


def _is_asked_for(project: Project) -> bool:
    """Whether every interpreter is started with `-u`."""
    interpreters = [start for start in starts(project) if start.program.startswith("python") and start.role != "probe"]
    return bool(interpreters) and all("-u" in start.command.values[1:4] for start in interpreters)


RULE = Rule("PYD403", "buffered-output", check, __doc__, EXAMPLES)
