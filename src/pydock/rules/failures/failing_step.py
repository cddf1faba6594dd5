"""A step of the build cannot find what it needs, so the image does not build.

A COPY of a file that is not there, an `apt-get install` without package lists, a program that the slim image does
not have, a package that this release of Debian does not have, an option that the installed version of a tool has
no longer: the build stops at that line, on every machine that has nothing cached.

Found is what is surely missing by the walk of the file. Of files that git ignores, or that scripts and pipelines of
the project name, nothing is said: they may be made before the build. Fixed is an option that has another name now;
the rest is for a person, with the name of the package where it is known.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import Build, Step, walk
from pydock.build.laws.violation import named, quoted, why_missing
from pydock.images.base import name_in_suite
from pydock.images.debian import program
from pydock.images.tags import version_order
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.bases import is_on_mirrors
from pydock.project.memory import remembered
from pydock.project.retag import build_files
from pydock.rule import Example, Finding, Level, Rule
from pydock.state import BASE, Answer, Need
from pydock.state.needs import InSuite, OlderRelease, PackageLists, Place, Program
from pydock.text import Edit, Fix, Safety, Span

_CONTEXT = "context:"
_EXACT = regex(r"==(\d+(?:\.\d+)*)")
_HEAD = "FROM python:3.12-slim-bookworm\nWORKDIR /app\n"
_FILES = {
    "pyproject.toml": '[tool.poetry]\nname = "a"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.9"\n',
    "poetry.lock": "",
}

EXAMPLES = (
    Example(before=f"{_HEAD}COPY ./src .\n", files={"app.py": ""}, finds=True),
    Example(before=f"{_HEAD}COPY app.py .\n", files={"app.py": ""}),
    Example(before=f"{_HEAD}COPY app.js .\n", files={"Makefile": "app.js:\n\tnpx tsc\n"}),
    Example(before=f"{_HEAD}RUN curl -O https://example.org/model.bin\n", finds=True),
    Example(before=f"{_HEAD}RUN apt-get install -y libpq5\n", finds=True),
    Example(
        before=f"{_HEAD}RUN pip install poetry\nCOPY . .\nRUN poetry install --no-dev\n",
        after=f"{_HEAD}RUN pip install poetry\nCOPY . .\nRUN poetry install --only main\n",
        files=_FILES,
    ),
    Example(before=f"{_HEAD}RUN pip install poetry==1.8.5\nCOPY . .\nRUN poetry install --no-dev\n", files=_FILES),
)


def check(project: Project) -> Iterator[Finding]:
    build = walk(project)
    told: set[Need] = set()
    for step in build.steps:
        for need, found in step.needs:
            if need in told or not _is_missing(project, build, step, need, found.answer):
                continue
            told.add(need)
            yield Finding(
                RULE,
                step.operand.span if step.operand is not None else step.instruction.body,
                f"{quoted(step)} needs {named(need)}, {_where(build, step, need)}",
                _renamed(project, step, need),
                cost="the build stops at this line",
                advice=_advice(step, need),
            )
        if _fetches_from_nowhere(project, step):
            suite = step.before.base.suite
            yield Finding(
                RULE,
                step.instruction.body,
                f"{quoted(step)} asks for the package lists of Debian {suite}, which the mirrors have no longer",
                cost="the build stops at this line",
                advice="Move to a release that is on the mirrors, or name archive.debian.org in /etc/apt/sources.list.",
            )
            return


def _is_missing(project: Project, build: Build, step: Step, need: Need, answer: Answer) -> bool:
    match need:
        case OlderRelease("poetry", below):
            return _is_newer(build, step, below)
        case Place(path) if path.startswith(_CONTEXT):
            return answer is Answer.NO and not _may_be_made(project, path.removeprefix(_CONTEXT))
        case _:
            return answer is Answer.NO


def _is_newer(build: Build, step: Step, below: str) -> bool:
    """Whether pip brings the newest Poetry, or one that a pin says is too new."""
    makers = [number for number in step.before.find(Program("poetry")).makers if number != BASE]
    pins = [build.steps[number].pin("poetry") for number in makers]
    return bool(pins) and all(pin is not None and _is_above(pin, below) for pin in pins)


def _is_above(pin: str, below: str) -> bool:
    """Whether what is asked of a version surely gives one that is not below another: the newest, or an exact one."""
    exact = _EXACT.fullmatch(pin)
    return not pin or (exact is not None and version_order(exact[1]) >= version_order(below))


def _may_be_made(project: Project, path: str) -> bool:
    """Whether a path may be there in another build: git ignores it, a script names it, or it is elsewhere."""
    path = path.strip("/")
    name = posixpath.basename(path)
    if name in _names(project) and any(f"/{file}/".rfind(f"/{path}/") > 0 for file in project.tree.files):
        return True
    return project.tree.may_be_made(path) or any(name in text for _, text in build_files(project))


@remembered
def _names(project: Project) -> frozenset[str]:
    """The names of all files and folders of the context."""
    return frozenset(part for path in project.tree.files for part in path.split("/"))


def _fetches_from_nowhere(project: Project, step: Step) -> bool:
    base = step.before.base
    if PackageLists() not in step.provides or not base.is_known or is_on_mirrors(project, base.suite):
        return False
    return not any(path.startswith("/etc/apt/sources") for path in step.before.files_below("/etc/apt"))


def _where(build: Build, step: Step, need: Need) -> str:
    if isinstance(need, OlderRelease):
        return f"and the newest {need.program} is installed"
    return why_missing(build, step, need)


def _advice(step: Step, need: Need) -> str:
    match need:
        case Program(name) if (known := program(name)) is not None and known.package:
            return f"Install {name_in_suite(known.package, step.before.base.suite)} above this line."
        case PackageLists():
            return "Put `apt-get update &&` in front of it, in the same RUN."
        case InSuite(package) if (name := name_in_suite(package, step.before.base.suite)) != package:
            return f"There it is called {name}."
        case Place(path) if path.startswith(_CONTEXT):
            return "Name what is there, or build with the folder that has it as the context."
        case _:
            return ""


def _renamed(project: Project, step: Step, need: Need) -> Fix | None:
    """`--no-dev` under its new name, which Poetry has had since 1.2."""
    commands = step.member.commands if isinstance(need, OlderRelease) and step.member is not None else ()
    words = [word for command in commands for word in command.words if word.text == "--no-dev"]
    edits = tuple(Edit(project.path, Span(word.span.start, word.span.end), "--only main") for word in words)
    return Fix("say `--only main`", Safety.SAFE, edits, frozenset({"packages"})) if edits else None


RULE = Rule("PYD601", "failing-step", check, __doc__, EXAMPLES, level=Level.ERROR)
