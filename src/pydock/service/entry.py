"""What a server serves: the file it is told to run or to import, and the application object in it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from pydock.build.contract import contract
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.addresses import Heard
from pydock.service.code.imports import module_at, module_file, reach
from pydock.service.code.objects import Found, find_application, made_in
from pydock.service.django.settings import setting
from pydock.service.files.mounts import place_of
from pydock.service.files.writes import image_path
from pydock.service.listeners import Server
from pydock.values import Value

# The names that a server looks for when it is not told one.
_DEFAULT_NAMES = {
    "gunicorn": ("application",),
    "uwsgi": ("application",),
    "hypercorn": ("app", "application"),
    "flask": ("app", "application", "create_app()", "make_app()"),
    "fastapi": ("app", "api"),
    "granian": ("app", "application"),
}
_FASTAPI_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
_STRING = regex(r"[\"']([\w.]+):([\w.]+)[\"']\Z")


class Served(Value):
    """An application object as the server finds it: `name` in the file `path`, made where `found` says.

    `written` is how the source itself names it, "" where it does not.
    """

    path: str
    name: str
    found: Found
    written: str = ""


def entry_file(project: Project, found: Server) -> str | None:
    """The file that a server is told to run or to import."""
    if found.entry.startswith("-m "):
        dotted = found.entry[3:]
        return module_file(project, f"{dotted}.__main__") or module_file(project, dotted)
    if found.entry.startswith("import "):
        return module_file(project, found.entry[7:])
    if found.entry:
        path = place_of(project, found.entry)
        inner = posixpath.join(found.entry, "__main__.py")
        return place_of(project, inner) if path is None or project.tree.has_folder(path) else path
    if found.kind == "django":
        return place_of(project, found.command.values[0]) or place_of(project, "manage.py")
    return _imported_file(project, found)


def _imported_file(project: Project, found: Server) -> str | None:
    dotted = re.split(r"[:(]", found.app)[0]
    folder = found.gunicorn.value("chdir") if found.gunicorn else None
    option = found.command.option("--app-dir", "--chdir", "--pythonpath")
    if dotted.endswith(".py"):
        return place_of(project, dotted)
    if not dotted and found.kind == "flask":
        return module_file(project, "app") or module_file(project, "wsgi")
    if not dotted and found.kind == "fastapi":
        return next((path for name in _FASTAPI_FILES if (path := place_of(project, name))), None)
    place = module_file(project, dotted, folder or (option.value or "" if option else ""))
    # Celery takes `package.module.name`, too.
    return place or (module_file(project, dotted.rpartition(".")[0]) if found.kind == "celery" else None)


def served(project: Project, found: Server, path: str, heard: Sequence[Heard]) -> Served | None:
    """The application object that is served, None where that is not certain."""
    if found.kind == "python":
        answers = [_of_call(project, each) for each in heard]
        known = {(each.path, each.name): each for each in answers if each}
        return next(iter(known.values())) if len(known) == 1 and None not in answers else None
    if found.kind == "celery":
        return _celery(project, found)
    if found.kind == "django":
        return _django(project, path)
    names = [found.app.rpartition(":")[2]] if ":" in found.app else _DEFAULT_NAMES.get(found.kind, ("application",))
    if found.kind == "flask":
        # Flask calls a factory that it is named: https://flask.palletsprojects.com/en/stable/cli/, read 2026-11.
        names = (*names, *(f"{name}()" for name in names if not name.endswith(")")))
    for name in names:
        if application := find_application(project, path, _plain(name, found)):
            return Served(path, _plain(name, found), application)
    module = module_at(project, path)
    if found.kind in {"flask", "fastapi"} and module and len(module.applications) == 1:
        only = module.applications[0]
        return Served(path, only.name, Found(path, only)) if not only.function else None
    return None


def _celery(project: Project, found: Server) -> Served | None:
    """`-A proj` as Celery looks it up: https://docs.celeryq.dev/en/stable/getting-started/next-steps.html."""
    module, colon, name = found.app.partition(":")
    tries = [(module, name)] if colon else [(module, "app"), (module, "celery"), (f"{module}.celery", "app")]
    tries += [] if colon else [(f"{module}.celery", "celery"), (module.rpartition(".")[0], module.rpartition(".")[2])]
    for dotted, wanted in tries:
        path = module_file(project, dotted)
        made = find_application(project, path, wanted) if path else None
        if path and made and made.application.kind == "worker":
            return Served(path, wanted, made)
    path = module_file(project, module)
    entry = module_at(project, path)
    top = [each for each in entry.workers if not each.function] if entry else []
    return Served(path, top[0].name, Found(path, top[0])) if path and len(top) == 1 else None


def _django(project: Project, path: str) -> Served | None:
    """What `runserver` serves: https://docs.djangoproject.com/en/stable/ref/settings/#wsgi-application."""
    dotted = setting(project, path, "WSGI_APPLICATION")
    module, _, name = dotted.rpartition(".")
    place = module_file(project, module) if module else None
    made = find_application(project, place, name) if place else None
    return Served(place, name, made) if place and made else None


def _plain(name: str, found: Server) -> str:
    """The name as it is looked up: a factory ends with `()`."""
    factory = found.command.has("--factory") and not name.endswith(")")
    return f"{name}()" if factory else re.sub(r"\(.*\)\Z", "()", name)


def _of_call(project: Project, heard: Heard) -> Served | None:
    """What `uvicorn.run("main:app")`, `serve(app)` or `app.run()` serve."""
    run = heard.run
    if match := _STRING.match(run.served):
        beside = posixpath.join(posixpath.dirname(heard.path), f"{match[1].replace('.', '/')}.py")
        path = beside if project.tree.has_file(beside) else module_file(project, match[1])
        application = find_application(project, path, match[2]) if path else None
        return Served(path, match[2], application, match[0].strip("\"'")) if path and application else None
    for name in filter(None, (run.base, run.served)):
        plain = re.sub(r"\(.*\)\Z", "()", name, flags=re.S)
        if re.fullmatch(r"[\w.]+(?:\(\))?", plain) and (found := find_application(project, heard.path, plain)):
            is_server = run.kind == "tornado" and found.path == heard.path
            return Served(heard.path, found.application.name if is_server else plain, found)
        if found := made_in(project, heard.path, run.function, plain):
            return Served(found.path, f"{found.application.function}()", found)
    return None


def candidates(project: Project, path: str) -> tuple[Found, ...]:
    """Every application object in a file and in what it imports."""
    return tuple(
        Found(each, application)
        for each in reach(project, path)
        if (module := module_at(project, each))
        for application in module.applications
    )


def reference(project: Project, found: Server, served: Served) -> str:
    """`module:name` as a server takes it from the work directory, or from the folder of the script that runs."""
    if served.written:
        return served.written
    module = re.split(r"[:(]", found.app)[0]
    if found.kind != "python" and ":" in found.app and not module.endswith(".py"):
        return f"{module}:{served.name}"
    is_script = found.kind == "python" and not found.entry.startswith(("-m ", "import "))
    top = posixpath.dirname(found.entry) if is_script else ""
    root = posixpath.join(contract(project).workdir, top)
    inside = posixpath.relpath(image_path(project, served.path), root)
    if inside.startswith(".."):
        inside = served.path
    return f"{inside.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}:{served.name}"
