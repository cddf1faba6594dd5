"""Commands that make or change a file in the image before something is installed from it.

What is in the context is then not what is installed: `echo gunicorn >> requirements.txt`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.build.installs import Install, pip_command, runs
from pydock.build.views import files_before
from pydock.patterns import regex
from pydock.project import Project
from pydock.shell import Command, script
from pydock.text import Span

_NAME = regex(r"[^\s;&|<>()\"'=]+")
_TO_NOBODY = regex(r"[\d&]?>>?\s*(?:/dev/(?:null|stdout|stderr)\b|&\d)")
_REDIRECT = regex(r">\s*([^\s;&|<>()]+)")
_READERS = frozenset(
    [
        *("cat", "grep", "egrep", "fgrep", "head", "tail", "ls", "test", "[", "[[", "wc", "stat", "diff", "true", ":"),
        *("echo", "printf", "chmod", "chown"),
    ]
)
_WRITERS = frozenset(
    ["cp", "mv", "ln", "rm", "touch", "mkdir", "tee", "sed", "awk", "sort", "uniq", "cut", "tr", "iconv", "dos2unix"]
)


def names_in(text: str) -> frozenset[str]:
    """Everything in a command that may be the path of a file, what it redirects to included."""
    return frozenset(_NAME.findall(text))


def only_reads(text: str, commands: Iterable[Command]) -> bool:
    """Whether commands are known to change none of the files that they name."""
    return not _writes(text) and all(command.program in _READERS for command in commands)


def reads_what_it_names(commands: Iterable[Command]) -> bool:
    """Whether commands are known to read no files but those that they name."""
    return all(command.program in _READERS | _WRITERS for command in commands)


def changed_by(text: str, commands: Iterable[Command]) -> frozenset[str]:
    """The paths that commands which are read here make or change."""
    found = set(_REDIRECT.findall(_TO_NOBODY.sub("", text)))
    for command in commands:
        operands = [value for value in command.values[1:] if not value.startswith("-")]
        match command.program:
            case "cp" | "mv" | "ln":
                found |= set(operands[-1:])
            case "chmod" | "chown" | "sed":
                found |= set(operands[1:])
            case "tee" | "rm" | "touch" | "mkdir" | "dos2unix":
                found |= set(operands)
            case _:
                pass
    return frozenset(path.strip("\"'") for path in found if path)


def _writes(text: str) -> bool:
    return ">" in _TO_NOBODY.sub("", text)


def changed_before(project: Project, install: Install) -> str:
    """What changes a file of an install before it is read, as a sentence; "" where nothing does."""
    names = _read_by(project, install)
    for span, commands in _before(project, install) if names else ():
        text = project.dockerfile.slice(span)
        found = sorted(names & set(map(posixpath.basename, names_in(text))))
        others = [command for command in commands if pip_command(command) is None]
        if found and (_writes(text) or not only_reads(text, others)):
            return f"line {project.line(span)} may change {found[0]} before it is installed"
    return ""


def _read_by(project: Project, install: Install) -> frozenset[str]:
    """The names of the files that an install reads, and of those that they include."""
    found = set()
    for word in (*install.files, *install.constraints):
        found.add(word.value or "")
        origin = files_before(project, install.instruction).origin(word.value) if word.value else None
        found |= set(project.requirement_set(origin).files) if origin else set()
    return frozenset(map(posixpath.basename, found)) - {""}


def _before(project: Project, install: Install) -> Iterator[tuple[Span, tuple[Command, ...]]]:
    """What runs in an install's stage, and in those below it, before it."""
    start = install.command.span.start
    for stage in reversed(project.lineage(install.stage)):
        for run in runs(project.dockerfile, stage):
            if stage is install.stage and run.span.start > start:
                return
            for step in script(run).steps:
                if run is install.instruction and step.span.end > start:
                    earlier = tuple(each for each in step.commands if each.span.end <= start)
                    yield Span(step.span.start, start), earlier
                    return
                yield step.span, step.commands
