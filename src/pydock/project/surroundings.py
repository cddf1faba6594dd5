"""The compose services that a service is started with: its database, its broker."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.context.compose import Composition, Service, Text, Unset, service_of
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import composed, services
from pydock.values import Value, replace

_NAME = regex(r"[A-Za-z][\w.-]*")


class Needed(Value):
    """A service beside the one that is looked at.

    `names` are those by which others reach it; `test` is its health check as the Engine API takes it, None where the
    image decides, ("NONE",) where compose turns it off. `files` are (place in the container, path in the build
    context) of what compose mounts. `why_not` says why it cannot be started, "" where it can.
    """

    name: str
    image: str = ""
    names: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    user: str = ""
    test: tuple[str, ...] | None = None
    files: tuple[tuple[str, str], ...] = ()
    ports: tuple[int, ...] = ()
    is_job: bool = False
    why_not: str = ""


class Surroundings(Value):
    """What a service is started with: other services in the order of their start, and its own environment."""

    services: tuple[Needed, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    origin: str = ""


def surroundings(project: Project) -> Surroundings:
    """What compose starts with the one service that runs the image as it is; nothing where no service is that."""
    own = [each for each in services(project) if each.command is None and each.entrypoint is None]
    if not own:
        return Surroundings()
    service = own[0]
    composition = next(each for each in composed(project) if _has(each, service))
    beside = {name: service_of(composition, name) for name in composition.services}
    images = frozenset(each.name for each in services(project))
    finished = {each.name for each in service.dependencies if each.condition.endswith("successfully")}
    found = (_needed(project, beside[name], is_own=name in images) for name in _order(beside, service))
    marked = tuple(replace(each, is_job=True) if each.name in finished else each for each in found)
    return Surroundings(marked, tuple(_environment(service)), service.origin)


def _has(composition: Composition, service: Service) -> bool:
    return service.name in composition.services and service_of(composition, service.name) == service


def _order(beside: dict[str, Service], service: Service) -> list[str]:
    """What a service depends on, the first to start first; of services without that, those that it names."""
    found: list[str] = []

    def visit(name: str, on_the_way: frozenset[str]) -> None:
        for other in (each.name for each in beside[name].dependencies):
            if other in beside and other not in on_the_way:
                visit(other, on_the_way | {other})
                if other not in found:
                    found.append(other)

    visit(service.name, frozenset({service.name}))
    if not found:
        said = {word for _, value in service.environment for word in _NAME.findall(str(value or ""))}
        found = [name for name, each in beside.items() if name != service.name and name in said and not each.build]
    return found


def _needed(project: Project, service: Service, *, is_own: bool) -> Needed:
    if is_own:
        return Needed(service.name, why_not="it is the same image with another command")
    if service.image is None or service.build:
        return Needed(service.name, why_not="compose builds its image, and only images are started")
    return Needed(
        service.name,
        _plain(service.image),
        tuple(dict.fromkeys([service.name, *map(_plain, service.aliases)])),
        tuple(_environment(service)),
        _words(service.command),
        _words(service.entrypoint),
        _plain(service.user),
        _words(service.test),
        tuple(_files(project, service)),
        tuple(port.target for port in service.ports if port.target is not None and port.protocol == "tcp"),
    )


def _plain(text: Text | None) -> str:
    """A text as compose hands it over: a variable that nobody gives a value to stands for nothing."""
    return text.blank if isinstance(text, Unset) else text or ""


def _words(texts: tuple[Text, ...] | None) -> tuple[str, ...] | None:
    return None if texts is None else tuple(map(_plain, texts))


def _environment(service: Service) -> Iterator[tuple[str, str]]:
    """Its variables; what only the caller's shell knows is left out."""
    yield from ((name, _plain(value)) for name, value in service.environment if value is not None)


def _files(project: Project, service: Service) -> Iterator[tuple[str, str]]:
    for mount in service.mounts:
        path = mount.path
        if path is not None and mount.target and (project.tree.has_file(path) or project.tree.has_folder(path)):
            yield mount.target, path
