"""Compilers, headers and build tools ship to production.

One stage that installs packages and runs the service carries everything that installing
needed: the full image is about 900 MB larger than slim, a compiler about 200 MB. All of it is
pulled by every node and counted by every scanner.

The cure is two stages: a builder that installs into a virtual environment, and a runtime
stage on the slim image that gets the environment and the code. The environment has no pip: the
image's own fills it (`python -m pip`), and it sees what the image has, which is pip and, before
Python 3.12, setuptools. It gets a pip of its own where something calls `pip` by its name, or
where Poetry and the like stand beside it in the builder. What the full image has of what
`apt-get` is asked for is not installed again. Headers are replaced by the
libraries they stand for, programs that the service calls are carried over, and what is not
understood is left alone: then the finding says which line stands in the way.

Safe where every input of the install was read. A doubt (a context that is not known, a list
of packages that could not be read) makes it unsafe and is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.edits import Safety
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.split import Refusal, split

CHANGES = frozenset(
    {"base", "environment", "packages", "system_packages", "files", "cmd", "entrypoint", "healthcheck", "stop_signal"}
)

EXAMPLES = (
    Example(
        before=(
            'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
        ),
        after=(
            "FROM python:3.12 AS builder\n"
            "# the image has pip, so the environment needs none of its own\n"
            "RUN python -m venv --without-pip --system-site-packages /opt/venv\n"
            'ENV PATH="/opt/venv/bin:$PATH"\n'
            "WORKDIR /app\n"
            "COPY requirements.txt ./\n"
            "RUN python -m pip install -r requirements.txt\n\n"
            "FROM python:3.12-slim\n"
            'ENV PATH="/opt/venv/bin:$PATH"\n'
            "COPY --from=builder /opt/venv /opt/venv\n"
            "WORKDIR /app\n"
            "COPY . .\n"
            'CMD ["python", "app.py"]\n'
        ),
        files={"requirements.txt": "flask==3.1.2\n", "app.py": "print('hello')\n"},
    ),
    Example(before="FROM python:3.12-alpine\nRUN pip install flask==3.1.2\n", finds=True),
)


def check(project: Project) -> Iterator[Finding]:
    found = split(project)
    at = project.dockerfile.stages[0].start.value_span
    if found is None:
        return
    if isinstance(found, Refusal):
        line = project.line(found.span)
        yield Finding(
            RULE,
            at,
            f"one stage builds and runs, and line {line} stands in the way of two: {found.why}",
            cost="what installing needs ships to production",
            advice=found.advice,
        )
        return
    safety = Safety.UNSAFE if found.doubts else Safety.SAFE
    yield Finding(
        RULE,
        at,
        "one stage builds and runs, so what installing needs ships to production",
        found.plan.fix("split into builder and runtime", safety, CHANGES, found.doubts, found.notes),
        cost="every pull carries compilers, headers and build tools that the service never calls",
    )


RULE = Rule("PYD104", "single-stage", check, __doc__, EXAMPLES)
