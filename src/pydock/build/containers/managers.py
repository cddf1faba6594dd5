"""What process managers start: the lines of a Procfile, the programs of supervisor's configuration.

Sources: https://honcho.readthedocs.io/en/latest/, http://supervisord.org/configuration.html, read 2026-11.
"""

from __future__ import annotations

import configparser
import posixpath
import re
from collections.abc import Iterator

from pydock.build.containers.container import Container
from pydock.patterns import regex
from pydock.shell import Command
from pydock.values import Value

_LINE = regex(r"^([\w-]+):[ \t]*(\S[^\n]*)", re.M)
_DEBIANS = "/etc/supervisor/supervisord.conf"
_SUPERVISORS = ("supervisord.conf", "/etc/supervisord.conf", _DEBIANS)
_INCLUDED = "/etc/supervisor/conf.d/"
_EXPANSION = regex(r"%\(ENV_(\w+)\)s")


class Managed(Value):
    """A command that a process manager runs, and the file that says so."""

    name: str
    path: str
    text: str


def managed(container: Container, command: Command) -> tuple[Managed, ...]:
    """What a process manager starts, () for any other program and where nothing says it."""
    match command.program:
        case "honcho" | "foreman" | "hivemind" | "overmind" if (
            "start" in command.values or command.program == "hivemind"
        ):
            return tuple(_of_procfile(container, command))
        case "supervisord":
            return tuple(_of_supervisor(container, command))
        case _:
            return ()


def _of_procfile(container: Container, command: Command) -> Iterator[Managed]:
    option = command.option("-f", "--procfile")
    found = container.files.content((option.value if option else None) or "Procfile")
    names = [value for value in command.values[1:] if not value.startswith("-")]
    chosen = set(names[names.index("start") + 1 :]) if "start" in names else set()
    for match in _LINE.finditer(found[1]) if found else ():
        if not chosen or match[1] in chosen:
            yield Managed(match[1], found[0] if found else "", match[2])


def _of_supervisor(container: Container, command: Command) -> Iterator[Managed]:
    option = command.option("-c", "--configuration")
    given = [option.value] if option and option.value else [*_SUPERVISORS]
    # Debian's own file includes the folder, and so does a file of the project in its place.
    named = [*given, *(_of_folder(container) if _DEBIANS in given else ())]
    for path, text in filter(None, (container.files.content(each) for each in named)):
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True, inline_comment_prefixes=(";",))
        try:
            parser.read_string(text)
        except configparser.Error:
            return
        for section in parser.sections():
            started = parser.get(section, "command", fallback="") if section.startswith("program:") else ""
            if started:
                # A command may go on in indented lines, which no shell reads.
                yield Managed(section.partition(":")[2], path, _EXPANSION.sub(r"${\1}", " ".join(started.split())))


def _of_folder(container: Container) -> Iterator[str]:
    """The files that end in the folder which Debian's configuration includes."""
    names = {posixpath.basename(path) for path in container.project.tree.files if path.endswith(".conf")}
    names |= {posixpath.basename(path) for path, _ in container.files.written() if path.startswith(_INCLUDED)}
    yield from (f"{_INCLUDED}{name}" for name in sorted(names))
