"""The server that a container runs, by its command line: where it listens and what it serves.

Defaults: https://docs.gunicorn.org/en/stable/settings.html, https://www.uvicorn.org/settings/,
https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html,
https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html,
https://flask.palletsprojects.com/en/stable/cli/,
https://docs.djangoproject.com/en/stable/ref/django-admin/, read 2026-11.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydock.project import Project
from pydock.project.gunicorn import Gunicorn, read_gunicorn
from pydock.project.ports import Bind, Port, Values, read_bind, read_port
from pydock.project.sources import content, remembered
from pydock.project.start import Start, main_command, starts
from pydock.shell import Command

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*\Z")
_MODULES = {"waitress": "waitress-serve", "django": "django-admin", "streamlit.web.cli": "streamlit"}
_APP = re.compile(r"[\w.]+:[\w.]+(?:\([^)]*\))?\Z")


@dataclass(frozen=True)
class Server:
    """A server with where it listens.

    `kind` is the program ("gunicorn", "uvicorn", "flask", "django", "celery", ...), "job" for a
    command that ends, or "python" for a file, module ("-m name") or console script ("import
    name") that may serve by itself: then `entry` names it. `binds` is empty for a
    process that listens nowhere or where that is unknown. `app` is "module:name" as written.
    """

    kind: str
    start: Start
    command: Command
    app: str = ""
    entry: str = ""
    binds: tuple[Bind, ...] = ()
    gunicorn: Gunicorn | None = None
    is_development: bool = False
    has_tls: bool = False

    @property
    def bind(self) -> Bind | None:
        """The one place where it listens."""
        return self.binds[0] if len(self.binds) == 1 else None


@remembered
def server(project: Project) -> Server | None:
    """The server that the image's main command is; None where the main command is not clear."""
    start = main_command(project)
    return read_server(project, start) if start else None


@remembered
def servers(project: Project) -> tuple[Server, ...]:
    """Every command of the image and of its compose services that is a known kind of server."""
    found = [
        read_server(project, start)
        for start in starts(project)
        if start.role in {"start", "script", "compose"} and not start.script
    ]
    return tuple(entry for entry in found if entry is not None and entry.kind != "python")


def environment(project: Project) -> dict[str, str | None]:
    """ENV of the final stage; build arguments are gone when a container runs."""
    return dict(project.contract.environment)


def read_server(project: Project, start: Start) -> Server | None:
    """What a command serves, None where its program is not known to serve anything."""
    command = plain_command(start.command)
    values = environment(project) | _assigned(start)
    name = command.program
    match name:
        case "gunicorn":
            settings = read_gunicorn(project, command, values)
            tls = settings.is_set("certfile")
            return Server(
                name, start, command, settings.app, "", settings.binds(values), settings,
                is_development=settings.value("reload") == "true", has_tls=tls,
            )  # fmt: skip
        case _ if reader := _READERS.get(name):
            return reader(project, start, command, values)
        case "python":
            return _script(start, command)
        case _ if name.endswith(".py"):
            return _manage(start, command, values) or Server("python", start, command, entry=command.values[0])
        case _:
            module = _console_scripts(project).get(name, "")
            return Server("python", start, command, entry=f"import {module}") if module else None


@remembered
def _console_scripts(project: Project) -> dict[str, str]:
    """The programs that the project's own packages install, with the modules they call."""
    found: dict[str, str] = {}
    for path in project.tree.files:
        if PurePosixPath(path).name == "pyproject.toml" and (text := project.tree.text(path)):
            document = _toml(text) or {}
            tables = [_table(document, "project", "scripts"), _table(document, "tool", "poetry", "scripts")]
            for name, target in (pair for table in tables for pair in table.items()):
                found[name] = str(target).partition(":")[0]
    return found


def _table(document: Mapping[str, object], *names: str) -> Mapping[str, object]:
    table: object = document
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def plain_command(command: Command) -> Command:
    """The command with `python -u -m gunicorn` read as `gunicorn`, and python's own options left out."""
    words = command.words
    if words and _PYTHON.match(command.program):
        rest = words[1:]
        while rest and re.match(r"-[uOBEsSIbqdvx]+\Z|-[WX]", rest[0].value or ""):
            rest = rest[2 if rest[0].value in {"-W", "-X"} else 1 :]
        if rest and rest[0].value == "-m" and len(rest) > 1:
            name = rest[1].value or ""
            if name in _READERS or name == "gunicorn" or name in _MODULES:
                named = _MODULES.get(name, name)
                first = type(rest[1])(rest[1].text, named, rest[1].span)
                return Command((first, *rest[2:]), command.assignments, command.span, command.redirects)
        python = type(words[0])(words[0].text, "python", words[0].span)
        return Command((python, *rest), command.assignments, command.span, command.redirects)
    return command


def _assigned(start: Start) -> dict[str, str | None]:
    """Assignments in front of a command: `PORT=80 gunicorn ...`."""
    pairs = (word.text.partition("=") for word in start.command.assignments)
    return {name: None if "$" in value else value.strip("\"'") for name, _, value in pairs}


def _script(start: Start, command: Command) -> Server | None:
    """`python app.py`, `python -m package`, `python manage.py ...`."""
    values = command.values[1:]
    if not values:
        return None
    if values[0] == "-m" and len(values) > 1:
        return Server("python", start, command, entry=f"-m {values[1]}")
    if values[0] == "-c" or not command.words[1].value:
        return None
    shifted = Command(command.words[1:], command.assignments, command.span, command.redirects)
    return _manage(start, shifted, {}) or Server("python", start, command, entry=values[0])


def _manage(start: Start, command: Command, values: Values) -> Server | None:
    """`manage.py runserver`; None for a script that is no Django one, and for other subcommands."""
    if PurePosixPath(command.values[0]).name not in {"manage.py", "django-admin", "django-admin.py"}:
        return None
    verbs = [at for at, value in enumerate(command.values) if value in {"runserver", "runserver_plus"}]
    if not verbs:
        return Server("job", start, command)
    operands = [word.text for word in command.words[verbs[0] + 1 :] if not word.text.startswith("-")]
    bind = Bind("127.0.0.1", Port(8000), "default")
    if operands:
        bind = read_bind(operands[0], values, "command line", "127.0.0.1")
    return Server("django", start, command, binds=(bind,), is_development=True)


Reader = Callable[[Project, Start, Command, Values], Server | None]


def _text(command: Command, *names: str) -> str | None:
    word = command.option(*names)
    return None if word is None else word.text if word.value is None else word.value


def _host_and_port(
    command: Command, names: tuple[str, str], values: Values, defaults: tuple[str, int], prefix: str = ""
) -> Bind:
    """A bind from `--host` and `--port`, from PREFIX_HOST and PREFIX_PORT, or from the defaults."""
    hosts, ports = names
    host, port = _text(command, *hosts.split()), _text(command, *ports.split())
    source = "default" if port is None else "command line"
    if host is None and prefix and f"{prefix}_HOST" in values:
        host = values[f"{prefix}_HOST"] or "$"
    if port is None and prefix and f"{prefix}_PORT" in values:
        port, source = f"${prefix}_PORT", "environment"
    known_host = defaults[0] if host is None else None if "$" in host else host.strip("\"'")
    if host and "$" in host:
        known_host = read_bind(f"{host}:1", values, "").host
    return Bind(known_host, Port(defaults[1]) if port is None else read_port(port, values), source)


def _operands(command: Command) -> tuple[str, ...]:
    """Words that look like an application: `module:name`."""
    return tuple(value for value in command.values[1:] if _APP.match(value))


def _uvicorn(project: Project, start: Start, command: Command, values: Values) -> Server:
    bind = _host_and_port(command, ("--host", "--port"), values, ("127.0.0.1", 8000), "UVICORN")
    if command.has("--uds", "--fd"):
        bind = Bind(None, None, "command line", is_socket=True)
    app = next(iter(_operands(command)), "")
    return Server(
        "uvicorn", start, command, app, binds=(bind,),
        is_development=command.has("--reload"), has_tls=command.has("--ssl-keyfile", "--ssl-certfile"),
    )  # fmt: skip


def _hypercorn(project: Project, start: Start, command: Command, values: Values) -> Server:
    texts = [text] if (text := _text(command, "-b", "--bind")) else []
    source = "command line"
    config = _text(command, "-c", "--config")
    unknown = False
    if not texts and config:
        found = content(project, config) if not config.startswith(("python:", "file:")) else None
        document = _toml(found[1]) if found else None
        unknown = document is None
        listed = (document or {}).get("bind", [])
        texts = [str(entry) for entry in listed] if isinstance(listed, list) else [str(listed)]
        source = found[0] or config if found else config
    binds = tuple(read_bind(text, values, source, "127.0.0.1") for text in texts)
    if not binds:
        binds = () if unknown else (Bind("127.0.0.1", Port(8000), "default"),)
    app = next(iter(_operands(command)), "")
    tls = command.has("--certfile", "--keyfile") or bool(config)
    return Server("hypercorn", start, command, app, binds=binds, is_development=command.has("--reload"), has_tls=tls)


def _toml(text: str) -> Mapping[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _waitress(project: Project, start: Start, command: Command, values: Values) -> Server:
    app = next(iter(_operands(command)), "")
    if listen := _text(command, "--listen"):
        binds = tuple(read_bind(part, values, "command line", "0.0.0.0") for part in listen.split())
    else:
        binds = (_host_and_port(command, ("--host", "--port"), values, ("0.0.0.0", 8080)),)
    if command.has("--unix-socket"):
        binds = (Bind(None, None, "command line", is_socket=True),)
    return Server("waitress", start, command, app, binds=binds)


def _daphne(project: Project, start: Start, command: Command, values: Values) -> Server:
    app = next(iter(_operands(command)), "")
    if command.has("-e", "--endpoint", "-u", "--fd"):
        return Server("daphne", start, command, app)
    bind = _host_and_port(command, ("-b --bind", "-p --port"), values, ("127.0.0.1", 8000))
    return Server("daphne", start, command, app, binds=(bind,))


def _flask(project: Project, start: Start, command: Command, values: Values) -> Server | None:
    if "run" not in command.values:
        return Server("job", start, command)
    bind = _host_and_port(command, ("--host -h", "--port -p"), values, ("127.0.0.1", 5000), "FLASK_RUN")
    has_file = any(content(project, name) for name in (".flaskenv", ".env"))
    if has_file and bind.source != "command line":
        bind = Bind(None, None, "configuration")
    app = _text(command, "--app", "-A") or values.get("FLASK_APP") or ""
    tls = command.has("--cert")
    return Server("flask", start, command, app, binds=(bind,), is_development=True, has_tls=tls)


def _fastapi(project: Project, start: Start, command: Command, values: Values) -> Server:
    is_dev = "dev" in command.values
    host = "127.0.0.1" if is_dev else "0.0.0.0"
    bind = _host_and_port(command, ("--host", "--port"), values, (host, 8000))
    if bind.source == "default" and "PORT" in values:
        # Newer versions follow PORT, older ones do not.
        bind = Bind(host, None, "environment")
    entry = next((value for value in command.values[2:] if value.endswith(".py")), "")
    return Server("fastapi", start, command, entry=entry, binds=(bind,), is_development=is_dev)


def _django_admin(project: Project, start: Start, command: Command, values: Values) -> Server | None:
    return _manage(start, command, values)


def _streamlit(project: Project, start: Start, command: Command, values: Values) -> Server | None:
    if "run" not in command.values:
        return None
    names = ("--server.address", "--server.port")
    bind = _host_and_port(command, names, values, ("0.0.0.0", 8501))
    if bind.source == "default" and ("STREAMLIT_SERVER_PORT" in values or content(project, ".streamlit/config.toml")):
        bind = Bind(None, read_port("$STREAMLIT_SERVER_PORT", values), "environment")
    return Server("streamlit", start, command, binds=(bind,))


def _celery(project: Project, start: Start, command: Command, values: Values) -> Server:
    app = _text(command, "-A", "--app") or ""
    return Server("celery", start, command, app)


def _uwsgi(project: Project, start: Start, command: Command, values: Values) -> Server:
    words = [_text(command, name) for name in ("--http", "--http-socket", "--socket", "-s")]
    texts = [text for text in words if text]
    ini = _text(command, "--ini") or next((value for value in command.values[1:] if value.endswith(".ini")), "")
    if not texts and ini and (found := content(project, ini)):
        texts = _uwsgi_sockets(found[1])
    binds = tuple(read_bind(text, values, ini or "command line") for text in texts)
    return Server("uwsgi", start, command, binds=binds)


def _uwsgi_sockets(text: str) -> list[str]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    section = parser["uwsgi"] if parser.has_section("uwsgi") else {}
    return [str(section[name]) for name in ("http", "http-socket", "socket") if section.get(name)]


def _http_server(project: Project, start: Start, command: Command, values: Values) -> Server:
    ports = [value for value in command.values[1:] if value.isdigit()]
    host = _text(command, "--bind", "-b")
    bind = Bind(host or "0.0.0.0", Port(int(ports[0])) if ports else Port(8000), "command line" if ports else "default")
    return Server("http.server", start, command, binds=(bind,))


def _plain(kind: str, names: tuple[str, str], defaults: tuple[str, int], prefix: str = "") -> Reader:
    """A reader for a server that only takes a host and a port."""

    def read(project: Project, start: Start, command: Command, values: Values) -> Server:
        app = next(iter(_operands(command)), "")
        return Server(kind, start, command, app, binds=(_host_and_port(command, names, values, defaults, prefix),))

    return read


_READERS: dict[str, Reader] = {
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
    "waitress-serve": _waitress,
    "daphne": _daphne,
    "flask": _flask,
    "fastapi": _fastapi,
    "django-admin": _django_admin,
    "streamlit": _streamlit,
    "celery": _celery,
    "uwsgi": _uwsgi,
    "granian": _plain("granian", ("--host", "--port"), ("127.0.0.1", 8000), "GRANIAN"),
    "sanic": _plain("sanic", ("--host -H", "--port -p"), ("127.0.0.1", 8000)),
    "http.server": _http_server,
}
