"""The application behind the server: its file, its framework, where it listens by itself, its health route.

What cannot be told with certainty is None, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.addresses import listening
from pydock.service.code.imports import module_at, reach
from pydock.service.code.listening_calls import Run
from pydock.service.code.module import Module
from pydock.service.code.objects import Found
from pydock.service.code.ports import Bind
from pydock.service.django.settings import accepted_host, is_gated
from pydock.service.django.urls import django_routes
from pydock.service.entry import candidates, entry_file, reference, served
from pydock.service.listeners import Server
from pydock.service.routes.declarations import Route
from pydock.service.routes.gates import Gate, gates, is_put
from pydock.service.routes.handlers import asks_before, checked_paths
from pydock.service.routes.routes import routes
from pydock.service.server import server
from pydock.values import Value, replace

_HEALTH = regex(
    r"(?:/[\w./-]*)?/_{0,2}(?:-/)?(?:(?P<health>health(?:y|z|[-_]?check|[-_]?status)?)"
    r"|(?P<live>livez|liveness|live|alive|is[-_]?alive|lbheartbeat__)|(?P<ping>ping|heartbeat(?:__)?)"
    r"|(?P<ready>readyz|readiness|ready))(?:\.\w+|/)?\Z|(?P<up>/up/?)\Z|(?P<status>(?:/api(?:/\w+)*)?/_?status/?|/ht/?)\Z",
    re.I,
)
_METRICS = regex(r"/metrics/?\Z")
_EXPORTERS = regex(
    r"prometheus_flask_exporter\.|prometheus_fastapi_instrumentator\.|starlette_exporter\.handle_metrics"
)
_NESTED = regex(r"(?:/[\w./-]*)?/health(?:z|check)?/(?P<live>live\w*|status|basic|simple)/?\Z", re.I)
QUEUES = frozenset({"celery", "rq", "dramatiq", "huey", "arq", "faust"})
_TELLING = QUEUES | {"django", "streamlit", "http.server"}
_RANKS = ("health", "live", "ping", "up", "ready", "status")


class App(Value):
    """The application. `path` is its file in the context; `binds` where its own code listens.

    `served` is the object as a server would be told it, "module:name", "" where that is not
    certain: then `candidates` are what it may be. `health` is the full path of a route that a
    probe may ask, None where none is certain; `host` a Host header that is let in, None where
    that is not known. `reached` are the files of the application that could be followed;
    `loops` what keeps it running without listening; `routes` are its fixed paths that answer GET.
    `live` is a route like `health` that asks nobody outside of the process, None where none is known.
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
    served: str = ""
    candidates: tuple[str, ...] = ()
    host: str | None = ""
    loops: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    live: str | None = None


@remembered
def app(project: Project) -> App | None:
    """The application of the image's main command, None where its file is not found or cannot be read."""
    found = server(project)
    return read_app(project, found) if found else None


def read_app(project: Project, found: Server) -> App | None:
    """The application that a server serves."""
    path = entry_file(project, found)
    module = module_at(project, path)
    if path is None or module is None or not module.is_readable:
        return None
    heard, binds = listening(project, path, found) if found.kind == "python" else ((), ())
    here = served(project, found, path, heard)
    others = candidates(project, path)
    is_worker = found.kind in QUEUES
    object_found = here.found if here else others[0] if len(others) == 1 and not is_worker else None
    place = object_found.path if object_found else path
    reached = tuple(dict.fromkeys([*reach(project, path), *(reach(project, place) if place != path else ())]))
    modules = {each: entry for each in reached if (entry := module_at(project, each))}
    framework, kind = _framework(found, object_found, others, tuple(each.run for each in heard))
    called = (here.path, here.name) if here else (place, object_found.application.name if object_found else "")
    own = _of_streamlit(found) if framework == "streamlit" else None
    listed = own if own is not None else _routes(project, path, object_found, framework, modules, called)
    open_routes = _open(project, modules, object_found, listed)
    application = object_found.application if object_found else None
    return App(
        place,
        framework,
        kind,
        application.name if application else "",
        application.function if application else "",
        tuple(each.run for each in heard),
        binds,
        _best(route.path for route in open_routes),
        tuple(dict.fromkeys(name for entry in modules.values() for name in entry.signals)),
        reached,
        _health_like(listed, modules),
        reference(project, found, here) if here else "",
        () if is_worker else tuple(map(_written, others)),
        accepted_host(project, path) if framework == "django" else "",
        tuple(dict.fromkeys(name for entry in modules.values() for name in entry.loops)),
        tuple(dict.fromkeys(route.path for route in listed)),
        _live(project, framework, modules, object_found, open_routes),
    )


def _written(found: Found) -> str:
    return f"{found.path}:{found.application.name or f'{found.application.function}()'}"


