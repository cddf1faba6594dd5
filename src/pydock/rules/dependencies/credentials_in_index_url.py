"""A user and a password in the URL of a package index or of a repository.

`pip install --index-url https://user:password@...` stays in the history of the image,
`PIP_INDEX_URL` in its configuration, and a requirements file in the layer that copies it and
in version control. pip also prints parts of the URL into build logs.

No fix: the build has to be called with a secret. The value is shown in no message.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.installs import requirement_sets
from pydock.dockerfile import Instruction, Stage
from pydock.packages.requirements import Kind
from pydock.project import Project
from pydock.project.secrets import is_index_variable, is_installer, url_variables
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.files.leaks import CONFIGURATIONS, index_passwords, leaks
from pydock.shell import Word
from pydock.text import Span

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nRUN pip install --index-url https://ci:hunter22@pypi.example.com/simple lib\n",
        finds=True,
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        files={"requirements.txt": "lib @ git+https://ci:hunter22@git.example.com/lib.git@v1\n"},
        finds=True,
    ),
    Example(before="FROM python:3.12-slim\nRUN pip install --index-url https://pypi.example.com/simple lib\n"),
    Example(before="FROM python:3.12-slim\nRUN pip install git+ssh://git@git.example.com/lib.git@v1\n"),
)

_ADVICE = (
    "Give pip a netrc or pip.conf as a secret mount: RUN --mount=type=secret,id=netrc,target=/root/.netrc pip install "
    "..., and docker build --secret id=netrc,src=$HOME/.netrc."
)
_REPLACE = " Replace the password where it was issued, if this file or image has been shared."


def check(project: Project) -> Iterator[Finding]:
    for instruction in project.dockerfile.instructions:
        if instruction.keyword in {"ENV", "ARG"}:
            yield from _variables(project, instruction)
    for stage in project.dockerfile.stages:
        for call in walk(project).commands_of(stage.index):
            if is_installer(call.command.values):
                yield from _words(project, stage, call.instruction, (*call.command.assignments, *call.command.words))
    yield from _requirements(project)
    yield from _configurations(project)


def _variables(project: Project, instruction: Instruction) -> Iterator[Finding]:
    written = {leak.name for leak in leaks(project).get(instruction.number, ()) if leak.is_index}
    for entry in instruction.assignments:
        if not is_index_variable(entry.name) or not entry.value:
            continue
        passed = url_variables(entry.value)
        if entry.name in written and not passed:
            where = "configuration" if instruction.keyword == "ENV" else "history"
            yield _finding(entry.span, f"{entry.name} holds a password", f"it can be read in the image's {where}")
        elif instruction.keyword == "ENV" and passed:
            yield _finding(
                entry.span,
                f"{entry.name} keeps a password that is passed to the build",
                "it can be read in the image's configuration",
                shared=False,
            )


def _words(project: Project, stage: Stage, run: Instruction, words: tuple[Word, ...]) -> Iterator[Finding]:
    written = {leak.span for leak in leaks(project).get(run.number, ()) if leak.is_index}
    for word in words:
        if passed := url_variables(word.text) & _arguments(stage, run):
            yield _finding(
                word.span,
                f"{', '.join(sorted(passed))} brings a password as a build argument",
                f"its value stays in the image's history, with the RUN on line {project.line(run.span)}",
                shared=False,
            )
        elif word.span in written:
            yield _finding(
                word.span,
                "the URL of this install holds a password",
                "it can be read in the image's history",
            )


def _arguments(stage: Stage, run: Instruction) -> set[str]:
    """The build arguments and variables that the Dockerfile itself declares above a RUN."""
    return {
        entry.name
        for instruction in stage.of("ARG", "ENV")
        if instruction.number < run.number
        for entry in instruction.assignments
    }


def _requirements(project: Project) -> Iterator[Finding]:
    for found in requirement_sets(project):
        for entry in found.entries:
            if entry.kind is not Kind.BLANK and index_passwords(entry.text):
                what = entry.name or ("the index" if entry.kind is Kind.OPTION else "an entry")
                yield _finding(
                    entry.span,
                    f"the URL of {what} on line {entry.line} of {entry.path} holds a password",
                    "it is in the layer that copies the file, and in version control",
                    path=entry.path,
                )


def _configurations(project: Project) -> Iterator[Finding]:
    for path in project.tree.named(*CONFIGURATIONS):
        text = project.tree.text(path) or ""
        for span in index_passwords(text):
            line = text.count("\n", 0, span.start) + 1
            yield _finding(
                span,
                f"a URL on line {line} of {path} holds a password",
                "it is in the layer that copies the file, and in version control",
                path=path,
            )


def _finding(span: Span, message: str, cost: str, *, path: str = "", shared: bool = True) -> Finding:
    return Finding(RULE, span, message, cost=cost, advice=_ADVICE + (_REPLACE if shared else ""), path=path)


RULE = Rule("PYD210", "credentials-in-index-url", check, __doc__, EXAMPLES, level=Level.ERROR)
