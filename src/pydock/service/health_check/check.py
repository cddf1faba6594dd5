"""The health check that fits a server or a worker: what it asks, from when on, and why it may judge wrongly."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.sources import landing
from pydock.patterns import regex
from pydock.project import Project, compose
from pydock.service.app import App, bind_of
from pydock.service.code.ports import Bind, Port
from pydock.service.derived_images import derived_images
from pydock.service.files.documents import told_worker
from pydock.service.health_check import probe
from pydock.service.health_check.start_time import loads_model, start_period
from pydock.service.listeners import Server
from pydock.service.server import answers_a_few_at_a_time, answers_one_at_a_time
from pydock.state import is_below
from pydock.state.needs import Buildable
from pydock.text import Edit, Span
from pydock.values import Value, replace

# Seconds that a request may well take; who allows more has requests that keep a worker busy.
_LONGEST_REQUEST = 300
_LOOPS = frozenset({"asgi", "aiohttp", "tornado"})
_STREAMS = regex(
    r"StreamingHttpResponse|stream_with_context|text/event-stream|EventSourceResponse|flask_sock\b|simple_websocket"
    r"|\bWebSocketServer\b|wsgi\.websocket",
    words="Stream stream event-stream EventSource sock ebSocket websocket",
)


class Check(Value):
    """A command that asks, a string for a shell's, with its times in seconds.

    `title` says what is done, `edits` is the script that it calls where that is a new file, and `doubts` is why it
    may judge wrongly.
    """

    command: tuple[str, ...] | str
    title: str
    start_period: int
    interval: int = 30
    timeout: int = 5
    edits: tuple[Edit, ...] = ()
    doubts: tuple[str, ...] = ()


def server_check(project: Project, found: Server | None, application: App | None, *, is_in_image: bool) -> Check | str:
    """The check for a server, or why there is none; one that stands in a compose file has no script in the image."""
    where = bind_of(found, application) if found else None
    if not project.tree.known and where is None:
        return "without the source nobody can tell where the service listens"
    if found is None or (found.kind in {"python", "job"} and where is None):
        return "nothing in the source is known to listen on a port, and a job needs no check"
    if where is None or where.is_socket:
        return "where the service listens is not known with certainty"
    if where.port is None or not where.answers_locally:
        return f"the port that {where.source} binds is not known with certainty"
    python = probe.interpreter(project)
    if python is None:
        return "whether the final image has a Python to ask with is not known"
    asked = question(project, found, application, where, where.port)
    command, edits = _command(project, application, asked, python, is_in_image=is_in_image)
    title = f"ask port {where.port} from inside the container: "
    title += f"GET {asked.route}" if asked.route else "a connection"
    doubts = tuple(_doubts(project, found, application))
    if is_in_image and (place := told_worker(project)):
        doubts += (f"{place} tells of a worker that runs from this image, which answers no such question",)
    if is_in_image and (other := next((each.path for each in derived_images(project) if each.is_another), "")):
        doubts += (f"{other} starts something else from this image, which answers no such question",)
    return Check(command, title, start_period(project, found.start), edits=edits, doubts=doubts)


def worker_check(project: Project, found: Server) -> Check | str:
    """`celery inspect ping`, which starts a second interpreter and so needs more time than a probe."""
    command = found.command
    is_worker = "worker" in command.values and not command.has("-n", "--hostname")
    is_plain = found.app and found.start.command.program == "celery" and not found.start.wrappers
    if not (is_worker and is_plain) or command.has("--pool=solo") or "solo" in command.values or "$" in found.app:
        return "how to ping this Celery process is not known with certainty"
    text = f"celery -A {found.app} inspect ping -d celery@$HOSTNAME"
    doubt = "the ping goes through the broker: while that is away every worker counts as unhealthy"
    period = start_period(project, found.start)
    return Check(text, "ping the Celery worker", period, timeout=30, interval=60, doubts=(doubt,))


def _command(
    project: Project, application: App | None, asked: probe.Question, python: str, *, is_in_image: bool
) -> tuple[tuple[str, ...], tuple[Edit, ...]]:
    """The command that asks, with the script that it calls where that is a new file of the image."""
    written = probe.existing_script(project)
    if written:
        return (python, written), ()
    options = probe.options(project)
    place = landing(project, probe.NAME, application.path if application else "") if is_in_image else None
    if place and asked.route and not _is_taken(project, application, place.image_path):
        edit = Edit(place.path, Span(0, 0), probe.script(asked))
        return (python, *options, place.image_path), (edit,)
    return (python, *options, "-c", probe.one_line(asked)), ()


def _doubts(project: Project, found: Server, application: App | None) -> Iterator[str]:
    """Why a check may judge wrongly."""
    settings = found.gunicorn
    timeout = settings.value("timeout") or "" if settings else ""
    is_long = timeout == "0" or (timeout.isdigit() and int(timeout) > _LONGEST_REQUEST)
    if not answers_one_at_a_time(project, found):
        return
    if is_long:
        length = "has no limit of time" if timeout == "0" else f"may take {timeout} seconds for one request"
        yield f"gunicorn's only worker {length}, and no check can tell a busy one from one that hangs"
    elif _streams(project, application):
        yield "gunicorn's only worker is busy for as long as it streams, and no check can tell that from one that hangs"


def question(project: Project, found: Server, application: App | None, where: Bind, port: Port) -> probe.Question:
    """What to ask a server: the route that tells of itself alone where it can answer in time, else for a connection."""
    if where.source == "default" and found.gunicorn is not None:
        # https://docs.gunicorn.org/en/stable/settings.html#bind, read 2026-11.
        port = Port(port.number, "PORT")
    asked = probe.Question(port)
    if where.host in {"::", "[::]"}:
        asked = replace(asked, address="localhost")
    has_tls = found.has_tls or any(run.has_tls for run in (application.runs if application else ()))
    if has_tls or not probe.is_python_3(project) or application is None or application.live is None:
        return asked
    if found.kind == "uwsgi" or _may_be_busy(project, found, application):
        return asked
    # Django answers 400 to a host that it does not know, which still is an answer.
    limit = 500 if application.host is None else 400
    return replace(asked, route=application.live, limit=limit, host=application.host or "")


def _may_be_busy(project: Project, found: Server, application: App) -> bool:
    """Whether a service that is well may leave a question waiting for longer than a check does.

    gunicorn itself ends a worker that hangs: https://docs.gunicorn.org/en/stable/settings.html#timeout, read 2026-11.
    A model that computes inside an event loop holds up all other requests.
    """
    if answers_one_at_a_time(project, found):
        return True
    if answers_a_few_at_a_time(project, found) and _streams(project, application):
        return True
    return application.kind in _LOOPS and loads_model(project)


def _streams(project: Project, application: App | None) -> bool:
    """Whether the source has answers that go on for as long as somebody listens."""
    return any(_STREAMS.search(project.tree.text(path) or "") for path in (application.reached if application else ()))


def _is_taken(project: Project, application: App | None, image_path: str) -> bool:
    """Whether a new file would hide a module, compose would hide the file, or it would become part of a package.

    setuptools stops at a second module beside the one of a project in one folder.
    https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout, read 2026-11.
    """
    hidden = any(
        mount.target and image_path.startswith(f"{mount.target.rstrip('/')}/") and mount.path != "."
        for service in compose.services(project)
        for mount in service.mounts
    )
    needs = (need for step in walk(project).steps if step.installs is not None for need, _ in step.needs)
    packaged = any(isinstance(need, Buildable) and is_below(image_path, need.path) for need in needs)
    imported = any("healthcheck" in name for name in _imports(project, application))
    return hidden or packaged or imported


def _imports(project: Project, application: App | None) -> Iterator[str]:
    for path in application.reached if application else ():
        text = project.tree.text(path) or ""
        yield from (line for line in text.splitlines() if "import" in line)
