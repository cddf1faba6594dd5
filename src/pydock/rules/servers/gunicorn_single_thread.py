"""gunicorn answers one request at a time.

Without `--workers` there is one worker, and the default worker is synchronous: a single slow
client or database query blocks everybody else, the health check included.

The cure is two workers with four threads each, as a beginning to measure from. Unsafe: code that
was never run by two threads at once may not be ready for it, and a second worker needs memory.
The settings go where the others are: into the command, the configuration file or GUNICORN_CMD_ARGS.
Left alone: any worker class or number of threads that somebody chose, and asynchronous
applications, which need another worker class.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.app import read_app
from pydock.service.gunicorn_home import with_settings
from pydock.service.listeners import Server
from pydock.service.server import environment, servers
from pydock.text import Fix, Safety

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
        after=f'{_BASE}CMD ["gunicorn", "-b", "0.0.0.0:8000", '
        '"--workers=2", "--threads=4", "--worker-class=gthread", "app:app"]\n',
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f"{_BASE}CMD gunicorn -w 3 app:app\n",
        after=f"{_BASE}CMD gunicorn -w 3 --threads=4 --worker-class=gthread app:app\n",
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f"{_BASE}CMD gunicorn app:app\n",
        after=f"{_BASE}CMD gunicorn app:app\n",
        files={"gunicorn.conf.py": "workers = 3\n"},
        allow=Safety.UNSAFE,
    ),
    Example(before=f"{_BASE}CMD gunicorn -k gevent app:app\n", allow=Safety.UNSAFE),
    Example(
        before=f"{_BASE}CMD gunicorn app:app\n",
        files={"app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"},
        allow=Safety.UNSAFE,
    ),
)


def check(project: Project) -> Iterator[Finding]:
    for server in servers(project):
        settings, start = server.gunicorn, server.start
        if settings is None or start.span is None or not settings.is_sure:
            continue
        if settings.is_set("threads") or settings.is_set("worker_class") or _is_asynchronous(project, server):
            continue
        has_workers = settings.is_set("workers") or environment(project).get("WEB_CONCURRENCY")
        words = [*([] if has_workers else ["--workers=2"]), "--threads=4", "--worker-class=gthread"]
        in_file: dict[str, str | int] = {} if has_workers else {"workers": 2}
        placed = with_settings(project, server, {**in_file, "threads": 4, "worker_class": "gthread"}, *words)
        doubt = "the application may not be ready for two threads at once"
        title = "give gunicorn workers with threads"
        fix = Fix(title, Safety.UNSAFE, (placed.edit,), placed.changes, doubts=(doubt,)) if placed else None
        yield Finding(
            RULE,
            start.span,
            "gunicorn's workers answer one request at a time",
            fix,
            cost="one slow request blocks all others of its worker, the health check included",
            advice="" if fix else f"Add {' '.join(words)} to the gunicorn command of {start.origin}.",
        )


def _is_asynchronous(project: Project, server: Server) -> bool:
    found = read_app(project, server)
    return found is not None and found.kind in {"asgi", "aiohttp"}


RULE = Rule("PYD409", "gunicorn-single-thread", check, __doc__, EXAMPLES, level=Level.NOTE)
