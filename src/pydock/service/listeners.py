"""Servers by their command lines: where each one listens and what it serves.

Defaults: https://www.uvicorn.org/settings/,
https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html,
https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html,
https://flask.palletsprojects.com/en/stable/cli/,
https://docs.djangoproject.com/en/stable/ref/django-admin/, read 2026-11.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from pydock.build.containers.start import Start
from pydock.build.views import files
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.programs import DJANGO_WORKERS
from pydock.service.code.ports import Bind, Port, Values, read_bind, read_port
from pydock.service.gunicorn import Gunicorn, read_gunicorn
from pydock.shell import Command
from pydock.values import Value

_UWSGI_SOCKETS = ("http", "http-socket", "https", "socket")
_DEFAULTED = regex(r"\$\{\w+:?-([^{}]*)\}")
_APP = regex(r"[\w.]+:[A-Za-z_][\w.]*(?:\([^)]*\))?\Z")


class Server(Value):
    """A server with where it listens.

    `kind` is the program ("gunicorn", "uvicorn", "flask", "django", "celery", ...), "job" for a
    command that ends, or "python" for a file, module ("-m name") or console script ("import
    name") that may serve by itself: then `entry` names it. `binds` is empty for a
    process that listens nowhere or where that is unknown. `app` is "module:name" as written. `prefix` is what stands
    in front of all paths, None where that is not known.
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
    prefix: str | None = ""

    @property
    def bind(self) -> Bind | None:
        """The one place where it listens."""
        return self.binds[0] if len(self.binds) == 1 else None


def read_manage(start: Start, command: Command, values: Values) -> Server | None:
    """`manage.py runserver`; None for a script that is no Django one, and for other subcommands."""
    if PurePosixPath(command.values[0]).name not in {"manage.py", "django-admin", "django-admin.py"}:
        return None
    if workers := [DJANGO_WORKERS[value] for value in command.values if value in DJANGO_WORKERS]:
        return Server(workers[0], start, command)
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
        port, source = f"${{{prefix}_PORT:-{defaults[1]}}}", "environment"
    known_host = defaults[0] if host is None else None if "$" in host else host.strip("\"'")
    if host and "$" in host:
        known_host = read_bind(f"{host}:1", values, "").host
    return Bind(known_host, Port(defaults[1]) if port is None else read_port(port, values), source)


def _operands(command: Command) -> tuple[str, ...]:
    """Words that look like an application: `module:name`; a part that the environment may change has its default."""
    texts = (_DEFAULTED.sub(r"\1", word.text) if word.value is None else word.value for word in command.words[1:])
    return tuple(text for text in texts if _APP.match(text))


def _gunicorn(project: Project, start: Start, command: Command, values: Values) -> Server:
    settings = read_gunicorn(project, command, values)
    app = settings.app or settings.value("wsgi_app") or ""
    return Server(
        "gunicorn", start, command, app, "", settings.binds(values), settings,
        is_development=settings.value("reload") == "true", has_tls=settings.is_set("certfile"),
    )  # fmt: skip


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
    found = files(project).content(config) if config and not config.startswith(("python:", "file:")) else None
    document = read_toml(found[1]) if found else None
    unknown = config is not None and document is None
    if not texts and config:
        listed = (document or {}).get("bind", [])
        texts = [str(entry) for entry in listed] if isinstance(listed, list) else [str(listed)]
        source = found[0] or config if found else config
    binds = tuple(read_bind(text, values, source, "127.0.0.1") for text in texts)
    if not binds:
        binds = () if unknown else (Bind("127.0.0.1", Port(8000), "default"),)
    app = next(iter(_operands(command)), "")
    tls = command.has("--certfile", "--keyfile") or unknown or "certfile" in (document or {})
    return Server("hypercorn", start, command, app, binds=binds, is_development=command.has("--reload"), has_tls=tls)


def read_toml(text: str) -> Mapping[str, object] | None:
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
    has_file = not project.tree.known or any(files(project).content(name) for name in (".flaskenv", ".env"))
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
    return read_manage(start, command, values)


def _streamlit(project: Project, start: Start, command: Command, values: Values) -> Server | None:
    if "run" not in command.values:
        return None
    names = ("--server.address", "--server.port")
    bind = _host_and_port(command, names, values, ("0.0.0.0", 8501))
    may_be_set = not project.tree.known or files(project).content(".streamlit/config.toml")
    if bind.source == "default" and ("STREAMLIT_SERVER_PORT" in values or may_be_set):
        bind = Bind(None, read_port("$STREAMLIT_SERVER_PORT", values), "environment")
    entry = next((value for value in command.values[1:] if value.endswith(".py")), "")
    # https://docs.streamlit.io/develop/api-reference/configuration/config.toml#server, read 2026-11.
    told = [_text(command, "--server.baseUrlPath"), *(values[name] for name in _BASE_PATHS if name in values)]
    path = told[0] or next(iter(told[1:]), "")
    prefix = None if path is None or (may_be_set and not path) else f"/{path.strip('/')}".rstrip("/")
    return Server("streamlit", start, command, entry=entry, binds=(bind,), prefix=prefix)


_BASE_PATHS = ("STREAMLIT_SERVER_BASE_URL_PATH", "STREAMLIT_SERVER_BASEURLPATH")


def _celery(project: Project, start: Start, command: Command, values: Values) -> Server:
    app = _text(command, "-A", "--app") or ""
    return Server("celery", start, command, app)


def _uwsgi(project: Project, start: Start, command: Command, values: Values) -> Server:
    ini = _text(command, "--ini") or next((value for value in command.values[1:] if value.endswith(".ini")), "")
    found = files(project).content(ini) if ini else None
    settings = _uwsgi_settings(found[1]) if found else {}
    words = {name: _text(command, f"--{name}") for name in (*_UWSGI_SOCKETS, "module", "wsgi-file", "callable")}
    words["socket"], words["module"] = words["socket"] or _text(command, "-s"), words["module"] or _text(command, "-w")
    given = {name: text for name, text in words.items() if text}
    texts = [text for name in _UWSGI_SOCKETS if (text := given.get(name))]
    texts = texts or [text for name in _UWSGI_SOCKETS if (text := settings.get(name))]
    binds = tuple(read_bind(text, values, ini or "command line") for text in texts)
    merged = {**settings, **given}
    target = merged.get("module") or merged.get("wsgi-file") or merged.get("wsgi") or ""
    app = target if ":" in target or not target else f"{target}:{merged.get('callable') or 'application'}"
    return Server("uwsgi", start, command, app, binds=binds)


def _uwsgi_settings(text: str) -> dict[str, str]:
    import configparser

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    section = parser["uwsgi"] if parser.has_section("uwsgi") else {}
    return {name.replace("_", "-"): value for name, value in section.items() if value and "%(" not in value}


def _worker(kind: str) -> Reader:
    """A reader for a process that takes work from a queue and listens nowhere."""

    def read(project: Project, start: Start, command: Command, values: Values) -> Server:
        return Server(kind, start, command, next((value for value in command.values[1:] if "." in value), ""))

    return read


def _sanic(project: Project, start: Start, command: Command, values: Values) -> Server:
    bind = _host_and_port(command, ("--host -H", "--port -p"), values, ("127.0.0.1", 8000))
    target = next((value for value in command.values[1:] if re.fullmatch(r"[\w.:]+(?:\(\))?", value)), "")
    module, _, name = target.replace(":", ".").rpartition(".")
    return Server("sanic", start, command, f"{module}:{name}" if module else "", binds=(bind,))


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


READERS: dict[str, Reader] = {
    "gunicorn": _gunicorn,
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
    "sanic": _sanic,
    "rq": _worker("rq"),
    "rqworker": _worker("rq"),
    "rqscheduler": _worker("rq"),
    "dramatiq": _worker("dramatiq"),
    "huey_consumer": _worker("huey"),
    "huey_consumer.py": _worker("huey"),
    "arq": _worker("arq"),
    "faust": _worker("faust"),
    "http.server": _http_server,
}
