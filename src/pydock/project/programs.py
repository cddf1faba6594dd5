"""Programs by what they are to a container: servers, shell builtins, jobs that end."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from pydock.patterns import regex
from pydock.shell import BUILTINS

_SERVERS = (
    "gunicorn uvicorn hypercorn daphne waitress-serve granian uwsgi celery streamlit sanic supervisord nginx "
    "rq rqworker rqscheduler dramatiq huey_consumer huey_consumer.py arq faust "
    "airflow chainlit jupyter locust mlflow fastapi"
)
_PREPARATIONS = (
    "sleep mkdir chown chmod cp mv rm ln cat touch grep sed date env ls nc id whoami hostname ip awk cut tr head tail "
    "find xargs tee install stat readlink realpath dirname basename envsubst uname nproc expr sort wc seq mktemp "
    "useradd usermod userdel groupadd groupmod groupdel adduser addgroup deluser getent openssl sha256sum md5sum du df"
)
_JOBS = (
    "alembic pytest tox pip pip3 aerich pg_isready mysqladmin psql curl wget chown apt-get coverage flake8 ruff mypy"
)
SERVERS = frozenset(_SERVERS.split())
JOBS = frozenset(_JOBS.split())
# Subcommands of manage.py that go on for ever, with what they run.
DJANGO_WORKERS = {
    "rundramatiq": "dramatiq",
    "rqworker": "rq",
    "rqscheduler": "rq",
    "run_huey": "huey",
    "qcluster": "django-q",
    "runworker": "channels",
    "process_tasks": "background-tasks",
    "runapscheduler": "apscheduler",
    "procrastinate": "procrastinate",
}
DJANGO_SERVICES = frozenset({"runserver", "runserver_plus", *DJANGO_WORKERS})
PREPARATIONS = BUILTINS | frozenset(_PREPARATIONS.split())
_PROMPTS = regex(r"(?:sh|bash|ash|dash|zsh|fish|python[\d.]*)\Z")


def is_idle(words: Sequence[str]) -> bool:
    """Whether a command is a prompt, or only waits for who works in the container: `bash`, `tail -f /dev/null`."""
    match (posixpath.basename(words[0]) if words else "", *words[1:]):
        case ("tail", *_, "/dev/null") | ("sleep", "infinity"):
            return True
        case (program, *options) if _PROMPTS.match(program):
            return all(option.startswith("-") and not {"c", "m"} & set(option) for option in options)
        case _:
            return False
