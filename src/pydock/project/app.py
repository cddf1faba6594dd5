"""The application behind the server: its file, its framework, where it listens by itself, its health route.

What cannot be told with certainty is None, never a guess.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.project import Project
from pydock.project.listeners import Server
from pydock.project.module import LISTED, Application, Include, Module, Route, read_module
from pydock.project.ports import Bind, Port, read_port
from pydock.project.runs import Run
from pydock.project.server import environment, server
from pydock.project.sources import origin, remembered, sources
from pydock.values import Value

DEEPEST = 3
MOST_MODULES = 60
_HEALTH = re.compile(
    r"(?:/[\w./-]*)?/_?(?:(?P<health>health(?:z|[-_]?check)?)|(?P<live>livez|liveness|live|alive)|(?P<ping>ping|heartbeat)"
    r"|(?P<ready>readyz|readiness|ready))/?\Z|(?P<up>/up/?)\Z",
    re.I,
)
_RANKS = ("health", "live", "ping", "up", "ready")
# Something may stand before every handler: a login, a token, a redirect to https.
_GATE = re.compile(
    r"before_request|TrustedHost|BasicAuth|Auth\w*Middleware|Talisman|SSLify|middleware\(\s*[\"']http|HTTPSRedirect"
)


class App(Value):
    """The application. `path` is its file in the context; `binds` where its own code listens.

    `health` is the full path of a route that a probe may ask, None where none is certain.
    `reached` are the files of the application that could be followed.
    """

    path: str
    framework: str = ""
    kind: str = ""
    name: str = ""
    function: str = ""
    runs: tuple[Run, ...] = ()
    binds: tuple[Bind, ...] = ()
    health: str | None = None
    signals: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    health_like: tuple[str, ...] = ()


@remembered
def app(project: Project) -> App | None:
    """The application of the image's main command, None where its file is not found or cannot be read."""
    found = server(project)
    return read_app(project, found) if found else None


def read_app(project: Project, found: Server) -> App | None:
    """The application that a server serves."""
    path = _entry(project, found)
    module = _module(project, path)
    if path is None or module is None or not module.is_readable:
        return None
    runs, binds = _listening(project, path, module, found) if found.kind == "python" else ((), ())
    reached = tuple(reach(project, path))
    place, application = _application(project, path, module, reached, found, runs)
    if place != path:
        reached = tuple(dict.fromkeys([*reached, *reach(project, place)]))
    modules = {each: entry for each in reached if (entry := _module(project, each))}
    is_django = found.kind == "django"
    framework, kind = (application.framework, application.kind) if application else ("django" * is_django, "")
    if not application and runs:
        framework = runs[0].kind
    routes = dict(_routes(project, place, application, modules)) if not _is_gated(project, reached) else {}
    if framework == "django":
        routes |= {route.path: route for route in _django_routes(project, place)}
    return App(
        place,
        framework,
        kind,
        application.name if application else "",
        application.function if application else "",
        runs,
        binds,
        _best(path for path, route in routes.items() if route.is_plain),
        tuple(dict.fromkeys(name for entry in modules.values() for name in entry.signals)),
        reached,
        tuple(route.path for entry in modules.values() for route in (*entry.routes, *entry.urlpatterns)
              if _HEALTH.fullmatch(route.path)),
    )  # fmt: skip


def bind(project: Project) -> Bind | None:
    """The one place where the image's main command listens, None where that is not certain."""
    found = server(project)
    if found is None:
        return None
    if found.kind != "python":
        return found.bind
    application = app(project)
    return application.binds[0] if application and len(application.binds) == 1 else None


def _module(project: Project, path: str | None) -> Module | None:
    text = project.tree.text(path) if path else None
    return read_module(text) if text is not None else None


