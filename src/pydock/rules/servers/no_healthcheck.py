"""The image has no health check.

A process that runs is not a service that answers: without a HEALTHCHECK a container that hangs
counts as healthy, `depends_on: condition: service_healthy` cannot work, and a rolling update
replaces good containers by dead ones.

The cure asks from inside the container, with Python itself, so that no curl has to be in the
image: a GET of the health route where the source declares one that answers out of its own process,
else a connection to the port. A route whose handler asks a database or another service would make
every container unhealthy while that one is away; a route that is made up would fill the access log
with 404. A Celery worker is pinged. It asks for
the first time after 30 seconds, after two minutes where a model is loaded. Safe: only where the
port is known with certainty and the image is one service; the service itself is not touched. A
doubt where one worker may be busy with one request for longer than a check waits. There is no
fix, and the reason is said, for jobs, for unknown ports, and where compose runs the same image as
different services: there the check belongs to the service, in the compose file.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.containers.entry_point import declared, is_windows
from pydock.build.containers.entry_point import probe as declared_probe
from pydock.build.containers.start import Start
from pydock.build.sources import landing
from pydock.build.walk import starts
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project, compose
from pydock.project.programs import PREPARATIONS
from pydock.rule import Example, Finding, Rule
from pydock.service.app import App, app, bind
from pydock.service.code.ports import Bind, Port
from pydock.service.health_check import probe
from pydock.service.health_check.routes import loads_model
from pydock.service.listeners import Server
from pydock.service.main_command import is_job, main_command
from pydock.service.server import answers_one_at_a_time, read_server, server, servers
from pydock.state import is_below
from pydock.state.needs import Buildable
from pydock.system.layout import inserted_above_start
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import replace

# Seconds: a longer start period costs a service nothing that is well, a shorter one costs it its container.
_STARTING, _BUSY, _LOADING = 30, 60, 180
# Seconds that a request may well take; who allows more has requests that keep a worker busy.
_LONGEST_REQUEST = 300

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
        "HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \\\n"
        "    CMD celery -A mail inspect ping -d celery@$HOSTNAME\nCMD celery -A mail worker\n",
        files={"mail.py": ""},
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
    reason = _conflict(project) or ""
    found = server(project)
    fix = None
    if start is None:
        reason = reason or "pydock cannot tell which command is the service"
    elif not reason:
        fix, reason = _worker_fix(project, found) if found and found.kind == "celery" else _server_fix(project, found)
    at = start.instruction if start and start.instruction else place
    yield _finding(at, "no HEALTHCHECK, so a container that hangs counts as healthy", fix, reason)


def _may_serve(project: Project) -> bool:
    """Whether this is the image of a Python service at all, not of a tool or of something else."""
    start = main_command(project)
    exposes = any(stage.of("EXPOSE") for stage in project.lineage(project.final))
    if start is None or server(project) is None:
        return (exposes or bool(servers(project))) and probe.interpreter(project) is not None
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
    """A compose service that runs something else from this image and has no check of its own."""
    here = bind(project)
    for service in compose.services(project):
        if service.healthcheck is not None or (service.command is None and service.entrypoint is None):
            continue
        its = [start for start in starts(project) if start.service == service.name]
        own = [start for start in its if start.role == "compose" and start.origin == service.origin]
        others = [start for start in own if not start.script and start.program not in PREPARATIONS]
        if not others and (scripts := [start for start in own if start.script]):
            others = [start for start in its if start.origin.startswith(f"{scripts[0].script}:")][-1:]
        for start in others:
            if is_job(start):
                continue
            other = read_server(project, start)
            port = other.bind.port if other and other.bind else None
            if here is None or port is None or port != here.port:
                words = " ".join(word.text for word in start.command.words[:4])
                return f"{service.origin} runs `{words}` from the same image, so the check belongs into that file"
    return ""


def _server_fix(project: Project, found: Server | None) -> tuple[Fix | None, str]:
    where = bind(project)
    if not project.tree.known and where is None:
        return None, "without the source nobody can tell where the service listens"
    if found is None or (found.kind in {"python", "job"} and where is None):
        return None, "nothing in the source is known to listen on a port, and a job needs no check"
    if where is None or where.is_socket:
        return None, "where the service listens is not known with certainty"
    if where.port is None or not where.answers_locally:
        return None, f"the port that {where.source} binds is not known with certainty"
    python = probe.interpreter(project)
    if python is None:
        return None, "whether the final image has a Python to ask with is not known"
    return _fix(project, found, where, where.port, python), ""


def _fix(project: Project, found: Server, where: Bind, port: Port, python: str) -> Fix:
    application = app(project)
    if where.source == "default" and found.gunicorn is not None:
        # https://docs.gunicorn.org/en/stable/settings.html#bind, read 2026-11.
        port = Port(port.number, "PORT")
    question = _question(project, found, application, port)
    if where.host in {"::", "[::]"}:
        question = replace(question, address="localhost")
    written = probe.existing_script(project)
    options = probe.options(project) if written is None else ()
    edits: tuple[Edit, ...] = ()
    place = landing(project, probe.NAME, application.path if application else "")
    if written is None and place and question.route and not _is_taken(project, place.image_path):
        written = place.image_path
        edits = (Edit(place.path, Span(0, 0), probe.script(question)),)
    command = (python, *options, written) if written else (python, *options, "-c", probe.one_line(question))
    text = probe.instruction(command, start_period=_start_period(project, found.start))
    asked = f"GET {question.route}" if question.route else "a connection"
    doubts = tuple(_doubts(project, found))
    return Fix(
        f"ask port {port} from inside the container: {asked}",
        Safety.UNSAFE if doubts else Safety.SAFE,
        (*edits, inserted_above_start(project, _home(project), text)),
        changes=frozenset({"healthcheck"}),
        doubts=doubts,
    )


def _doubts(project: Project, found: Server) -> Iterator[str]:
    """Why a check may judge wrongly."""
    settings = found.gunicorn
    timeout = settings.value("timeout") or "" if settings else ""
    is_long = timeout == "0" or (timeout.isdigit() and int(timeout) > _LONGEST_REQUEST)
    if is_long and answers_one_at_a_time(project, found):
        length = "has no limit of time" if timeout == "0" else f"may take {timeout} seconds for one request"
        yield f"gunicorn's only worker {length}, and no check can tell a busy one from one that hangs"


def _question(project: Project, found: Server, application: App | None, port: Port) -> probe.Question:
    has_tls = found.has_tls or any(run.has_tls for run in (application.runs if application else ()))
    if has_tls or not probe.is_python_3(project):
        return probe.Question(port)
    if answers_one_at_a_time(project, found):
        # A slow request would make a service unhealthy that is well; gunicorn itself ends a worker that hangs.
        # https://docs.gunicorn.org/en/stable/settings.html#timeout, read 2026-11
        return probe.Question(port)
    if application is not None and application.live is not None and found.kind != "uwsgi":
        # Django answers 400 to a host that it does not know, which still is an answer.
        limit = 500 if application.host is None else 400
        return probe.Question(port, application.live, limit, application.host or "")
    return probe.Question(port)


def _is_taken(project: Project, image_path: str) -> bool:
    """Whether a new file would hide a module, compose would hide the file, or it would become part of a package.

    setuptools stops at a second module beside the one of a project in one folder.
    https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout, read 2026-11.
    """
    hidden = any(
        target and image_path.startswith(f"{target.rstrip('/')}/") and source not in {".", "./"}
        for service in compose.services(project)
        for source, target in service.mounts
    )
    needs = (need for step in walk(project).steps if step.installs is not None for need, _ in step.needs)
    packaged = any(isinstance(need, Buildable) and is_below(image_path, need.path) for need in needs)
    imported = any("healthcheck" in name for name in _imports(project))
    return hidden or packaged or imported


def _imports(project: Project) -> Iterator[str]:
    application = app(project)
    for path in application.reached if application else ():
        text = project.tree.text(path) or ""
        yield from (line for line in text.splitlines() if "import" in line)


def _start_period(project: Project, server_start: Start) -> int:
    """Longer where something runs before the server: migrations, waiting for a database; longest for a model."""
    before = [
        start
        for start in starts(project)
        if start.role in {"start", "script"} and not start.script and start != server_start
    ]
    busy = [start for start in before if start.program not in PREPARATIONS or start.program in {"sleep", "nc"}]
    return _LOADING if loads_model(project) else _BUSY if busy else _STARTING


def _worker_fix(project: Project, found: Server) -> tuple[Fix | None, str]:
    """`celery inspect ping`, which starts a second interpreter and so needs more time than a probe."""
    command = found.command
    is_worker = "worker" in command.values and not command.has("-n", "--hostname")
    is_plain = found.app and found.start.command.program == "celery" and not found.start.wrappers
    if not (is_worker and is_plain) or command.has("--pool=solo") or "solo" in command.values or "$" in found.app:
        return None, "how to ping this Celery process is not known with certainty"
    text = (
        "HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \\\n"
        f"    CMD celery -A {found.app} inspect ping -d celery@$HOSTNAME"
    )
    edit = inserted_above_start(project, _home(project), text)
    return Fix("ping the Celery worker", Safety.SAFE, (edit,), changes=frozenset({"healthcheck"})), ""


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
