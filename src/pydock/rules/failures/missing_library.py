"""A Python package loads a shared library that the image does not have.

The wheel of opencv-python needs libGL, WeasyPrint needs Pango, psycopg2 needs libpq: the slim image has none of
them. The build is fine, and the service stops at its first import.

The cure is the library's Debian package, under the name that it has in this release. Safe: without it the import
fails. Which package needs what is a dated table; packages that only may need something are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.views import user_set
from pydock.images.debian import needs
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.split.facts.wanted import names_of
from pydock.split.text.reasons import install_text, listed
from pydock.state import Answer
from pydock.state.needs import Library
from pydock.system.additions import added
from pydock.system.layout import inserted_after, last_of_system
from pydock.text import Fix, Safety

_HEAD = "FROM python:3.11-slim-bullseye\n"
_TAIL = 'COPY requirements.txt app.py ./\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
_FILES = {"requirements.txt": "weasyprint==62.3\n", "app.py": "import weasyprint\n"}

EXAMPLES = (
    Example(
        before=f"{_HEAD}{_TAIL}",
        after=(
            f"{_HEAD}# weasyprint needs these libraries\nRUN apt-get update \\\n"
            "    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \\\n"
            f"    && rm -rf /var/lib/apt/lists/*\n{_TAIL}"
        ),
        files=_FILES,
    ),
    Example(
        before=f"{_HEAD}RUN apt-get update && apt-get install -y libpango1.0-dev\n{_TAIL}",
        files=_FILES,
    ),
    # No table lists what the full images of buster have.
    Example(before=f"FROM python:3.7-buster\n{_TAIL}", files=_FILES),
    Example(before=f"FROM python:3.11-bullseye\n{_TAIL}", files={**_FILES, "requirements.txt": "flask==3.1.2\n"}),
)


def check(project: Project) -> Iterator[Finding]:
    build = walk(project)
    lacked = {
        need.package
        for process in build.processes
        for need, found in process.needs
        if isinstance(need, Library) and found.answer is Answer.NO
    }
    suite = build.final.base.suite
    # What a package calls is another matter: it may never do so.
    asked = (need for need in needs(names_of(build), suite) if not need.why.startswith("calls"))
    loading = [need for need in asked if need.package in lacked]
    if not loading or project.python_image(project.final) is None:
        return
    packages = sorted({need.package for need in loading})
    who = sorted({need.wanted_by for need in loading})
    verb = "needs" if len(who) == 1 else "need"
    yield Finding(
        RULE,
        project.final.start.body,
        f"{listed(who)} {verb} {listed(packages)}, which the image does not have",
        _fix(project, who, packages),
        cost="the import fails, so the service stops as it starts",
    )


def _fix(project: Project, who: list[str], packages: list[str]) -> Fix | None:
    edit = added(project, packages)
    if edit is None:
        anchor = last_of_system(project, project.final)
        if user_set(project, project.final, anchor) not in {"", "root", "0"}:
            return None
        verb = "needs" if len(who) == 1 else "need"
        text = install_text(f"# {listed(who)} {verb} these libraries\n", packages).rstrip("\n")
        edit = inserted_after(project, anchor, text)
    return Fix(f"install {listed(packages)}", Safety.SAFE, (edit,), frozenset({"system_packages"}))


RULE = Rule("PYD602", "missing-library", check, __doc__, EXAMPLES, level=Level.ERROR)
