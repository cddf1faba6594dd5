"""Packages are installed into the system interpreter.

What pip puts into `/usr/local` mixes with what the image brought, cannot be copied to another
stage as a whole, and makes `pip` warn when it runs as root.

The cure is a virtual environment in `/opt/venv`, first on the PATH. It comes with the split
into builder and runtime (single-stage); where that is not possible the finding has no fix,
because moving an environment changes every absolute path that names it. `venv = false` in the
configuration turns the rule off where the container itself is the environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.installs import Install, installs_of
from pydock.build.views import image
from pydock.dockerfile import Stage
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.split import Split, split

EXAMPLES = (
    Example(before="FROM python:3.12-alpine\nRUN pip install flask==3.1.2\n", finds=True),
    Example(
        before="FROM python:3.12-slim\nRUN python -m venv /venv\n"
        'ENV PATH="/venv/bin:$PATH"\nRUN pip install flask==3.1.2\nCOPY . /app\nONBUILD COPY . /app\n'
    ),
    Example(before='FROM python:3.12-slim\nCMD ["python", "-m", "http.server"]\n'),
    # A tool that only building calls may lie beside the image's pip; uv makes an environment of its own.
    Example(
        before="FROM python:3.12-alpine\nWORKDIR /app\nRUN pip install uv==0.9.0\nCOPY pyproject.toml uv.lock ./\n"
        'RUN uv sync --frozen\nCMD ["uv", "run", "app.py"]\n'
    ),
)


def check(project: Project) -> Iterator[Finding]:
    if not project.options.venv or project.python_image(project.final) is None:
        return
    # The split brings an environment along.
    if isinstance(split(project), Split):
        return
    of_service = {step.member.span for step in walk(project).steps if step.member and step.installs is not None}
    for install in installs_of(project, project.final):
        if install.step.span in of_service and not _has_environment(project, project.final, install):
            yield Finding(
                RULE,
                install.command.span,
                "packages go into the system interpreter",
                cost="they mix with the packages of the base image and cannot be copied as a whole",
                advice="install into a virtual environment: python -m venv /opt/venv, its bin first on the PATH",
            )
            return


def _has_environment(project: Project, stage: Stage, install: Install) -> bool:
    environment = image(project, stage, install.instruction).variables
    path = environment.get("PATH") or ""
    program = install.command.values[0] if install.command.words else ""
    own_paths = [entry for entry in path.split(":") if entry and not entry.startswith(("/usr", "/bin", "/sbin", "$"))]
    activates = any("activate" in word for command in (install.step.commands) for word in command.values)
    return bool(environment.get("VIRTUAL_ENV") or own_paths or activates) or program.startswith(
        ("/opt", "/venv", "/env")
    )


RULE = Rule("PYD203", "no-venv", check, __doc__, EXAMPLES, level=Level.NOTE)
