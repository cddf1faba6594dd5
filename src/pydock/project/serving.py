"""What a server serves: the file it is told to run or to import, and the application object in it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from pydock.project import Project
from pydock.project.imports import module_at, module_file, reach
from pydock.project.listeners import Server
from pydock.project.listening import Heard
from pydock.project.objects import Found, find_application
from pydock.project.sources import origin
from pydock.project.writes import image_path
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
_STRING = re.compile(r"[\"']([\w.]+):([\w.]+)[\"']\Z")


class Served(Value):
    """An application object as the server finds it: `name` in the file `path`, made where `found` says."""

    path: str
    name: str
    found: Found


def entry_file(project: Project, found: Server) -> str | None:
    """The file that a server is told to run or to import."""
    if found.entry.startswith("-m "):
        dotted = found.entry[3:]
        return module_file(project, f"{dotted}.__main__") or module_file(project, dotted)
    if found.entry.startswith("import "):
        return module_file(project, found.entry[7:])
    if found.entry:
        path = origin(project, project.final, found.entry)
        inner = posixpath.join(found.entry, "__main__.py")
        return origin(project, project.final, inner) if path is None or project.tree.has_folder(path) else path
    if found.kind == "django":
        return origin(project, project.final, found.command.values[0]) or origin(project, project.final, "manage.py")
    return _imported_file(project, found)


def _imported_file(project: Project, found: Server) -> str | None:
    dotted = re.split(r"[:(]", found.app)[0]
    folder = found.gunicorn.value("chdir") if found.gunicorn else None
    option = found.command.option("--app-dir", "--chdir", "--pythonpath")
    if dotted.endswith(".py"):
        return origin(project, project.final, dotted)
    if not dotted and found.kind == "flask":
        return module_file(project, "app") or module_file(project, "wsgi")
    if not dotted and found.kind == "fastapi":
        return next((path for name in _FASTAPI_FILES if (path := origin(project, project.final, name))), None)
    return module_file(project, dotted, folder or (option.value or "" if option else ""))


def served(project: Project, found: Server, path: str, heard: Sequence[Heard]) -> Served | None:
    """The application object that is served, None where that is not certain."""
    if found.kind == "python":
        answers = [_of_call(project, each) for each in heard]
        known = {(each.path, each.name): each for each in answers if each}
        return next(iter(known.values())) if len(known) == 1 and None not in answers else None
    names = [found.app.rpartition(":")[2]] if ":" in found.app else _DEFAULT_NAMES.get(found.kind, ("application",))
    for name in names:
        if application := find_application(project, path, _plain(name, found)):
            return Served(path, _plain(name, found), application)
    module = module_at(project, path)
    if found.kind in {"flask", "fastapi"} and module and len(module.applications) == 1:
        only = module.applications[0]
        return Served(path, only.name, Found(path, only)) if not only.function else None
    return None


def _plain(name: str, found: Server) -> str:
    """The name as it is looked up: a factory ends with `()`."""
    factory = found.command.has("--factory") and not name.endswith(")")
    return f"{name}()" if factory else re.sub(r"\(.*\)\Z", "()", name)


def _of_call(project: Project, heard: Heard) -> Served | None:
    """What `uvicorn.run("main:app")`, `serve(app)` or `app.run()` serve."""
    run = heard.run
    if match := _STRING.match(run.served):
        path = module_file(project, match[1])
        application = find_application(project, path, match[2]) if path else None
        return Served(path, match[2], application) if path and application else None
    for name in filter(None, (run.base, run.served)):
        plain = re.sub(r"\(.*\)\Z", "()", name, flags=re.S)
        if re.fullmatch(r"[\w.]+(?:\(\))?", plain) and (found := find_application(project, heard.path, plain)):
            return Served(heard.path, plain, found)
    return None


def candidates(project: Project, path: str) -> tuple[Found, ...]:
    """Every application object in a file and in what it imports."""
    return tuple(
        Found(each, application)
        for each in reach(project, path)
        if (module := module_at(project, each))
        for application in module.applications
    )


def reference(project: Project, served: Served) -> str:
    """`module:name` as a server takes it from the work directory."""
    inside = posixpath.relpath(image_path(project, served.path), project.contract.workdir)
    dotted = inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return f"{dotted}:{served.name}" if not inside.startswith("..") else f"{served.path}:{served.name}"
