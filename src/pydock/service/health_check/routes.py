"""Whether an application has a route that tells that it is well."""

from __future__ import annotations

from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.app import App, app

# Frameworks whose routes pydock can read.
_ROUTED = frozenset(
    ["flask", "quart", "fastapi", "starlette", "litestar", "sanic", "aiohttp", "bottle", "falcon", "django"]
)


@remembered
def without_health_route(project: Project) -> App | None:
    """The application of the image's main command where it has routes and none of them asks for health."""
    application = app(project)
    if application is None or not is_routed(application):
        return None
    if application.health or application.health_like or _is_mentioned(project, application.reached):
        return None
    return application


def is_routed(application: App) -> bool:
    """Whether pydock can read what an application answers."""
    return application.framework in _ROUTED or application.framework.startswith("http.server")


def _is_mentioned(project: Project, paths: tuple[str, ...]) -> bool:
    """Whether a route may be declared in a way that could not be followed."""
    return any("health" in (project.tree.text(path) or "").lower() for path in paths)
