"""Which of the commands of an image is the one that goes on, and which of them end by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from pydock.build.containers.start import Start
from pydock.build.walk import starts, starts_of_service
from pydock.context.compose import Service
from pydock.project import Project
from pydock.project.programs import DJANGO_SERVICES, JOBS, PREPARATIONS, SERVERS


def own_starts(project: Project) -> tuple[Start, ...]:
    """The commands of the image itself, without the scripts that they stand in."""
    return tuple(start for start in starts(project) if start.role in {"start", "script"} and not start.script)


def main_command(project: Project) -> Start | None:
    """The one long-running command of the image, None where it is not clear which that is."""
    return _going_on([start for start in own_starts(project) if start.is_taken])


def command_of_service(project: Project, service: Service) -> Start | None:
    """The one long-running command of a compose service, None where it is not clear which that is."""
    if service.command is None and service.entrypoint is None:
        return main_command(project)
    own = (start for start in starts_of_service(project, service) if start.role != "probe" and not start.script)
    return _going_on([start for start in own if start.is_taken])


def _going_on(own: Sequence[Start]) -> Start | None:
    served = [start for start in own if is_server(start)]
    if served:
        # What a shell has executed in its own place is the only one that is left of it.
        executed = [start for start in served if "exec" in start.wrappers and not start.is_background]
        return served[0] if len(served) == 1 else executed[0] if len(executed) == 1 else None
    lasting = [start for start in own if start.program not in PREPARATIONS and not is_job(start)]
    other = [start for start in lasting if not start.is_background]
    return other[0] if len(other) == 1 and other[0].is_last else None


def is_server(start: Start) -> bool:
    """Whether a command is known to be a server or a worker."""
    values = start.called.values
    return (
        start.called.program in SERVERS
        or "runserver" in values
        or (start.called.program == "flask" and "run" in values)
    )


def is_job(start: Start) -> bool:
    """Whether a command is known to do its work and end: migrations, static files, waiting, tests."""
    values, program = start.called.values, start.called.program
    is_django = any(value.endswith("manage.py") for value in values[:2]) or program == "django-admin"
    is_flask = program == "flask"
    # `manage.py run` is no command of Django, but what Flask's own script is asked for.
    is_run = "run" in values[1:3] and not is_flask
    ends = (is_django and not is_run and not DJANGO_SERVICES & set(values)) or (is_flask and "run" not in values)
    return ends or program in JOBS
