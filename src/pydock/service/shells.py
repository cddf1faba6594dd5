"""Servers that a shell stays in front of: at the end of scripts and of `sh -c "a && b"`, so that signals end at it.

A shell that runs a single command takes its place by itself; in front of the last of several it waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.containers.start import Start
from pydock.build.walk import script_text, starts
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.main_command import is_job, is_server
from pydock.shell import SHELLS
from pydock.values import Value

_ROLES = frozenset({"script", "compose", "managed"})
_DAEMONS = frozenset({"nginx", "supervisord"})
_INTERPRETERS = frozenset({"python", "python3", "flask"})
_LOOPS = regex(r"(?:^|[;&|]|\b(?:do|then|else)\b)[ \t]*(?:while|until|for)\b", re.M)
_ENDS = regex(r"(?:^|[;&|])[ \t]*done\b", re.M)


class HeldServer(Value):
    """A server behind a shell. `is_followed`: the shell has something to do behind it. `is_word`: `exec` is enough."""

    start: Start
    is_followed: bool
    is_word: bool


def held_servers(project: Project) -> Iterator[HeldServer]:
    """Each server of a script, of a compose service or of a process manager that a shell waits for."""
    known = [start for start in starts(project) if start.role in _ROLES and not start.script]
    seen = set[tuple[str, ...]]()
    for start in known:
        beside = [other for other in known if _place(other) == _place(start)]
        # What a compose file on top says nothing of is told of the one below.
        is_composed = start.role == "compose"
        words = [word.text for other in beside for word in other.command.words] if is_composed else []
        key = (start.service if is_composed else start.origin, start.called.program, *words)
        if key in seen or not _waits_for(start) or any(other.program == "trap" for other in beside):
            continue
        text = script_text(project, start)
        is_alone = not text and len(beside) == 1
        if not start.is_last and not is_server(start):
            # Most likely it prepares what follows.
            continue
        if is_alone or not (text or (start.wrappers[-1:] and start.wrappers[-1] in SHELLS)):
            continue
        seen.add(key)
        is_plain = not start.command.assignments and not _is_in_loop(text[: start.command.span.start])
        yield HeldServer(start, not start.is_last, start.is_last and is_plain)


def _is_in_loop(before: str) -> bool:
    """Whether a loop that begins in a text does not end in it: a server in there is started again."""
    return len(_LOOPS.findall(before)) != len(_ENDS.findall(before))


def _place(start: Start) -> tuple[str, str]:
    """The script or the service that a command stands in."""
    file, colon, line = start.origin.rpartition(":")
    return (file if colon and line.isdigit() else start.origin), start.service


def _waits_for(start: Start) -> bool:
    is_program = is_server(start) or start.program in _INTERPRETERS
    is_waited_for = start.in_shell and start.is_taken and not start.is_background and "exec" not in start.wrappers
    return is_program and start.called.program not in _DAEMONS and is_waited_for and not is_job(start)
