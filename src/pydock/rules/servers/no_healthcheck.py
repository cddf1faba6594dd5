"""The image has no health check.

A process that runs is not a service that answers: without a HEALTHCHECK a container that hangs
counts as healthy, `depends_on: condition: service_healthy` cannot work, and a rolling update
replaces good containers by dead ones.

The cure asks from inside the container, with Python itself, so that no curl has to be in the
image: a GET of the health route where the source declares one that answers out of its own process,
else a connection to the port. A route whose handler asks a database or another service would make
every container unhealthy while that one is away; a route that is made up would fill the access log
with 404. It counts from 30 seconds on, from two or three minutes where migrations run in front or a
model is loaded. Safe: only where the port is known with certainty and the image is one service; the
service itself is not touched. A doubt where one worker may be busy with one request for longer than
a check waits, and for a Celery worker, which is pinged through its broker. There is no fix, and the
reason is said, for jobs and for unknown ports. Where compose runs the same image as different
services the check belongs to the service, in the compose file, and goes there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydock.build.containers.entry_point import declared, is_windows
from pydock.build.containers.entry_point import probe as declared_probe
from pydock.build.containers.start import Start
from pydock.build.walk import starts, starts_of_service
from pydock.context.compose import Service
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project, compose, compose_edits
from pydock.project.programs import PREPARATIONS, SERVERS, is_idle
from pydock.rule import Example, Finding, Rule
from pydock.service.app import QUEUES, app, bind, read_app
from pydock.service.code.ports import Bind
from pydock.service.health_check import probe
from pydock.service.health_check.check import Check, server_check, worker_check
from pydock.service.listeners import Server
from pydock.service.main_command import command_of_service, is_job, main_command, own_starts
from pydock.service.server import read_server, server, servers
from pydock.system.layout import inserted_above_start
from pydock.text import Edit, Fix, Safety, to_exec_form

# What an image of Python is also run for.
_ROLES = SERVERS - {"nginx", "supervisord"} | {"python", "python3", "flask", "manage.py", "django-admin"}

_FLASK = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/health')\ndef health():\n    return 'ok'\n"
_CHECK = "HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \\\n    CMD"
_BEFORE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\n"
_WORKER = "services:\n  web: {build: .}\n  worker: {build: ., command: celery -A app worker}\n"

EXAMPLES = (
    Example(
        before=f'{_BEFORE}# flask\nCMD ["gunicorn", "-w", "2", "-b", "0.0.0.0:8000", "app:app"]\n',
        after=f'{_BEFORE}{_CHECK} ["python", "-I", "-S", "/app/healthcheck.py"]\n'
        '# flask\nCMD ["gunicorn", "-w", "2", "-b", "0.0.0.0:8000", "app:app"]\n',
        files={"app.py": _FLASK},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY app.py /app.py\nCMD exec gunicorn -b :$PORT app:app\n",
        after=f"FROM python:3.12-slim\nCOPY app.py /app.py\n{_CHECK} "
        '["python", "-I", "-S", "-c", "import os, socket; '
        "socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), 3).close()\"]\n"
        "CMD exec gunicorn -b :$PORT app:app\n",
        files={"app.py": "app = None\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD celery -A mail worker\n",
        after="FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
        "HEALTHCHECK --interval=60s --timeout=30s --start-period=30s --retries=3 \\\n"
        "    CMD celery -A mail inspect ping -d celery@$HOSTNAME\nCMD celery -A mail worker\n",
        files={"mail.py": ""},
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BEFORE}CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
        files={"app.py": _FLASK, "docker-compose.yml": _WORKER},
        finds=True,
    ),
    Example(before=f'{_BEFORE}CMD ["python", "job.py"]\n', files={"job.py": "print('done')\n"}, finds=True),
    Example(before=f'{_BEFORE}HEALTHCHECK CMD ["python", "up.py"]\nCMD ["uvicorn", "app:app"]\n'),
)


def check(project: Project) -> Iterator[Finding]:
    instructions = declared(project)
    present = declared_probe(project)
    place = instructions.cmd or instructions.entrypoint or project.final.last("EXPOSE")
    if place is None or is_windows(project) or not _may_serve(project):
        return
    if present is not None:
        if present.value.strip().upper() == "NONE":
            yield _finding(present, "HEALTHCHECK NONE: the service has no health check", None, "")
        return
    start = main_command(project)
    at = start.instruction if start and start.instruction else place
    message = "no HEALTHCHECK, so a container that hangs counts as healthy"
    if reason := _conflict(project):
        fix = _compose_fix(project)
        if fix is not None or not _is_checked_in_compose(project):
            yield _finding(at, message, fix, reason)
        return
    found = server(project)
    made = "pydock cannot tell which command is the service" if start is None else _check_of(project, found)
    yield _finding(at, message, None, made) if isinstance(made, str) else _finding(at, message, _fix(project, made), "")


def _check_of(project: Project, found: Server | None) -> Check | str:
    programs = _managed(project)
    if len(programs) > 1:
        return _of_several(project, programs)
    if programs and (alone := read_server(project, programs[0])) is not None:
        return server_check(project, alone, read_app(project, alone), is_in_image=True)
    if found is not None and found.kind == "celery":
        return worker_check(project, found)
    return server_check(project, found, app(project), is_in_image=True)


def _managed(project: Project) -> list[Start]:
    """What a process manager starts."""
    return [start for start in starts(project) if start.role == "managed" and not start.script]


def _of_several(project: Project, programs: list[Start]) -> str:
    """Why the programs of a process manager have no check, and which of them listen where."""
    read = ((start, read_server(project, start)) for start in programs)
    listening = [f"{start.origin} on port {found.bind.port}" for start, found in read if found and found.bind]
    told = f"; what listens is {', '.join(listening)}" if listening else ""
    return f"a process manager starts {len(programs)} programs, and a check of one says nothing about the others{told}"


def _may_serve(project: Project) -> bool:
    """Whether this is the image of a Python service at all, not of a tool or of something else."""
    start = main_command(project)
    exposes = any(stage.of("EXPOSE") for stage in project.lineage(project.final))
    if start is None or server(project) is None:
        managed = any(read_server(project, each) for each in _managed(project))
        return (exposes or managed or bool(servers(project))) and probe.interpreter(project) is not None
    return True


def _finding(place: Instruction, message: str, fix: Fix | None, reason: str) -> Finding:
    advice = "" if fix or not reason else f"No fix, because {reason}."
    return Finding(
        RULE,
        place.value_span,
        message,
        fix,
        cost="compose and orchestrators wait for, replace and restart containers by this answer",
        advice=advice,
    )


def _conflict(project: Project) -> str:
    """What else runs from this image, where the check of the image would be wrong of it; "" for nothing."""
    here = bind(project)
    for service in (*compose.services(project), *compose.services_by_image(project)):
        if service.healthcheck is not None or (service.command is None and service.entrypoint is None):
            continue
        for start in _own_commands(project, service):
            if _is_another(project, here, start):
                return (
                    f"{service.origin} runs `{_shown(start)}` from the same image, so the check belongs into that file"
                )
    for start in own_starts(project):
        is_role = not start.is_taken and start.program in _ROLES and not is_job(start)
        if is_role and _is_another(project, here, start):
            return f"{start.origin} runs `{_shown(start)}` where it is asked to, so the check belongs to the service"
    return ""


def _own_commands(project: Project, service: Service) -> Iterator[Start]:
    """What a compose service goes on with; of an image that it only knows by name, what this image may be run for."""
    its = [start for start in starts_of_service(project, service) if start.role == "compose" and start.is_taken]
    lasting = [start for start in its if not start.script and not is_job(start)]
    work = [each for each in lasting if each.program not in PREPARATIONS or is_idle(each.command.values)]
    is_built = service in compose.services(project)
    yield from (start for start in work[-1:] if is_built or start.program in _ROLES)


def _is_another(project: Project, here: Bind | None, start: Start) -> bool:
    """Whether a command listens on another port than the image's own, or nowhere."""
    other = read_server(project, start)
    port = other.bind.port if other and other.bind else None
    return here is None or port is None or port != here.port


