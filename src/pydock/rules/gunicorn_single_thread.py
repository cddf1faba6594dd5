"""gunicorn answers one request at a time.

Without `--workers` there is one worker, and the default worker is synchronous: a single slow
client or database query blocks everybody else, the health check included.

The cure is two workers with four threads each, as a beginning to measure from. Unsafe: code that
was never run by two threads at once may not be ready for it, and a second worker needs memory.
Left alone: any worker class, number of threads or configuration file that somebody chose, and
asynchronous applications, which need another worker class.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.edits import Fix, Safety
from pydock.project import Project
from pydock.project.app import read_app
from pydock.project.arguments import added, changed_fields, is_editable
from pydock.project.listeners import Server
from pydock.project.server import environment, servers
from pydock.rule import Example, Finding, Rule

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
        if settings is None or start.span is None or settings.config or not settings.is_sure:
            continue
        if settings.is_set("threads") or settings.is_set("worker_class") or _is_asynchronous(project, server):
            continue
        has_workers = settings.is_set("workers") or environment(project).get("WEB_CONCURRENCY")
        words = [*([] if has_workers else ["--workers=2"]), "--threads=4", "--worker-class=gthread"]
        fix = None
        if is_editable(project, start):
            edit = added(project, start, words, server.app)
            doubt = "the application may not be ready for two threads at once"
            changes = changed_fields(project, start, edit)
            fix = Fix("give gunicorn workers with threads", Safety.UNSAFE, (edit,), changes, doubts=(doubt,))
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


RULE = Rule("PYD409", "gunicorn-single-thread", check, __doc__, EXAMPLES)
