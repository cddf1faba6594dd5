"""The framework's development server runs in production.

Flask's and Django's own servers handle what a developer needs, not what the internet sends: no
limits, no workers, tracebacks with a console for everybody in debug mode. `--reload` watches
every file and restarts the service at the wrong moment.

The cure is gunicorn, where it is among the requirements and the application object is found in
the source; `--reload` is taken away. Unsafe: other code paths start the application then, and
Django serves no static files without its development server.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.edits import Edit, Fix, Safety
from pydock.project import Project
from pydock.project.app import App, bind, read_app
from pydock.project.arguments import changed_fields, is_editable, removed, replaced, rewritten
from pydock.project.listeners import Server
from pydock.project.server import is_installed, server
from pydock.project.sources import origin
from pydock.rule import Example, Finding, Rule

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_INSTALL = "RUN pip install flask gunicorn\n"
_APP = "from flask import Flask\n\napp = Flask(__name__)\n\nif __name__ == '__main__':\n    app.run('0.0.0.0', 8000)\n"
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
    Example(before=f'{_BASE}CMD ["python", "app.py"]\n', files={"app.py": _APP}, finds=True),
    Example(before=f'{_BASE}{_INSTALL}CMD ["gunicorn", "app:app"]\n', files={"app.py": _APP}),
)

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
    debug = ", with debug=True" if any(run.is_debug for run in runs) else ""
    return f"{runs[0].kind}'s development server from {application.binds[0].source if application else ''}{debug}"


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
    if found.kind == "fastapi":
        word = next((word for word in start.command.words if word.value == "dev"), None)
        edit, doubts = (replaced(start, word, "run") if word else None), tuple[str, ...]()
    else:
        edit, doubts = _with_gunicorn(project, found, application)
    if edit is None:
        return None
    changes = changed_fields(project, start, edit)
    return Fix("start the application with a production server", Safety.UNSAFE, (edit,), changes, doubts=doubts)


def _with_gunicorn(project: Project, found: Server, application: App | None) -> tuple[Edit | None, tuple[str, ...]]:
    target, doubts = _target(project, found, application)
    where = bind(project)
    if not target or where is None or where.port is None or where.host is None or where.port.variable:
        return None, ()
    if not is_installed(project, "gunicorn"):
        return None, ()
    address = f"{where.host}:{where.port}"
    return rewritten(project, found.start, ("gunicorn", "--bind", address, target)), doubts


def _target(project: Project, found: Server, application: App | None) -> tuple[str, tuple[str, ...]]:
    """What gunicorn has to import, "" where that is not certain, and what is not the same then."""
    if found.kind == "django":
        return _django_target(project), ("Django serves no static files without its development server",)
    if application is None or application.framework not in {"flask", "dash"} or not application.name.isidentifier():
        return "", ()
    doubt = "what else stands beside app.run() in the start file does not run any more"
    name = application.name if application.framework == "flask" else f"{application.name}.server"
    module = posixpath.basename(application.path).removesuffix(".py")
    is_beside = origin(project, project.final, f"{module}.py") == application.path
    if not is_beside or application.function:
        return "", ()
    return f"{module}:{name}", (doubt,) if found.kind == "python" else ()


def _django_target(project: Project) -> str:
    manage = origin(project, project.final, "manage.py")
    if manage is None:
        return ""
    folder = posixpath.dirname(manage)
    prefix = f"{folder}/" if folder else ""
    found = [path for path in project.tree.files if re.fullmatch(rf"{re.escape(prefix)}[^/]+/wsgi\.py", path)]
    return f"{posixpath.basename(posixpath.dirname(found[0]))}.wsgi" if len(found) == 1 else ""


RULE = Rule("PYD411", "development-server", check, __doc__, EXAMPLES)
