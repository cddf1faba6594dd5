"""The container starts a server that nothing installs.

`gunicorn` in CMD and no gunicorn in the requirements: the image builds, and each container ends at once with
"executable file not found".

Found is a server that is a Python package, where everything that the image installs could be read. Which version
it should have is for a person: add it to the requirements.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.walk import starts
from pydock.locks.installed_imports import missing_programs
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.state import Answer
from pydock.state.needs import Program

_FILE = (
    "FROM python:3.12-slim\nCOPY requirements.txt app.py ./\nRUN pip install -r requirements.txt\n"
    'CMD ["gunicorn", "app:app"]\n'
)

EXAMPLES = (
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2\n", "app.py": ""}, finds=True),
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2\ngunicorn==23.0.0\n", "app.py": ""}),
)


def check(project: Project) -> Iterator[Finding]:
    absent = dict(missing_programs(project))
    state = walk(project).final
    for start in starts(project):
        package = absent.get(start.program)
        if package is None or start.path != project.path or start.instruction is None:
            continue
        if state.find(Program(start.program)).answer is Answer.YES:
            continue
        yield Finding(
            RULE,
            start.span or start.instruction.body,
            f"{start.origin} calls {start.program}, and nothing installs {package}",
            cost="each container ends as it starts: executable file not found",
            advice=f"Add {package} to the requirements.",
        )
        return


RULE = Rule("PYD604", "missing-server", check, __doc__, EXAMPLES, level=Level.ERROR)
