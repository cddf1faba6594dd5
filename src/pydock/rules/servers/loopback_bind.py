"""The server listens on the container's own loopback.

127.0.0.1 inside a container is the container: published ports, other containers and the
platform's proxy all get "connection refused". Several servers listen there when they are not
told otherwise.

The cure is 0.0.0.0. Unsafe: a proxy in the same container, or a port that was closed on
purpose, would be opened. An address in the source is what the codemod `bind-all-interfaces` is for.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.app import bind
from pydock.service.arguments import added, changed_fields, is_editable, replaced
from pydock.service.code.ports import Bind
from pydock.service.listeners import Server
from pydock.service.run_time_programs import called_programs
from pydock.service.server import server
from pydock.system.layout import environment_edits
from pydock.text import Edit, Fix, Safety

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["uvicorn", "app:app", "--host", "127.0.0.1"]\n',
        after=f'{_BASE}CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n',
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f"{_BASE}CMD exec gunicorn -w 2 app:app\n",
        after="FROM python:3.12-slim\nENV PORT=8000\nWORKDIR /app\nCOPY . .\nCMD exec gunicorn -w 2 app:app\n",
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f"{_BASE}CMD python manage.py runserver\n",
        after=f"{_BASE}CMD python manage.py runserver 0.0.0.0:8000\n",
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}CMD ["python", "app.py"]\n',
        files={"app.py": "from flask import Flask\napp = Flask(__name__)\napp.run(port=80)\n"},
        finds=True,
    ),
    Example(before=f'{_BASE}CMD ["gunicorn", "-b", ":8000", "app:app"]\n'),
)

_PROXIES = frozenset(
    {"nginx", "caddy", "haproxy", "envoy", "apache2", "httpd", "traefik", "supervisord", "cloudflared"}
)
# The option that names the host, and one word for both host and port where that is how it is said.
_HOSTS = {
    "uvicorn": ("--host",),
    "granian": ("--host",),
    "fastapi": ("--host",),
    "flask": ("--host", "-h"),
    "sanic": ("--host", "-H"),
    "daphne": ("-b", "--bind"),
    "streamlit": ("--server.address",),
}
_BINDS = {"gunicorn": ("--bind", "-b"), "hypercorn": ("--bind", "-b")}


def check(project: Project) -> Iterator[Finding]:
    found, where = server(project), bind(project)
    if found is None or where is None or not where.is_loopback or found.start.span is None:
        return
    if _PROXIES & set(called_programs(project)):
        return
    fix = (_gunicorn_fix(project, where) if found.kind == "gunicorn" else None) or _fix(project, found, where)
    said = "by default" if where.source == "default" else f"by {where.source}"
    yield Finding(
        RULE,
        found.start.span,
        f"{found.kind} listens on {where.host} inside the container, {said}",
        fix,
        cost="nothing outside of the container reaches it, published ports included",
        advice="" if fix else _advice(found),
    )


def _advice(found: Server) -> str:
    if found.kind == "python":
        return "`pydock fix --codemods bind-all-interfaces` writes 0.0.0.0 into the source."
    return "Listen on 0.0.0.0, best with the address from an environment variable."


def _gunicorn_fix(project: Project, where: Bind) -> Fix | None:
    """gunicorn follows PORT to all addresses; `--bind` would make it deaf to platforms that set PORT."""
    if where.source != "default" or where.port is None:
        return None
    edits = environment_edits(project, (f"PORT={where.port}",))
    doubt = "other programs in the container may read PORT too"
    title = "let gunicorn listen on all addresses"
    return Fix(title, Safety.UNSAFE, edits, frozenset({"environment"}), doubts=(doubt,))


def _fix(project: Project, found: Server, where: Bind) -> Fix | None:
    edit = _edit(project, found, where) if is_editable(project, found.start) else None
    if edit is None:
        return None
    changes = changed_fields(project, found.start, edit)
    doubt = "whatever was meant to stay inside the container can be reached from outside"
    return Fix("listen on all addresses of the container", Safety.UNSAFE, (edit,), changes, doubts=(doubt,))


def _edit(project: Project, found: Server, where: Bind) -> Edit | None:
    start = found.start
    words = start.command.words
    if found.kind == "django":
        port = where.port.number if where.port and not where.port.variable else None
        verb = next((at for at, word in enumerate(words) if word.value == "runserver"), None)
        if port is None or verb is None:
            return None
        operand = next((word for word in words[verb + 1 :] if not word.text.startswith("-")), None)
        text = f"0.0.0.0:{port}"
        return replaced(start, operand, text) if operand else added(project, start, (text,))
    options = _HOSTS.get(found.kind) or _BINDS.get(found.kind)
    if options is None or (where.source not in {"command line", "default"}):
        return None
    for at, word in enumerate(words):
        value = word.value if word.value is not None else word.text
        name, equals, given = value.partition("=")
        if name not in options:
            continue
        holder = word if equals else words[at + 1] if at + 1 < len(words) else None
        said = given if equals else (holder.value or "" if holder else "")
        if holder is None or "$" in said or where.host is None or not said.startswith(where.host):
            return None
        return replaced(start, holder, (f"{name}=" if equals else "") + "0.0.0.0" + said[len(where.host) :])
    if found.kind in _BINDS:
        return added(project, start, (options[0], f"0.0.0.0:{where.port}"), found.app) if where.port else None
    return added(project, start, (options[0], "0.0.0.0"), found.app)


RULE = Rule("PYD412", "loopback-bind", check, __doc__, EXAMPLES, level=Level.ERROR)
