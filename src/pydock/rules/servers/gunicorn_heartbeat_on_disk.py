"""gunicorn's heartbeat file is on the container's disk.

Each worker touches a file every few seconds, and one that does not is killed. The file lives in
/tmp, which in a container is a layer of an overlay file system: when its disk is busy, `fchmod`
blocks, and healthy workers are killed as hung.
See https://docs.gunicorn.org/en/stable/faq.html#how-do-i-avoid-gunicorn-excessively-blocking-in-os-fchmod.

The cure is `--worker-tmp-dir /dev/shm`, in memory, which every container has; in GUNICORN_CMD_ARGS
where the other settings are there, never in a configuration file: people start the service with that
outside of containers, too, and macOS has no /dev/shm. Safe: nothing else reads the heartbeat.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.service.gunicorn_home import with_settings
from pydock.service.listeners import Server
from pydock.service.server import servers
from pydock.text import Fix, Safety

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
        after=f'{_BASE}CMD ["gunicorn", "-b", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "app:app"]\n',
    ),
    Example(
        before=f"{_BASE}CMD exec gunicorn app:app \\\n    -b :$PORT \\\n    -w 2\n",
        after=f"{_BASE}CMD exec gunicorn app:app \\\n    -b :$PORT \\\n    -w 2 \\\n    --worker-tmp-dir /dev/shm\n",
    ),
    Example(
        before=f'{_BASE}CMD ["gunicorn", "app:app"]\n',
        after=f'{_BASE}CMD ["gunicorn", "app:app", "--worker-tmp-dir", "/dev/shm"]\n',
        files={"gunicorn.conf.py": 'bind = "0.0.0.0:8000"\n'},
    ),
    Example(
        before=f"{_BASE}ENV GUNICORN_CMD_ARGS='-b :80 --workers=3'\nCMD gunicorn app:app\n",
        after=f"{_BASE}ENV GUNICORN_CMD_ARGS='-b :80 --workers=3 --worker-tmp-dir /dev/shm'\nCMD gunicorn app:app\n",
    ),
    Example(before=f"{_BASE}ENV GUNICORN_CMD_ARGS=--worker-tmp-dir=/dev/shm\nCMD gunicorn app:app\n"),
)


def check(project: Project) -> Iterator[Finding]:
    for server in servers(project):
        settings, start = server.gunicorn, server.start
        if settings is None or settings.is_set("worker_tmp_dir") or start.span is None:
            continue
        fix = _fix(project, server)
        yield Finding(
            RULE,
            start.span,
            "gunicorn keeps its heartbeat file on the container's disk",
            fix,
            cost="a busy disk makes gunicorn kill healthy workers",
            advice="" if fix else f"Add --worker-tmp-dir /dev/shm to the gunicorn command of {start.origin}.",
        )


def _fix(project: Project, server: Server) -> Fix | None:
    words = ("--worker-tmp-dir", "/dev/shm")
    placed = with_settings(project, server, {}, *words)
    if placed is None:
        return None
    is_sure = server.gunicorn is not None and server.gunicorn.is_sure
    doubts = () if is_sure else ("a configuration that pydock cannot read may already set it",)
    safety = Safety.SAFE if is_sure else Safety.UNSAFE
    return Fix("keep gunicorn's heartbeat in memory", safety, (placed.edit,), placed.changes, doubts=doubts)


RULE = Rule("PYD408", "gunicorn-heartbeat-on-disk", check, __doc__, EXAMPLES)
