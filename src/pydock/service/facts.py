"""What is known about a service, each answer certain, unsure with candidates, or none: for people to check."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.containers import calls
from pydock.build.containers.entry_point import declared
from pydock.build.containers.start import Start
from pydock.build.walk import starts, starts_of_service
from pydock.patterns import regex
from pydock.project import Project, compose
from pydock.project.memory import remembered
from pydock.project.programs import DJANGO_WORKERS, PREPARATIONS
from pydock.service.app import QUEUES, App, bind_of, read_app
from pydock.service.code.objects import is_bound
from pydock.service.listeners import Server
from pydock.service.main_command import is_job, main_command, own_starts
from pydock.service.run_time_programs import called_programs
from pydock.service.server import read_server, server
from pydock.service.users.ownership import ownership
from pydock.values import Value, replace

WORKERS = QUEUES | frozenset(DJANGO_WORKERS.values())
# Subcommands of manage.py that surely end.
_ENDING = regex(r"migrate|makemigrations|collectstatic|compilemessages|loaddata|createsuperuser|check|test|flush|shell")
# Programs that only serve one framework.
_TELLING = QUEUES | {"flask", "django", "streamlit", "sanic", "fastapi"}
# Servers that take `module:name` as it stands.
_NAMED = frozenset({"gunicorn", "uvicorn", "hypercorn", "waitress", "daphne", "uwsgi", "granian"})
_BOTS = frozenset(
    {"aiogram", "python-telegram-bot", "telebot", "vkbottle", "telethon", "pyrogram", "discord", "slack-bolt"}
)


class Fact(Value):
    """One answer; `source` says where it is from.

    `value` is only set where it is certain; `candidates` are what it may be instead.
    """

    value: str = ""
    source: str = ""
    candidates: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        return "certain" if self.value else "unsure" if self.candidates else "none"


class Process(Value):
    """One command that containers of the image run: what kind of work it does and how it is reached.

    `work` is "web", "worker", "scheduler", "bot" or "job"; `health` a route that answers
    without a login.
    """

    origin: str
    command: Fact
    work: Fact
    framework: Fact
    application: Fact
    host: Fact
    port: Fact
    health: Fact


class Facts(Value):
    """The processes of an image, the image's own first, and what all of them need at run time."""

    processes: tuple[Process, ...]
    writes: tuple[tuple[str, str], ...]
    programs: tuple[tuple[str, str], ...]
    libraries: tuple[tuple[str, str], ...]


@remembered
def facts(project: Project) -> Facts:
    """Everything that `pydock facts` tells of one Dockerfile."""
    written = tuple((write.folder, write.place) for write in ownership(project).writes)
    programs = tuple((name, places[0]) for name, places in sorted(called_programs(project).items()))
    return Facts(tuple(_processes(project)), written, programs, calls.libraries(project))


def _processes(project: Project) -> Iterator[Process]:
    start = main_command(project)
    is_declared = declared(project) != type(declared(project))(None, None)
    if start is not None:
        yield _process(project, start, server(project))
    elif is_declared:
        yield _unclear(project)
    for each in starts(project):
        if each.role == "managed" and not each.script and each.is_taken and each.program not in PREPARATIONS:
            yield _process(project, each, read_server(project, each))
    for service in compose.services(project):
        own = [each for each in starts_of_service(project, service) if each.role == "compose" and not each.script]
        work = [each for each in own if each.program not in PREPARATIONS and not is_job(each)]
        if len(work) == 1:
            found = _process(project, work[0], read_server(project, work[0]))
            # Where its command stands in a script, it is still the service that people know it by.
            yield replace(found, origin=service.origin)


def _unclear(project: Project) -> Process:
    """The image's own process where it is not clear which of its commands is the service."""
    own = own_starts(project)
    taken = [each for each in own if each.is_taken and each.program not in PREPARATIONS]
    busy = taken or [each for each in own if each.program not in PREPARATIONS]
    long = [each for each in busy if not is_job(each)]
    if not long and busy:
        return _process(project, busy[-1], read_server(project, busy[-1]))
    read = [(each, read_server(project, each)) for each in long]
    found = [_process(project, each, made) for each, made in read]

    def merged(name: str) -> Fact:
        values = [fact for each in found for fact in [getattr(each, name)]]
        known = [value for fact in values for value in (fact.value, *fact.candidates) if value]
        return Fact("", "", tuple(dict.fromkeys(known)))

    names = ("command", "work", "framework", "application", "host", "port", "health")
    return Process("image", *(merged(name) for name in names))


def _process(project: Project, start: Start, found: Server | None) -> Process:
    command = Fact(_text(start), start.origin)
    if found is None:
        work = Fact("job", start.origin) if is_job(start) else Fact("", "", ("web", "job"))
        nothing = Fact()
        return Process(start.origin, command, work, nothing, nothing, nothing, nothing, nothing)
    application = read_app(project, found)
    framework = application.framework if application else found.kind if found.kind in _TELLING else ""
    where = bind_of(found, application)
    several = application.binds if application and found.kind == "python" else found.binds
    hosts = tuple(dict.fromkeys(str(each.host) for each in several if each.host is not None))
    ports = tuple(dict.fromkeys(str(each.port) for each in several if each.port is not None))
    source = where.source if where else ""
    has_host = where is not None and where.host is not None
    return Process(
        start.origin,
        command,
        _work(found, application),
        Fact(framework, application.path if application else start.origin) if framework else Fact(),
        _application(project, found, application),
        Fact(where.host or "0.0.0.0", source) if where and has_host else Fact("", "", hosts),
        Fact(str(where.port), source) if where and where.port else Fact("", "", ports),
        _health(application),
    )


def _text(start: Start) -> str:
    return " ".join(word.text if word.value is None else word.value for word in start.command.words)


def _work(found: Server, application: App | None) -> Fact:
    source = found.start.origin
    if found.kind in WORKERS:
        is_worker = "worker" in found.command.values or found.kind != "celery"
        return Fact("worker" if is_worker else "scheduler" if "beat" in found.command.values else "web", source)
    if found.kind == "job":
        ends = not found.command.program.startswith("manage") or any(map(_ENDING.fullmatch, found.command.values))
        return Fact("job", source) if ends else Fact("", "", ("job", "worker"))
    if found.kind != "python":
        return Fact("web", source)
    if application is None:
        return Fact("", "", ("web", "job"))
    if application.runs:
        return Fact("web", application.path)
    kinds = {"bot" if kind in _BOTS else "worker" for kind in application.loops}
    if len(kinds) == 1:
        return Fact(kinds.pop(), application.path)
    return Fact("", "", tuple(sorted(kinds)) or ("job",))


def _application(project: Project, found: Server, application: App | None) -> Fact:
    if application is not None and application.served:
        return Fact(application.served, application.path)
    module, _, given = found.app.partition(":")
    name = given or "application"
    if application is not None and found.kind in _NAMED and module and is_bound(project, application.path, name):
        # What it is made of is not known, but this is what the server takes.
        return Fact(f"{module}:{name}", application.path)
    if found.app and not (application and application.candidates):
        return Fact("", "", (found.app,))
    return Fact("", "", application.candidates if application else ())


def _health(application: App | None) -> Fact:
    if application is None:
        return Fact()
    if application.health:
        return Fact(application.health, application.path)
    return Fact("", "", application.health_like)
