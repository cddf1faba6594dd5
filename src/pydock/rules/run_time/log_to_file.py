"""The logs go into a file inside the container.

`docker logs` shows nothing, the collector of the platform sees nothing, and the file grows in
the container's layer until the disk is full or the container, and the log with it, is gone.
See https://12factor.net/logs.

The cure is `-`, which is standard error and output to gunicorn. Safe, unless something else
reads the file: where it is on a volume, or named elsewhere, the fix is unsafe and says so.
Python's own log handlers are what the codemod `logs-to-stdout` is for; the files of other servers
are only pointed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.containers.start import Start
from pydock.build.contract import contract
from pydock.build.sources import sources
from pydock.patterns import regex
from pydock.project import Project, compose
from pydock.rule import Example, Finding, Rule
from pydock.service.arguments import changed_fields, is_editable, replaced
from pydock.service.gunicorn import Setting
from pydock.service.gunicorn_home import replaced_in_variable
from pydock.service.listeners import Server
from pydock.service.main_command import main_command
from pydock.service.server import servers
from pydock.text import Edit, Fix, Safety

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["gunicorn", "--access-logfile", "/var/log/access.log", "app:app"]\n',
        after=f'{_BASE}CMD ["gunicorn", "--access-logfile", "-", "app:app"]\n',
    ),
    Example(
        before=f"{_BASE}VOLUME /logs\nCMD gunicorn --log-file=/logs/app.log app:app\n",
        after=f"{_BASE}VOLUME /logs\nCMD gunicorn --log-file=- app:app\n",
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}CMD ["gunicorn", "app:app"]\n',
        after=f'{_BASE}CMD ["gunicorn", "app:app"]\n',
        files={"gunicorn.conf.py": 'errorlog = "/var/log/error.log"\n'},
    ),
    Example(
        before=f'{_BASE}ENV GUNICORN_CMD_ARGS="--bind=:80 --log-file=/var/log/app.log"\nCMD gunicorn app:app\n',
        after=f'{_BASE}ENV GUNICORN_CMD_ARGS="--bind=:80 --log-file=-"\nCMD gunicorn app:app\n',
    ),
    Example(before=f"{_BASE}CMD gunicorn --access-logfile - --error-logfile /dev/stderr app:app\n"),
    Example(
        before=f'{_BASE}CMD ["python", "app.py"]\n',
        files={"app.py": "import logging\nlogging.basicConfig(filename='app.log')\n"},
        finds=True,
    ),
)

_OPTIONS = {
    "accesslog": ("--access-logfile",),
    "errorlog": ("--error-logfile", "--log-file"),
}
_NO_FILE = regex(r"-|none|syslog.*|/dev/(?:stdout|stderr|null|fd/\d)|/proc/(?:1|self)/fd/\d|", re.I)
_HANDLER = regex(
    r"(?:logging\.(?:handlers\.)?|\bhandlers\.|\b)(?:(?:Timed)?Rotating|Watched)?FileHandler\(|"
    r"[\"']logging\.(?:handlers\.)?\w*FileHandler[\"']|basicConfig\([^)]*\bfilename\s*=|"
    r"\blogger\.add\(\s*f?[\"'][^\"']*\.log",
    words="FileHandler filename logger.add",
)
_COST = "docker logs shows nothing, and the file fills the container's layer until both are gone"


def check(project: Project) -> Iterator[Finding]:
    for server in servers(project):
        if server.gunicorn is not None and server.start.span is not None:
            for name in _OPTIONS:
                yield from _check_setting(project, server, name)
    yield from _check_sources(project)


def _check_setting(project: Project, server: Server, name: str) -> Iterator[Finding]:
    settings = server.gunicorn.settings.get(name) if server.gunicorn else None
    start = server.start
    path = settings[-1].value if settings else None
    if not settings or path is None or start.span is None or "$" in path or _NO_FILE.fullmatch(path):
        return
    if re.search(rf"ln\s+-\w+\s+/dev/std(?:out|err)\s+{re.escape(path)}", project.dockerfile.text):
        return
    edit = _edit(project, server, settings[-1], name)
    yield Finding(
        RULE,
        start.span,
        f"gunicorn writes its {'access' if name == 'accesslog' else 'error'} log to {path}",
        _fix(project, start, edit, path) if edit else None,
        cost=_COST,
        advice="" if edit else f"Use - instead of {path} in {start.origin}.",
    )


def _edit(project: Project, server: Server, setting: Setting, name: str) -> Edit | None:
    if server.gunicorn and setting.source == server.gunicorn.config and setting.span:
        return Edit(setting.source, setting.span, '"-"')
    start = server.start
    if setting.source == "environment" and setting.value:
        return replaced_in_variable(project, setting.value, "-")
    if setting.source != "command line" or not is_editable(project, start):
        return None
    for option in _OPTIONS[name]:
        for at, word in enumerate(start.command.words):
            if word.value == option and at + 1 < len(start.command.words):
                return replaced(start, start.command.words[at + 1], "-")
            if (word.value or "").startswith(f"{option}="):
                return replaced(start, word, f"{option}=-")
    return None


def _fix(project: Project, start: Start, edit: Edit, path: str) -> Fix:
    folders = [
        *contract(project).volumes,
        *(mount.target for service in compose.services(project) for mount in service.mounts),
    ]
    doubts = [f"{path} is on the volume {folder}" for folder in folders if folder and path.startswith(folder)]
    if re.search(rf"(?:tail|cat|less|rotate)\b[^\n]*{re.escape(path)}", project.dockerfile.text):
        doubts.append(f"something else in the Dockerfile reads {path}")
    safety = Safety.UNSAFE if doubts else Safety.SAFE
    title = "write gunicorn's log to the container's output"
    is_variable = edit.path == project.path and not changed_fields(project, start, edit)
    changes = frozenset({"environment"}) if is_variable else changed_fields(project, start, edit)
    return Fix(title, safety, (edit,), changes, doubts=tuple(doubts))


def _check_sources(project: Project) -> Iterator[Finding]:
    """The first place where the application itself opens a log file."""
    start = main_command(project)
    if start is None or start.span is None:
        return
    for path in sources(project):
        text = project.tree.text(path) or ""
        if match := _HANDLER.search(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Finding(
                RULE,
                start.span,
                f"{path}:{line} writes a log file inside the container",
                cost=_COST,
                advice="`pydock fix --codemods logs-to-stdout` makes it log to standard output.",
            )
            return


RULE = Rule("PYD410", "log-to-file", check, __doc__, EXAMPLES)
