"""The framework's development server runs in production.

Flask's and Django's own servers handle what a developer needs, not what the internet sends: no
limits, no workers, tracebacks with a console for everybody in debug mode. `--reload` watches
every file and restarts the service at the wrong moment.

The cure is gunicorn, or uvicorn where the source calls it, with the application object that is
found in the source; `--reload` is taken away. A server that the requirements lack is added to
them, by its bare name: pin it like the others. Unsafe: other code paths start the application then, and
Django serves no static files without its development server.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build.views import files
from pydock.locks.requirement_line import asked_too
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.service.app import App, bind, read_app
from pydock.service.arguments import changed_fields, is_editable, removed, replaced, rewritten
from pydock.service.listeners import Server
from pydock.service.server import is_installed, server
from pydock.text import Edit, Fix, Safety

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_INSTALL = "RUN pip install flask gunicorn\n"
_APP = "from flask import Flask\n\napp = Flask(__name__)\n\nif __name__ == '__main__':\n    app.run('0.0.0.0', 8000)\n"
_ASGI = (
    "import uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"
    "uvicorn.run('app:app', host='0.0.0.0', port=80, reload=True)\n"
)
EXAMPLES = (
    Example(
        before=f"{_BASE}CMD uvicorn app:app --host 0.0.0.0 --reload --port 80\n",
        after=f"{_BASE}CMD uvicorn app:app --host 0.0.0.0 --port 80\n",
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}{_INSTALL}CMD ["python", "app.py"]\n',
        after=f'{_BASE}{_INSTALL}CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]\n',
        files={"app.py": _APP},
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f"{_BASE}{_INSTALL}CMD python manage.py migrate && python manage.py runserver 0.0.0.0:8000\n",
        after=f"{_BASE}{_INSTALL}CMD python manage.py migrate && gunicorn --bind 0.0.0.0:8000 shop.wsgi\n",
        files={"manage.py": "import django\n", "shop/wsgi.py": ""},
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
        after=f'{_BASE}RUN pip install -r requirements.txt\nCMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]\n',
        files={"app.py": _APP, "requirements.txt": "flask\nrequests\n"},
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}CMD ["python", "app.py"]\n',
        after=f'{_BASE}CMD ["uvicorn", "--host", "0.0.0.0", "--port", "80", "app:app"]\n',
        files={"app.py": _ASGI},
        allow=Safety.UNSAFE,
    ),
    Example(before=f'{_BASE}CMD ["python", "app.py"]\n', files={"app.py": _APP}, finds=True),
    Example(before=f'{_BASE}{_INSTALL}CMD ["gunicorn", "app:app"]\n', files={"app.py": _APP}),
)

_DOUBT = "what else stands beside the call in the start file does not run any more"
_COST = "one process without limits, made for one developer; in debug mode everybody gets a console"


def check(project: Project) -> Iterator[Finding]:
    found = server(project)
    if found is None or found.start.span is None:
        return
    application = read_app(project, found)
    what = _what(found, application)
    if not what:
        return
    fix = _without_reload(project, found) if found.start.command.has("--reload") else _fix(project, found, application)
    yield Finding(
        RULE,
        found.start.span,
        f"{found.start.origin} starts {what}",
        fix,
        cost=_COST,
        advice=_advice(application, has_fix=fix is not None),
    )


def _advice(application: App | None, *, has_fix: bool) -> str:
    server = "" if has_fix else "Add gunicorn or uvicorn to the requirements and start the application object with it."
    is_debug = application is not None and any(run.is_debug for run in application.runs)
    codemod = "`pydock fix --codemods debug-off` takes the debug mode out of the source." if is_debug else ""
    return " ".join(filter(None, (server, codemod)))


def _what(found: Server, application: App | None) -> str:
    if found.is_development:
        names = {"flask": "Flask's development server", "django": "Django's development server"}
        return names.get(found.kind, f"{found.kind} in development mode")
    runs = [run for run in application.runs if run.is_development] if application and found.kind == "python" else []
    if not runs:
        return ""
    place = application.binds[0].source if application and application.binds else ""
    if runs[0].kind.startswith("uvicorn."):
        return f"{runs[0].kind}() from {place}, with reload=True"
    debug = ", with debug=True" if any(run.is_debug for run in runs) else ""
    return f"{runs[0].kind}'s development server from {place}{debug}"


def _without_reload(project: Project, found: Server) -> Fix | None:
    start = found.start
    word = next((word for word in start.command.words if word.value == "--reload"), None)
    if word is None or not is_editable(project, start):
        return None
    edit = removed(start, word)
    changes = changed_fields(project, start, edit)
    doubt = "whoever mounts the source to work on it has to ask for --reload in compose now"
    return Fix("do not watch files in production", Safety.UNSAFE, (edit,), changes, doubts=(doubt,))


def _fix(project: Project, found: Server, application: App | None) -> Fix | None:
    start = found.start
    if not is_editable(project, start):
        return None
    edits: tuple[Edit, ...]
    if found.kind == "fastapi":
        word = next((word for word in start.command.words if word.value == "dev"), None)
        edits, doubts = ((replaced(start, word, "run"),) if word else ()), tuple[str, ...]()
    else:
        edits, doubts = _with_server(project, found, application)
    if not edits:
        return None
    changes = changed_fields(project, start, *edits)
    return Fix("start the application with a production server", Safety.UNSAFE, edits, changes, doubts=doubts)


def _with_server(project: Project, found: Server, application: App | None) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """The command with gunicorn or uvicorn, and the server among the requirements where it is missing."""
    where = bind(project)
    if where is None or where.port is None or where.host is None or where.port.variable:
        return (), ()
    program, target, doubts = _served(project, found, application)
    options = (
        ("--host", where.host, "--port", str(where.port))
        if program == "uvicorn"
        else ("--bind", f"{where.host}:{where.port}")
    )
    edit = rewritten(project, found.start, (program, *options, target)) if target else None
    if edit is None:
        return (), ()
    if program == "uvicorn" or is_installed(project, program):
        return (edit,), doubts
    asked = asked_too(project, program)
    note = f"{program} is asked for without a version"
    return ((edit, asked), (*doubts, note)) if asked else ((), ())


def _served(project: Project, found: Server, application: App | None) -> tuple[str, str, tuple[str, ...]]:
    """The server, what it has to import, "" where that is not certain, and what is not the same then."""
    run = application.runs[0] if application and len(application.runs) == 1 and found.kind == "python" else None
    if run is None or run.kind != "uvicorn.run" or application is None:
        return "gunicorn", *_target(project, found, application)
    module = posixpath.basename(application.path).removesuffix(".py")
    is_beside = files(project).origin(f"{module}.py") == application.path and not application.function
    served = run.served.strip("\"'")
    target = served if ":" in served else f"{module}:{served}" if served == application.name else ""
    return "uvicorn", target if is_beside else "", (_DOUBT,)


def _target(project: Project, found: Server, application: App | None) -> tuple[str, tuple[str, ...]]:
    """What gunicorn has to import, "" where that is not certain, and what is not the same then."""
    if found.kind == "django":
        return _django_target(project), ("Django serves no static files without its development server",)
    if application is None or application.framework not in {"flask", "dash"} or not application.name.isidentifier():
        return "", ()
    name = application.name if application.framework == "flask" else f"{application.name}.server"
    module = posixpath.basename(application.path).removesuffix(".py")
    is_beside = files(project).origin(f"{module}.py") == application.path
    if not is_beside or application.function:
        return "", ()
    return f"{module}:{name}", (_DOUBT,) if found.kind == "python" else ()


def _django_target(project: Project) -> str:
    manage = files(project).origin("manage.py")
    if manage is None:
        return ""
    folder = posixpath.dirname(manage)
    prefix = f"{folder}/" if folder else ""
    found = [path for path in project.tree.files if re.fullmatch(rf"{re.escape(prefix)}[^/]+/wsgi\.py", path)]
    return f"{posixpath.basename(posixpath.dirname(found[0]))}.wsgi" if len(found) == 1 else ""


RULE = Rule("PYD411", "development-server", check, __doc__, EXAMPLES)
