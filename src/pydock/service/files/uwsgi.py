"""The files that uWSGI writes by its own settings: its process id, sockets, figures and log.

https://uwsgi-docs.readthedocs.io/en/latest/Configuration.html and .../Options.html, read 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build.containers.start import Start
from pydock.build.contract import contract
from pydock.build.views import files
from pydock.patterns import regex
from pydock.project import Project

_NAMED = """
    pidfile pidfile2 safe-pidfile safe-pidfile2 logto logto2 logger req-logger daemonize daemonize2 stats stats-server
    socket uwsgi-socket http-socket fastcgi-socket scgi-socket fifo master-fifo touch-reload spooler cache2
"""
_NAMES = tuple(_NAMED.split())
_SHORT = {"-s": "socket", "-d": "daemonize"}
_FILE = regex(r"(?:\A|/)[^/]*uwsgi[^/]*\.(?:ini|ya?ml|conf|cfg)\Z")
_SETTING = regex(rf"^[ \t]*({'|'.join(_NAMES)})[ \t]*[=:][ \t]*([^\s#;]+)[ \t]*$", re.M)
_ADDRESS = regex(r"(?:[\w.\[\]*-]*:)?\d+\Z|(?:[\w.-]+://.*)\Z")
# Filled in by uWSGI: `%d`, `%(name)`, `$(NAME)`, `@(file)`.
_FILLED_IN = regex(r"%[\w(]|\$[\w({]|@\(")


def uwsgi_files(project: Project, start: Start) -> Iterator[tuple[str | None, str]]:
    """(path, who says so) of each file; None for a path that uWSGI puts together when it starts."""
    for name in _NAMES:
        for option in (f"--{name}", *(short for short, long in _SHORT.items() if long == name)):
            if word := start.called.option(option):
                yield from _path(word.value, start.origin)
        value = contract(project).environment.get(f"UWSGI_{name.upper().replace('-', '_')}")
        if value:
            yield from _path(value, "ENV UWSGI")
    for path in _settings(project, start):
        for found in _SETTING.finditer(project.tree.text(path) or ""):
            yield from _path(found[2], path)


def _path(value: str | None, place: str) -> Iterator[tuple[str | None, str]]:
    text = (value or "").strip("\"'").removeprefix("unix:").removeprefix("file:")
    if value is None or _FILLED_IN.search(text):
        yield None, place
    elif text and "=" not in text and not _ADDRESS.fullmatch(text):
        yield text, place


def _settings(project: Project, start: Start) -> Iterator[str]:
    """The files of settings: what the command names, and what is called like one."""
    named = {files(project).origin(word) for word in start.called.values if word and posixpath.splitext(word)[1]}
    for path in project.tree.files:
        if path in named or _FILE.search(path):
            yield path
