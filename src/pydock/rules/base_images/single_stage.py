"""Compilers, headers and build tools ship to production.

One stage that installs packages and runs the service carries everything that installing
needed: the full image is about 900 MB larger than slim, a compiler about 200 MB. All of it is
pulled by every node and counted by every scanner.

The cure is two stages. The builder installs into a virtual environment; the runtime stage, on the
slim image, gets the environment and the code. The environment sees nothing of the image's own packages,
and the image's pip fills it from outside (`pip --python`, 22.3 and newer), so it needs no pip of its own
unless something calls `pip` by its name. Each command goes where what it needs is: the file is read as a
program, and the builder is the slice behind the installs. What the full image has of what `apt-get` is
asked for is not installed again. Libraries stand in for headers, what slim lacks is installed above its
first use, and a file whose commands or processes would lack something is left alone: then the finding says
which line stands in the way.

Safe where every input of the install was read. A doubt (a context that is not known, a list
of packages that could not be read) makes it unsafe and is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.split import Refusal, split
from pydock.text import Safety

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
            "RUN python -m venv --without-pip /opt/venv\n"
            "WORKDIR /app\n"
            "COPY requirements.txt ./\n"
            "RUN pip --python /opt/venv install -r requirements.txt\n\n"
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
            f"cannot be split because of line {line}: {found.why}",
            cost="compilers and build tools end up in the final image",
            advice=found.advice,
        )
        return
    safety = Safety.UNSAFE if found.doubts else Safety.SAFE
    yield Finding(
        RULE,
        at,
        "compilers and build tools end up in the final image (single stage)",
        found.plan.fix("split into builder and runtime", safety, CHANGES, found.doubts, found.notes),
        cost="every pull carries compilers, headers and build tools that the service never calls",
    )


RULE = Rule("PYD104", "single-stage", check, __doc__, EXAMPLES)