def _shown(start: Start) -> str:
    return " ".join(word.text for word in start.command.words[:4])


def _served(project: Project) -> Iterator[tuple[Service, Check | str]]:
    """The compose services of the image that are servers and have no check, each with the one that fits it."""
    known = compose.services(project)
    for service in known:
        start = command_of_service(project, service)
        found = read_server(project, start) if start else None
        is_told = any(each.healthcheck is not None for each in known if each.name == service.name)
        if found is not None and found.kind not in {*QUEUES, "job"} and not is_told:
            yield service, server_check(project, found, read_app(project, found), is_in_image=False)


def _compose_fix(project: Project) -> Fix | None:
    """The check for each server in its compose file, where all files that know the service agree on it."""
    edits, titles = list[Edit](), list[str]()
    served = list(_served(project))
    for service, made in served:
        alike = [each for other, each in served if other.name == service.name]
        is_first = next(other for other, _ in served if other.name == service.name) is service
        if isinstance(made, str) or made.doubts or not is_first or any(each != made for each in alike):
            continue
        if edit := compose_edits.with_healthcheck(project, service, _as_yaml(made)):
            edits.append(edit)
            titles.append(f"{service.origin}: {made.title}")
    return Fix("; ".join(titles), Safety.SAFE, tuple(edits)) if edits else None


def _is_checked_in_compose(project: Project) -> bool:
    """Whether compose has a check for a service of the image and no server without one."""
    return any(service.healthcheck for service in compose.services(project)) and not list(_served(project))


def _as_yaml(made: Check) -> dict[str, str]:
    words = ["CMD", *made.command] if isinstance(made.command, tuple) else ["CMD-SHELL", made.command]
    times = {"interval": made.interval, "timeout": made.timeout, "start_period": made.start_period}
    test = json.dumps([word.replace("$", "$$") for word in words])
    return {"test": test, **{name: f"{seconds}s" for name, seconds in times.items()}, "retries": "3"}


def _fix(project: Project, made: Check) -> Fix:
    command = made.command if isinstance(made.command, str) else to_exec_form(made.command)
    times = f"--interval={made.interval}s --timeout={made.timeout}s --start-period={made.start_period}s --retries=3"
    text = f"HEALTHCHECK {times} \\\n    CMD {command}"
    return Fix(
        made.title,
        Safety.UNSAFE if made.doubts else Safety.SAFE,
        (*made.edits, inserted_above_start(project, _home(project), text)),
        changes=frozenset({"healthcheck"}),
        doubts=made.doubts,
    )


def _home(project: Project) -> Stage:
    """The stage that says what runs, unless another stage is built on it and runs something else."""
    lineage = project.lineage(project.final)
    home = next((stage for stage in lineage if stage.of("CMD", "ENTRYPOINT")), project.final)
    others = [
        stage
        for stage in project.dockerfile.stages
        if stage is not home and home in project.lineage(stage) and stage.of("CMD", "ENTRYPOINT")
    ]
    return project.final if others else home


RULE = Rule("PYD402", "no-healthcheck", check, __doc__, EXAMPLES, same_as=("DL3057",))