def _framework(found: Server, made: Found | None, others: tuple[Found, ...], runs: tuple[Run, ...]) -> tuple[str, str]:
    """(framework, kind) where every sign of it says the same."""
    if made:
        return made.application.framework, made.application.kind
    named = {each.application.framework for each in others}
    if found.kind in _TELLING:
        return found.kind, ""
    if len(named) == 1:
        return named.pop(), others[0].application.kind
    return (runs[0].kind, "") if runs and not named else ("", "")


def _of_streamlit(found: Server) -> tuple[Route, ...]:
    """Its own health route: https://docs.streamlit.io/deploy/tutorials/docker, read 2026-11."""
    return () if found.prefix is None else (Route(f"{found.prefix}/_stcore/health", "", 0),)


def _routes(
    project: Project,
    path: str,
    made: Found | None,
    framework: str,
    modules: dict[str, Module],
    called: tuple[str, str],
) -> tuple[Route, ...]:
    if framework == "django":
        return () if is_gated(project, path) else tuple(django_routes(project, path))
    if made is None:
        own = (route for route in modules[path].routes if route.base == "" and "@{" not in route.path)
        return tuple(replace(route, place=path) for route in own)
    return tuple(routes(project, made.path, made.application, modules, called))


def _open(
    project: Project, modules: dict[str, Module], made: Found | None, listed: Sequence[Route]
) -> tuple[Route, ...]:
    """The health routes that nothing stands in front of."""
    return tuple(route for route in listed if route.is_plain and _is_let_in(project, modules, made, route.path))


def _is_let_in(project: Project, modules: dict[str, Module], made: Found | None, route: str) -> bool:
    """Whether no guard of the application stands before a route."""
    if not _is_health(route):
        return False
    texts = {path: project.tree.text(path) or "" for path in modules}
    return all(
        gate.lets_in(route)
        or _is_elsewhere(gate, module, made)
        or (gate.name != "" and not is_put(gate.name, texts.values()))
        for path, module in modules.items()
        for gate in gates(texts[path])
    )


def _live(
    project: Project, framework: str, modules: dict[str, Module], made: Found | None, open_routes: Sequence[Route]
) -> str | None:
    """The route that a check may ask: one that is named so first, else one that asks nobody else."""
    if not open_routes:
        return None
    elsewhere = {name for module in modules.values() for name in _others(module, made)}
    if asks_before(project, framework, modules, elsewhere):
        return None
    found = [each for each in checked_paths(project, open_routes) if each.may_be_checked]
    return _best(each.path for each in found if each.is_live) or _best(each.path for each in found)


def _is_elsewhere(gate: Gate, module: Module, made: Found | None) -> bool:
    """Whether a guard is put on a blueprint or on another application."""
    return gate.base in _others(module, made)


def _others(module: Module, made: Found | None) -> set[str]:
    """The routers of a file, and its applications but the one that is served."""
    others = {each.name for each in module.applications} - {made.application.name if made else ""}
    return others | module.prefixes.keys()


def _health_like(listed: Sequence[Route], modules: dict[str, Module]) -> tuple[str, ...]:
    """Routes that sound like one, on the application or anywhere in its files; else the metrics that it may have."""
    named = [route.path for route in listed if _is_health(route.path)]
    others = [route.path for entry in modules.values() for route in entry.routes if _is_health(route.path)]
    weak = [route.path for route in listed if _METRICS.search(route.path)]
    return tuple(dict.fromkeys(named or others or weak)) or _exported(modules)


def _exported(modules: dict[str, Module]) -> tuple[str, ...]:
    """Where exporters of metrics put them when they are not told."""
    names = {name for module in modules.values() for name in module.imports.values()}
    return ("/metrics",) if any(map(_EXPORTERS.match, names)) else ()


def bind(project: Project) -> Bind | None:
    """The one place where the image's main command listens, None where that is not certain."""
    found = server(project)
    return bind_of(found, app(project)) if found else None


def bind_of(found: Server, application: App | None) -> Bind | None:
    """The one place where a server listens, None where that is not certain."""
    if found.kind != "python":
        return found.bind
    return application.binds[0] if application and len(application.binds) == 1 else None


def _is_health(path: str) -> bool:
    return (_HEALTH.fullmatch(path) or _NESTED.fullmatch(path)) is not None


def _best(paths: Iterable[str]) -> str | None:
    """The route that most plainly asks for health."""
    matched = [(match, path) for path in paths if (match := _HEALTH.fullmatch(path) or _NESTED.fullmatch(path))]
    ranked = [(_RANKS.index(match.lastgroup or "ready"), len(path), path) for match, path in matched]
    return min(ranked)[2] if ranked else None