def _entry(project: Project, found: Server) -> str | None:
    """The file that a server is told to run or to import."""
    if found.entry.startswith("-m "):
        dotted = found.entry[3:]
        return module_file(project, f"{dotted}.__main__") or module_file(project, dotted)
    if found.entry.startswith("import "):
        return module_file(project, found.entry[7:])
    if found.entry:
        return origin(project, project.final, found.entry)
    if found.kind == "django":
        return origin(project, project.final, found.command.values[0]) or origin(project, project.final, "manage.py")
    dotted = re.split(r"[:(]", found.app)[0]
    folder = found.gunicorn.value("chdir") if found.gunicorn else None
    option = found.command.option("--app-dir", "--chdir", "--pythonpath")
    if dotted.endswith(".py"):
        return origin(project, project.final, dotted)
    if not dotted and found.kind == "flask":
        return module_file(project, "app") or module_file(project, "wsgi")
    return module_file(project, dotted, folder or (option.value or "" if option else ""))


def module_file(project: Project, dotted: str, folder: str = "") -> str | None:
    """The context path of an importable module: under the work directory, PYTHONPATH, or the only one of its name."""
    if not dotted or dotted.startswith("."):
        return None
    inner = dotted.replace(".", "/")
    python_path = (environment(project).get("PYTHONPATH") or "").split(":")
    for root in (folder or ".", *(entry for entry in python_path if entry)):
        for name in (f"{inner}.py", f"{inner}/__init__.py"):
            place = origin(project, project.final, posixpath.join(root, name))
            if place and project.tree.has_file(place):
                return place
    tails = (f"/{inner}.py", f"/{inner}/__init__.py")
    found = [path for path in sources(project) if f"/{path}".endswith(tails)]
    return found[0] if len(found) == 1 else None


@remembered
def _files(project: Project) -> frozenset[str]:
    return frozenset(project.tree.files)


def _imported(project: Project, path: str, dotted: str) -> Iterator[str]:
    """The files behind an imported name: the module itself, or the module that the name is in."""
    if dotted.startswith("."):
        level = len(dotted) - len(dotted.lstrip("."))
        folder = path
        for _ in range(level):
            folder = posixpath.dirname(folder)
        dotted = dotted[level:]
        roots = iter((folder,))
    else:
        roots = _parents(path)
    parts = dotted.split(".") if dotted else []
    for root in roots:
        for size in range(len(parts), 0, -1):
            inner = posixpath.join(root, *parts[:size])
            found = [name for name in (f"{inner}.py", f"{inner}/__init__.py") if name in _files(project)]
            if found:
                yield found[0]
                return


