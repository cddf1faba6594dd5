"""The source imports what nobody installs, or a package is installed that nobody imports.

The first stops the service with ModuleNotFoundError, at its start or in the first request that
gets there. The second is downloaded, shipped, scanned and updated for nothing.

No fix: a name is no proof. Only what is sure is said: an import at the top of a file that the
service loads when it starts, inside no `try` and no `if`, of a module whose package is known, where
everything that the image installs is known with all that it brings. Of the packages only those
that an import alone would use, and that no file of the context names: drivers, servers, plugins and
packages that others may bring are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.locks.installed_imports import Import, missing_imports, unused_requirements
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.text import Span

_FILE = (
    "FROM python:3.12.14-slim-trixie\nCOPY . /app\nWORKDIR /app\nRUN pip install -r requirements.txt\n"
    "CMD python app.py\n"
)

EXAMPLES = (
    Example(
        before=_FILE,
        files={"app.py": "import flask\nimport requests\n", "requirements.txt": "flask==3.1.2\n"},
        finds=True,
    ),
    Example(
        before=_FILE,
        files={"app.py": "import flask\n", "requirements.txt": "flask==3.1.2\npandas==2.3.3\n"},
        finds=True,
    ),
    Example(
        before="FROM python:3.12.14-slim-trixie\nCOPY . /app\nWORKDIR /app\nRUN uv sync --locked\nCMD python app.py\n",
        files={
            "app.py": "import flask\n",
            "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = [\n  "flask",\n  "pandas",\n]\n',
            "uv.lock": "version = 1\n",
        },
        finds=True,
    ),
    Example(
        before=_FILE,
        files={
            "app.py": "import flask\nimport werkzeug\ntry:\n    import requests\n"
            "except ImportError:\n    requests = None\n",
            "requirements.txt": "flask==3.1.2\npsycopg2==2.9.10\n",
        },
    ),
)


def check(project: Project) -> Iterator[Finding]:
    for found, package in missing_imports(project):
        yield Finding(
            RULE,
            _line(project, found),
            f"{found.path} imports {found.module}, and nothing installs {package}",
            cost="the service stops with ModuleNotFoundError",
            advice=f"Add {package} to what is installed, or take the import out.",
            path=found.path,
        )
    for entry in unused_requirements(project):
        yield Finding(
            RULE,
            entry.span,
            f"{entry.name} is installed, and no file imports or names it",
            cost="it is downloaded, shipped and scanned with every image",
            advice="Take it out, unless something loads it by a name that is put together at run time.",
            path=entry.path,
        )


def _line(project: Project, found: Import) -> Span:
    lines = (project.tree.text(found.path) or "").split("\n")
    start = sum(len(line) + 1 for line in lines[: found.line - 1])
    return Span(start, start + len(lines[found.line - 1]))


RULE = Rule("PYD207", "imports-and-requirements-differ", check, __doc__, EXAMPLES)
