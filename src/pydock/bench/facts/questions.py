"""What to ask of both versions of a service, read from its files."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from pydock.bench.engine.context import sent
from pydock.bench.facts.image import Declared
from pydock.build.contract import contract
from pydock.build.sources import sources
from pydock.context.compose import Service
from pydock.engine import Report
from pydock.project import Project
from pydock.project.compose import services
from pydock.service.app import app, bind
from pydock.service.code.module import read_module
from pydock.service.files.writes import image_path, writes
from pydock.service.run_time_programs import called_programs
from pydock.source import syntax
from pydock.values import Value, field

MOST_ROUTES = 20


class Asked(Value):
    """The questions; `ports` are those the service is expected to open, `environment` what compose gives it."""

    imports: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ("/",)
    ports: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def questions(project: Project) -> Asked:
    """The questions about a service, by the original's files."""
    promised = contract(project)
    named = tuple(target for service in services(project) for target in _volumes(service))
    known = tuple(write.folder for write in writes(project) if write.folder)
    return Asked(
        tuple(dict.fromkeys(_imports(project))),
        tuple(called_programs(project)),
        tuple(dict.fromkeys([promised.workdir, "~", *sorted(promised.volumes), *named, *known])),
        tuple(dict.fromkeys(_routes(project)))[:MOST_ROUTES],
        _ports(project),
        _environment(project),
    )


def declared(report: Report) -> Declared:
    """What the fixes of a rewrite say that they change."""
    before, after = report.project, report.result
    fixes = [finding.fix for finding in report.settled if finding.fix]
    unsent = sent(before.tree, before.path) - sent(after.tree, after.path)
    return Declared(
        frozenset(name for fix in fixes for name in fix.changes),
        frozenset(image_path(after, path) for path in report.changed),
        frozenset(image_path(before, path) for path in unsent),
        frozenset(called_programs(before)) - frozenset(called_programs(after)),
        frozenset(write.folder or contract(before).workdir for write in writes(before)),
        any(finding.rule.name == "log-to-file" for finding in report.settled),
    )


def _volumes(service: Service) -> Iterator[str]:
    yield from (each.target for each in service.mounts if each.target and each.kind == "volume")


def _imports(project: Project) -> Iterator[str]:
    """`module`, `module:name` or `?module` for every import that runs when a file of the service is imported."""
    found = sources(project)
    own = {part for path in found for part in _first_names(path)}
    for path in found:
        tree = syntax(project.tree.text(path) or "")
        for node in _statements(tree.body) if tree else ():
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}:{alias.name}" for alias in node.names if alias.name != "*"] or [node.module]
            else:
                continue
            for name in names:
                first = name.partition(":")[0].partition(".")[0]
                # The service's own files are only looked for: to import them may be to start it.
                yield f"?{first}" if first in own else name


def _first_names(path: str) -> Iterator[str]:
    """The names under which a file may be imported from the folders above it."""
    parts = path.removesuffix(".py").split("/")
    yield parts[0]
    yield from parts[1:2]
    yield parts[-1] if len(parts) < 3 else parts[0]


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import; what is for type checkers alone is left out."""
    for node in body:
        yield node
        match node:
            case ast.If(test=test) if "TYPE_CHECKING" in ast.unparse(test) or "__name__" in ast.unparse(test):
                yield from _statements(node.orelse)
            case ast.If(body=inner, orelse=rest):
                yield from _statements([*inner, *rest])
            case ast.Try(body=inner, handlers=handlers, orelse=rest):
                caught = [statement for handler in handlers for statement in handler.body]
                yield from _statements([*inner, *caught, *rest])
            case _:
                pass


def _routes(project: Project) -> Iterator[str]:
    yield "/"
    found = app(project)
    if found is None:
        return
    if found.health:
        yield found.health
    yield from found.routes
    for path in dict.fromkeys([found.path, *found.reached]):
        yield from (route.path for route in read_module(project.tree.text(path) or "").routes)
    yield "/no-such-page"


def _ports(project: Project) -> tuple[int, ...]:
    found = bind(project)
    if found and found.port and found.port.number:
        return (found.port.number,)
    exposed = (port.partition("/")[0] for port in contract(project).ports)
    return tuple(sorted(int(port) for port in exposed if port.isdigit()))


def _environment(project: Project) -> dict[str, str]:
    """What compose gives the one service that runs the image as it is."""
    plain = [service for service in services(project) if service.command is None and service.entrypoint is None]
    if len(plain) != 1:
        return {}
    return {name: value for name, value in plain[0].environment if isinstance(value, str)}