def _parents(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


def reach(project: Project, path: str) -> Iterator[str]:
    """A file and the files of the context that it imports, nearest first."""
    seen, level = {path}, [path]
    yield path
    for _ in range(DEEPEST):
        following = []
        for each in level:
            module = _module(project, each)
            for dotted in dict.fromkeys(module.imports.values()) if module else ():
                for found in _imported(project, each, dotted):
                    if found not in seen and len(seen) < MOST_MODULES:
                        seen.add(found)
                        following.append(found)
                        yield found
        level = following


def _listening(project: Project, path: str, module: Module, found: Server) -> tuple[tuple[Run, ...], tuple[Bind, ...]]:
    """The listening calls of a script, or of what it imports, and the different places they name.

    What a call leaves to its default may be said by arguments of the command.
    """
    values = environment(project)
    words = 1 if found.entry.startswith("import ") else 3 if found.entry.startswith("-m ") else 2
    has_arguments = len(found.command.words) > words
    runs = [(path, run) for run in module.runs]
    if not runs:
        others = [(each, _module(project, each)) for each in reach(project, path) if each != path]
        runs = [(each, run) for each, other in others if other for run in other.runs if not run.is_main_only]
    binds: dict[tuple[str | None, Port | None], Bind] = {}
    for place, run in runs:
        is_open = has_arguments and run.is_default
        port = read_port(run.port, values) if run.port is not None and not is_open else None
        host = None if is_open else run.host
        if host and "$" in host:
            default = re.fullmatch(r"\$\{(\w+)(?::-(.*))?\}", host)
            host = (values.get(default[1]) or default[2]) if default else None
        binds.setdefault((host, port), Bind(host, port, place))
    return tuple(run for _, run in runs), tuple(binds.values())


def _application(
    project: Project, path: str, module: Module, reached: tuple[str, ...], found: Server, runs: tuple[Run, ...]
) -> tuple[str, Application | None]:
    """The file with the application object that is served, and that object."""
    served = next((run.served.strip("\"'") for run in runs if ":" in run.served), "")
    if served and (place := module_file(project, served.split(":")[0])):
        module, path = _module(project, place) or module, place
        reached = tuple(reach(project, place))
    wanted = (served or found.app).rpartition(":")[2].split("(")[0]
    for each in (path, *reached):
        entry = module if each == path else _module(project, each)
        applications = entry.applications if entry else ()
        for application in applications:
            if each != path or wanted in {"", application.name, application.function} or len(applications) == 1:
                return each, application
    return path, None


def _is_gated(project: Project, reached: tuple[str, ...]) -> bool:
    return any(_GATE.search(project.tree.text(path) or "") for path in reached)


def _routes(
    project: Project, place: str, application: Application | None, modules: dict[str, Module]
) -> Iterator[tuple[str, Route]]:
    """Routes by their full path, those that are certain to be on the application."""
    for path, module in modules.items():
        for route in module.routes:
            if application is None:
                if route.base == "" and path == place:
                    yield route.path, route
            elif not application.is_guarded and _is_on(project, application, place, path, module, route.base):
                yield route.path, route
    if application is None or application.is_guarded:
        return
    includes = [(path, include) for path, module in modules.items() for include in module.includes]
    for path, module in modules.items():
        for name, own in module.prefixes.items():
            found = [include for at, include in includes if _means(project, at, include, path, name)]
            if own is None or len(found) != 1 or found[0].prefix is None:
                continue
            if not _is_application(application, found[0].base):
                continue
            given = found[0].prefix
            prefix = given + own if application.framework != "flask" else given or own
            yield from ((prefix + route.path, route) for route in module.routes if route.base == name)


def _is_on(project: Project, application: Application, place: str, path: str, module: Module, base: str) -> bool:
    """Whether a name in a file is the application."""
    if path == place:
        is_alone = len(module.applications) == 1
        has_mounts = any(name.endswith((".Mount", ".add_subapp")) for name in module.imports.values())
        return _is_application(application, base) or (base == LISTED and is_alone and not has_mounts)
    imported = module.imports.get(base)
    return (
        bool(imported)
        and imported is not None
        and imported.endswith(f".{application.name}")
        and place in _imported(project, path, imported)
    )


def _is_application(application: Application, base: str) -> bool:
    return base in {application.name, f"{application.name}.router"}


def _means(project: Project, at: str, include: Include, path: str, name: str) -> bool:
    """Whether an include in one file is about a router of another."""
    if at == path and include.router == name:
        return True
    head, _, tail = include.router.rpartition(".")
    return tail == name and bool(head) and path in _imported(project, at, include.router)


def _django_routes(project: Project, place: str) -> Iterator[Route]:
    """The routes beside wsgi.py or settings.py; those of an included file are not certain."""
    folders = {posixpath.dirname(place)}
    if posixpath.basename(place) == "manage.py":
        text = project.tree.text(place) or ""
        match = re.search(r"DJANGO_SETTINGS_MODULE[\"']\s*,\s*[\"']([\w.]+)[\"']", text)
        folders = {posixpath.join(posixpath.dirname(place), *match[1].split(".")[:1])} if match else set()
    for folder in folders:
        module = _module(project, posixpath.join(folder, "urls.py"))
        yield from module.urlpatterns if module else ()


def _best(paths: Iterator[str]) -> str | None:
    """The route that most plainly asks for health."""
    matched = [(match, path) for path in paths if (match := _HEALTH.fullmatch(path))]
    ranked = [(_RANKS.index(match.lastgroup or "ready"), len(path), path) for match, path in matched]
    return min(ranked)[2] if ranked else None
