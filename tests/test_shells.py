"""A server that a shell waits for does not hear signals: it is found, and `exec` is written where that is one word."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import check, rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety

ONLY = tuple(rule for rule in RULES if rule.code == "PYD405")
HEAD = "FROM python:3.12.1-slim-bookworm\nWORKDIR /srv\nCOPY . .\n"
SCRIPT = f'{HEAD}CMD ["/srv/start.sh"]\n'
SERVE = "gunicorn -b :80 shop:app"
Files = dict[str, str]


def compose(command: str) -> Files:
    dockerfile = f'{HEAD}CMD ["gunicorn", "-b", ":80", "shop:app"]\n'
    return {"Dockerfile": dockerfile, "compose.yml": f"services:\n  web:\n    build: .\n    command: {command}\n"}


def script(body: str) -> Files:
    return {"Dockerfile": SCRIPT, "start.sh": f"#!/bin/sh\n{body}"}


# The file that changes, and what stands in it afterwards.
REPLACED: dict[str, tuple[Files, str, str]] = {
    "the last command of an entry script": (
        script(f"set -e\nflask db upgrade\n{SERVE}\n"),
        "start.sh",
        f"#!/bin/sh\nset -e\nflask db upgrade\nexec {SERVE}\n",
    ),
    "the last command of an entry script that waits in a loop first": (
        script(f"until nc -z db 5432; do\n  sleep 1\ndone\n{SERVE}\n"),
        "start.sh",
        f"#!/bin/sh\nuntil nc -z db 5432; do\n  sleep 1\ndone\nexec {SERVE}\n",
    ),
    "the last command of an entry script that Python runs": (
        script("python manage.py migrate\npython manage.py runserver 0:80\n"),
        "start.sh",
        "#!/bin/sh\npython manage.py migrate\nexec python manage.py runserver 0:80\n",
    ),
    "the last of two commands of a service": (
        compose(f'sh -c "flask db upgrade && {SERVE}"'),
        "compose.yml",
        compose(f'sh -c "flask db upgrade && exec {SERVE}"')["compose.yml"],
    ),
    "the last of two commands of a service in a list": (
        compose(f'["bash", "-c", "flask db upgrade; {SERVE}"]'),
        "compose.yml",
        compose(f'["bash", "-c", "flask db upgrade; exec {SERVE}"]')["compose.yml"],
    ),
    "the last of two commands of a service on lines of their own": (
        compose(f'>\n      sh -c "flask db upgrade &&\n             {SERVE}"'),
        "compose.yml",
        compose(f'>\n      sh -c "flask db upgrade &&\n             exec {SERVE}"')["compose.yml"],
    ),
    "a program that is called twice": (
        compose('sh -c "python manage.py migrate && python manage.py runserver 0:80"'),
        "compose.yml",
        compose('sh -c "python manage.py migrate && exec python manage.py runserver 0:80"')["compose.yml"],
    ),
    "the command of an override file that begins as the one below": (
        compose(f'sh -c "flask db upgrade && exec {SERVE}"')
        | {"compose.override.yml": f'services:\n  web:\n    command: sh -c "flask db upgrade && {SERVE}"\n'},
        "compose.override.yml",
        f'services:\n  web:\n    command: sh -c "flask db upgrade && exec {SERVE}"\n',
    ),
    "the command of the file below, where an override says another thing": (
        compose(f'sh -c "flask db upgrade && {SERVE}"')
        | {"compose.override.yml": "services:\n  web:\n    ports: ['80:80']\n"},
        "compose.yml",
        compose(f'sh -c "flask db upgrade && exec {SERVE}"')["compose.yml"],
    ),
    "a branch of an entry script that the image takes": (
        {
            "Dockerfile": f'{HEAD}ENTRYPOINT ["/srv/start.sh"]\nCMD ["web"]\n',
            "start.sh": f'#!/bin/sh\ncase "$1" in\nweb) {SERVE} ;;\n*) exec "$@" ;;\nesac\n',
        },
        "start.sh",
        f'#!/bin/sh\ncase "$1" in\nweb) exec {SERVE} ;;\n*) exec "$@" ;;\nesac\n',
    ),
}
# What is only found.
FOUND: dict[str, tuple[Files, str]] = {
    "a server with a command behind it": (script(f"{SERVE}\necho stopped\n"), "another command follows"),
    "a server in a loop that starts it again": (script(f"while true; do\n{SERVE}\ndone\n"), "the script stays"),
    "a server with a variable in front": (script(f"flask db upgrade\nA=1 {SERVE}\n"), "the script stays"),
    "two services with the same words in one command": (
        compose(f'sh -c "echo {SERVE} && {SERVE}"'),
        "a shell stays in front",
    ),
    "a program of supervisor behind a shell": (
        {
            "Dockerfile": f'{HEAD}CMD ["supervisord", "-c", "/srv/all.conf"]\n',
            "all.conf": f'[program:web]\ncommand=sh -c "flask db upgrade && {SERVE}"\n',
        },
        "a shell stays in front of gunicorn",
    ),
}
SILENT: dict[str, Files] = {
    "a script that gives its place away": script(f"flask db upgrade\nexec {SERVE}\n"),
    "a script with a trap of its own": script(f"trap 'kill $!' TERM\n{SERVE}\n"),
    "a script with a server in the background": script(f"{SERVE} &\nwait\n"),
    "a script that only migrates": script("flask db upgrade\npython manage.py migrate\n"),
    "a single command of a service, whose shell takes its place": compose(f'sh -c "{SERVE}"'),
    "a program of supervisor on several lines": {
        "Dockerfile": f'{HEAD}CMD ["supervisord", "-c", "/srv/all.conf"]\n',
        "all.conf": "[program:web]\ncommand=gunicorn\n  -b :80\n  shop:app\n",
    },
    "a script of Python that prepares what follows": script(f"python seed.py\nexec {SERVE}\n"),
    "a service without a shell": compose(SERVE),
}


@pytest.mark.parametrize("what", REPLACED)
def test_exec_is_written_in_front_of(what: str) -> None:
    files, path, expected = REPLACED[what]
    report = rewrite(Project(Tree.of(files)), ONLY, Safety.SAFE)
    assert report.result.tree.text(path) == expected
    assert report.changed == (path,)
    assert check(report.result, ONLY) == ()


@pytest.mark.parametrize("what", FOUND)
def test_a_person_is_told_of(what: str) -> None:
    files, message = FOUND[what]
    (finding,) = check(Project(Tree.of(files)), ONLY)
    assert message in finding.message
    assert finding.fix is None
    assert "exec" in finding.advice


@pytest.mark.parametrize("what", SILENT)
def test_nothing_is_said_of(what: str) -> None:
    assert check(Project(Tree.of(SILENT[what])), ONLY) == ()
