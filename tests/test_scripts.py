"""What entry scripts, Procfiles and supervisors run: each case is a small service and the answers it must give."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.service.facts import facts
from tests.test_facts import FLASK, IMAGE, Case, answered

HEAD = "#!/bin/sh\n"
ENTRY = 'case "$1" in\n  web) exec gunicorn -b "$BIND" app:app ;;\n  work) exec celery -A app worker ;;\nesac\n'
FUNCTIONS = """\
#!/bin/sh
server() {
  port="${PORT:-8000}"
  exec gunicorn --bind "0.0.0.0:${port}" app:app
}
worker() {
  exec celery -A app worker
}
case $1 in server) server ;; worker) worker ;; esac
"""
# What the command has to be, the words that the image gives to its script, the script, other files, other answers.
Told = tuple[str, str, str, dict[str, str], dict[str, str]]
SCRIPTS: dict[str, Told] = {
    "a script runs what its argument chooses, with what it has assigned": (
        'gunicorn -b "$BIND" app:app',
        "web",
        f"{HEAD}BIND=${{ADDRESS:-0.0.0.0:80}}\n{ENTRY}",
        {},
        {"port": "80", "application": "app:app"},
    ),
    "a function runs where it is called": (
        'gunicorn --bind "0.0.0.0:${port}" app:app',
        "server",
        FUNCTIONS,
        {},
        {"port": "${PORT:-8000}", "application": "app:app"},
    ),
    "what compose may set decides nothing": (
        "? flask run or gunicorn app:app",
        "",
        f'{HEAD}if [ "$MODE" = dev ]; then\n  flask run\nelse\n  gunicorn app:app\nfi\n',
        {"compose.yaml": "services:\n  web: {build: ., environment: {MODE: dev}}\n"},
        {},
    ),
    "what a shell has executed in its place is what goes on": (
        "gunicorn app:app",
        "",
        f"{HEAD}nginx\nexec gunicorn app:app\n",
        {},
        {},
    ),
    "a script that starts itself again as another user is read once": (
        "python app.py",
        "",
        f'{HEAD}if [ "$(id -u)" = 0 ]; then exec gosu app "$0" "$@"; fi\nexec python app.py\n',
        {},
        {},
    ),
    "words of a variable are words of the command": (
        "gunicorn app:app",
        "",
        f'{HEAD}OPTIONS="--no-dev --frozen"\nexec uv run $OPTIONS gunicorn app:app\n',
        {},
        {"application": "app:app"},
    ),
    "what eval runs": (
        "gunicorn --bind :${PORT:-90} app:app",
        "",
        f'{HEAD}run="gunicorn --bind :${{PORT:-90}}"\neval "$run app:app"\n',
        {},
        {"port": "${PORT:-90}"},
    ),
    "options of python may stand together, and migrations end": (
        "python -um serve",
        "",
        f"{HEAD}python -m alembic upgrade head\npython -um serve\n",
        {"serve.py": f"{FLASK}app.run(port=80)\n"},
        {"port": "80", "application": "serve:app"},
    ),
}


@pytest.mark.parametrize("promise", SCRIPTS)
def test_what_a_script_runs(promise: str) -> None:
    command, words, script, files, answers = SCRIPTS[promise]
    start = f'["{words}"]\nENTRYPOINT ["./entry.sh"]' if words else "./entry.sh"
    told = {"command": command, **answers}
    assert answered(Case(promise, start, {"app.py": FLASK, "entry.sh": script, **files}, told)) == told


MANAGED = {
    "the lines of a Procfile": (
        "honcho start",
        {"Procfile": "web: gunicorn app:app\nworker: celery -A jobs worker\n"},
    ),
    "the programs of supervisor": (
        "supervisord -c conf/supervisord.conf",
        {
            "conf/supervisord.conf": "[supervisord]\nnodaemon=true\n[program:web]\ncommand=gunicorn app:app\n"
            "[program:worker]\ncommand=celery -A jobs worker ; two of them\n"
        },
    ),
}


@pytest.mark.parametrize(("command", "files"), MANAGED.values(), ids=MANAGED)
def test_what_a_process_manager_starts_is_told(command: str, files: dict[str, str]) -> None:
    project = Project(Tree.of({"Dockerfile": f"{IMAGE}CMD {command}\n", "app.py": FLASK, **files}))
    told = [(each.command.value, each.work.value) for each in facts(project).processes]
    assert told == [(command, ""), ("gunicorn app:app", "web"), ("celery -A jobs worker", "worker")]
