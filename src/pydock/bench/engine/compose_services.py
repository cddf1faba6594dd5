"""The services that a service needs, started from its compose file on a network of their own.

Each start of the service gets new ones, so that neither version finds what the other has written.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydock.bench.engine.container import Container
from pydock.bench.engine.engine import Engine
from pydock.context import Tree
from pydock.errors import EngineError
from pydock.project import Project
from pydock.project.secrets import mask
from pydock.project.surroundings import Needed, Surroundings, surroundings
from pydock.values import Value

READY_SECONDS = 90.0
_CALM = 3.0
_POLL = 0.25
_LOG_LINES = 5
_LISTEN = "0A"


class Beside(Value):
    """How services are started beside the one that is looked at: what, from which files, and who is told."""

    surroundings: Surroundings
    tree: Tree
    has_network: bool = False
    limit: float = READY_SECONDS

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.surroundings.environment)

    @contextmanager
    def started(self, engine: Engine, tell: Callable[[str], None] = lambda text: None) -> Iterator[str]:
        """The network on which all of them are ready; they and it are gone afterwards.

        Raises EngineError naming the service that cannot be had or does not become ready.
        """
        containers: list[Container] = []
        network = engine.network(is_internal=not self.has_network)
        try:
            for needed in self.surroundings.services:
                if needed.why_not:
                    continue
                tell(f"starting {needed.name}")
                with self._blamed(needed):
                    containers.append(self._made(engine, needed, network))
                    containers[-1].start()
                config = engine.inspect_image(needed.image)["Config"] or {}
                _await(containers[-1], needed, config, self.limit)
            yield network
        finally:
            for container in reversed(containers):
                container.remove()
            engine.remove_network(network)

    def _made(self, engine: Engine, needed: Needed, network: str) -> Container:
        engine.provide([needed.image])
        container = engine.container(
            needed.image,
            needed.command,
            entrypoint=needed.entrypoint,
            environment=dict(needed.environment),
            user=needed.user,
            network=network,
            aliases=needed.names,
        )
        for target, path in needed.files:
            container.put("/", _archive(self.tree, path, target))
        return container

    @contextmanager
    def _blamed(self, needed: Needed) -> Iterator[None]:
        """Failures of the engine as those of one service."""
        try:
            yield
        except EngineError as error:
            hint = error.hint or f"compose says what it is: {self.surroundings.origin}"
            raise EngineError(f"the service {needed.name} cannot be started: {mask(error.message)}", hint) from error


def beside(project: Project, tell: Callable[[str], None], *, has_network: bool) -> Beside | None:
    """What compose starts with the service, None where there is nothing to start; what cannot be is told."""
    found = surroundings(project)
    for needed in found.services:
        if needed.why_not:
            tell(f"the service {needed.name} is not started: {needed.why_not}")
    if any(not needed.why_not for needed in found.services):
        return Beside(found, project.tree, has_network)
    tell("no compose file says what this service needs")
    return None


def _test(needed: Needed, config: Mapping[str, Any]) -> tuple[str, ...]:
    """The words of a health check, by compose or by the image; none where there is no check.

    They are run from here, because podman without systemd never asks.
    """
    test = needed.test if needed.test is not None else tuple((config.get("Healthcheck") or {}).get("Test") or ())
    match test:
        case ("CMD", *command):
            return tuple(command)
        case ("CMD-SHELL", command):
            return ("/bin/sh", "-c", command)
        case _:
            return ()


def _archive(tree: Tree, path: str, target: str) -> bytes:
    """A file or a folder of the context as it is to stand in the container."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in [path] if tree.has_file(path) else [each for each in tree.files if each.startswith(f"{path}/")]:
            data = tree.data(name) or b""
            member = tarfile.TarInfo((target + name.removeprefix(path)).lstrip("/"))
            member.size, member.mode = len(data), 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _await(container: Container, needed: Needed, config: Mapping[str, Any], limit: float) -> None:
    """Wait for its end where it is a job, else for its health check, else for an open port, else for a moment."""
    end = time.monotonic() + limit
    ports = needed.ports or tuple(int(port.partition("/")[0]) for port in config.get("ExposedPorts") or ())
    test = _test(needed, config)
    while (state := container.inspect()["State"])["Running"] or state["Status"] == "created":
        if not needed.is_job and _is_ready(container, test, ports):
            return
        # It may have ended while it was asked, and that says more than the time that passed.
        if time.monotonic() > end and container.is_running:
            waited = "end" if needed.is_job else "become healthy" if test else "open a port"
            raise _refused(container, needed, f"did not {waited} within {limit:.0f} s")
        time.sleep(_POLL)
    if not needed.is_job or state["ExitCode"]:
        raise _refused(container, needed, f"ended with exit code {state['ExitCode']}")


def _is_ready(container: Container, test: tuple[str, ...], ports: tuple[int, ...]) -> bool:
    if test:
        return _passes(container, test)
    open_ports = _listening(container) if ports else None
    if open_ports is None:
        # Nobody can say when it is ready.
        time.sleep(_CALM)
        return container.is_running
    return bool(open_ports & set(ports))


def _passes(container: Container, test: tuple[str, ...]) -> bool:
    try:
        return container.run(test, limit=10).code == 0
    except EngineError:
        if container.is_running:
            raise
        return False


def _listening(container: Container) -> set[int] | None:
    """The ports that are open inside a container, None where nothing in it can tell."""
    try:
        ran = container.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], limit=10)
    except EngineError:
        if container.is_running:
            raise
        return set()
    if ran.code in {126, 127}:
        return None
    rows = [line.split() for line in ran.text.splitlines()]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if len(row) > 3 and row[3] == _LISTEN}


def _refused(container: Container, needed: Needed, what: str) -> EngineError:
    said = [line for line in container.logs(_LOG_LINES).splitlines() if line.strip()]
    last = f": {mask(said[-1])}" if said else ""
    return EngineError(f"the service {needed.name} {what}{last}", f"docker run {needed.image} shows more")
