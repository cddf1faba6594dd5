"""EXPOSE or HEALTHCHECK names another port than the server binds.

EXPOSE opens nothing, but people and programs believe it: `docker run -P` publishes it, reverse
proxies and platforms that read it send their traffic there, and nobody answers. A HEALTHCHECK
that asks another port calls a service that works unhealthy, for ever.

The cure is the port that the server binds. Safe where that is written in the file or the source,
and no compose file refers to the other one; where an environment variable decides at run time
there is only the finding. What a HEALTHCHECK asks is left to a person: a second process may
listen there.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.containers.entry_point import probe
from pydock.context.compose import Service
from pydock.patterns import regex
from pydock.project import Project, compose
from pydock.rule import Example, Finding, Rule
from pydock.service.app import bind
from pydock.service.server import server
from pydock.text import Edit, Fix, Safety

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_COMPOSE = "services:\n  web:\n    build: .\n    ports: ['80:5000']\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}EXPOSE 5000\nCMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
        after=f'{_BASE}EXPOSE 8000\nCMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
    ),
    Example(
        before=f'{_BASE}EXPOSE 5000\nCMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
        files={"docker-compose.yml": _COMPOSE},
        finds=True,
    ),
    Example(before=f'{_BASE}EXPOSE 8000 9090\nCMD ["uvicorn", "app:app"]\n'),
    Example(before=f"{_BASE}EXPOSE 5000\nCMD uvicorn app:app --port ${{PORT:-8000}}\n", finds=True),
    Example(
        before=f'{_BASE}HEALTHCHECK CMD curl -f http://localhost:5000/\nCMD ["gunicorn", "-b", ":8000", "app:app"]\n',
        finds=True,
    ),
)

_ASKED = regex(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d+)")


def check(project: Project) -> Iterator[Finding]:
    yield from _of_expose(project)
    where, found, asking = bind(project), server(project), probe(project)
    if found is None or where is None or where.port is None or asking is None:
        return
    asked = _ASKED.findall(asking.value)
    if asked and where.port.number is not None and str(where.port.number) not in asked:
        message = f"HEALTHCHECK asks port {asked[0]}, {found.kind} binds {where.port}"
        cost = "the container counts as unhealthy while the service works, and is restarted for it"
        yield Finding(RULE, asking.value_span, message, None, cost, f"Ask port {where.port}.")


def _of_expose(project: Project) -> Iterator[Finding]:
    where, found = bind(project), server(project)
    exposed = [
        (entry, word)
        for stage in project.lineage(project.final)
        for entry in stage.of("EXPOSE")
        for word in entry.words
    ]
    numbers = [word.text.partition("/")[0] for _, word in exposed]
    if found is None or where is None or where.port is None or not exposed or not all(map(str.isdigit, numbers)):
        return
    port = where.port
    if port.number is None or str(port.number) in numbers:
        return
    instruction, word = exposed[0]
    mapped = [service.origin for service in compose.services(project) if _container_ports(service) & set(numbers)]
    is_alone = len(exposed) == 1 and instruction in project.final.instructions and not port.variable and not mapped
    start = instruction.place(word.start, word.start + len(numbers[0]))
    fix = None
    if is_alone:
        edit = Edit(project.path, start, str(port.number))
        fix = Fix(f"expose the port that is bound: {port.number}", Safety.SAFE, (edit,), frozenset({"ports"}))
    others = f"; {mapped[0]} publishes {', '.join(numbers)} too" if mapped else ""
    yield Finding(
        RULE,
        instruction.value_span,
        f"EXPOSE says {', '.join(numbers)}, {found.kind} binds {port}",
        fix,
        cost="clients of the exposed port reach nothing",
        advice="" if fix else f"Make both say the same port{others}.",
    )


def _container_ports(service: Service) -> set[str]:
    return {str(port.target) for port in service.ports}


RULE = Rule("PYD417", "port-mismatch", check, __doc__, EXAMPLES)
