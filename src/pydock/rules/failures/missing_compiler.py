"""A package without wheels is installed where nothing can compile it.

psycopg2, mysqlclient and python-ldap publish no wheels for Linux. On the slim image pip stops with
"gcc: command not found" or "pg_config executable not found".

The cure is what the package is compiled with, in front of the install; `pydock fix` leaves it in the builder
alone. Safe: the install fails today. Nothing is said where another index or a folder of wheels is named, which may
have some.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import Step, walk
from pydock.build.installs import installs_of, requirement_sets
from pydock.build.views import user_set
from pydock.images.debian import build_packages
from pydock.locks.installs.indexes import Supply, supply
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.split.text.reasons import install_text, listed
from pydock.state import Answer
from pydock.state.needs import Distribution, Package, Toolchain
from pydock.text import Edit, Fix, Safety, Span

_HEAD = "FROM python:3.12-slim-bookworm\nCOPY requirements.txt app.py ./\n"
_APT = "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends {} \\\n"
_TAIL = 'RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
_FILES = {"requirements.txt": "psycopg2==2.9.10\n", "app.py": "import psycopg2\n"}

EXAMPLES = (
    Example(
        before=f"{_HEAD}{_TAIL}",
        after=(
            f"{_HEAD}# psycopg2 is compiled\n{_APT.format('gcc libc6-dev libpq-dev')}"
            f"    && rm -rf /var/lib/apt/lists/*\n{_TAIL}"
        ),
        files=_FILES,
    ),
    Example(before=f"{_HEAD}RUN apt-get update && apt-get install -y gcc libpq-dev\n{_TAIL}", files=_FILES),
    Example(before=f"{_HEAD}{_TAIL}", files={**_FILES, "requirements.txt": "psycopg2-binary==2.9.10\n"}),
    Example(
        before=f"{_HEAD}{_TAIL}",
        files={**_FILES, "requirements.txt": "--find-links wheels\npsycopg2==2.9.10\n"},
    ),
)


def check(project: Project) -> Iterator[Finding]:
    for step in walk(project).steps:
        packages = _compiled(project, step)
        if not packages:
            continue
        verb = "is" if len(packages) == 1 else "are"
        yield Finding(
            RULE,
            step.instruction.body,
            f"{listed(sorted(packages))} {verb} compiled here, and the slim image has no compiler",
            _fix(project, step, packages),
            cost="the build stops at this line",
            advice="Install what it is compiled with in front, or take a package with wheels.",
        )
        return


def _compiled(project: Project, step: Step) -> dict[str, tuple[str, ...]]:
    """The packages without wheels that a step installs where no compiler is, with what each is compiled with."""
    state = step.before
    if step.installs is None or state.base.variant != "slim" or state.find(Toolchain()).makers:
        return {}
    if state.find(Package("gcc")).answer is not Answer.NO:
        return {}
    if not _is_of_the_index(project, step):
        return {}
    names = {thing.name for thing in step.provides if isinstance(thing, Distribution)}
    found = {name: build_packages(name, state.base.suite) for name in sorted(names)}
    return {name: packages for name, packages in found.items() if packages}


def _is_of_the_index(project: Project, step: Step) -> bool:
    """Whether pip takes everything from the public index, as far as that can be known."""
    installs = installs_of(project, project.dockerfile.stages[step.stage])
    supplies = [
        supply(project, install, requirement_sets(project))
        for install in installs
        if install.instruction is step.instruction
    ]
    return bool(supplies) and all(each == Supply() for each in supplies)


def _fix(project: Project, step: Step, packages: dict[str, tuple[str, ...]]) -> Fix | None:
    stage = project.dockerfile.stages[step.stage]
    if user_set(project, stage, step.instruction) not in {"", "root", "0"}:
        return None
    verb = "is" if len(packages) == 1 else "are"
    wanted = sorted({name for names in packages.values() for name in names})
    text = install_text(f"# {listed(sorted(packages))} {verb} compiled\n", wanted)
    start = step.instruction.span.start
    edit = Edit(project.path, Span(start, start), project.dockerfile.written(text))
    return Fix(f"install {listed(wanted)}", Safety.SAFE, (edit,), frozenset({"system_packages"}))


RULE = Rule("PYD603", "missing-compiler", check, __doc__, EXAMPLES, level=Level.ERROR)
