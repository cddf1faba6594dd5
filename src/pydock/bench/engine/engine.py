"""A real container engine: build images and start containers, and leave nothing behind.

Everything that is made carries the label `dev.pydock.run`. It is removed when the run ends, on a failure
and on Ctrl-C too; nothing without that label is ever touched, and nothing is pruned by kind or age. What a
run that was killed could not remove is removed by the next one on the same machine.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

from pydock.bench.engine.build import build
from pydock.bench.engine.client import connected, is_missing, translated
from pydock.bench.engine.container import Container
from pydock.bench.engine.recipe import Built, Recipe
from pydock.bench.engine.trace import Step
from pydock.errors import EngineError

if TYPE_CHECKING:
    from docker import DockerClient

RUN_LABEL = "dev.pydock.run"
OWNER_LABEL = "dev.pydock.owner"
_SAVE_CHUNK = 2**20


def connect() -> Engine:
    """The engine a person uses; to be used in a `with`, which cleans up behind it.

    Raises EngineError when none answers.
    """
    return Engine(connected())


@dataclass(eq=False)
class Engine:
    """One run on an engine; what it makes ends with the `with` block it is used in."""

    client: DockerClient
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    _containers: list[Container] = field(default_factory=list)
    _previous: dict[int, Any] = field(default_factory=dict)
    _has_caches: bool = False

    def __enter__(self) -> Engine:
        if threading.current_thread() is threading.main_thread():
            # A closed terminal or `kill` ends a run the way Ctrl-C does, so that it is cleaned up.
            for name in ("SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    self._previous[number] = signal.signal(number, _interrupt)
        self._remove_leftovers()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            with _undisturbed():
                self._remove({"label": f"{RUN_LABEL}={self.run}"})
                # A busy engine takes minutes to list its cache, and clears it by itself in time.
                with suppress(EngineError):
                    if self._has_caches:
                        self._forget_caches()
        finally:
            for number, handler in self._previous.items():
                signal.signal(number, handler)
            self.client.close()

    @property
    def labels(self) -> dict[str, str]:
        return {RUN_LABEL: self.run, OWNER_LABEL: _owner(os.getpid())}

    def caches(self, name: str) -> str:
        """What cache mounts of this run are called, which are removed when it ends."""
        self._has_caches = True
        return f"pydock-{self.run}-{name}"

    @property
    def name(self) -> str:
        """The engine's name and version, such as "Docker Engine 26.1.5"."""
        with translated("the engine does not say its version"):
            found: dict[str, Any] = self.client.version()
        names = [entry.get("Name", "") for entry in found.get("Components") or []]
        kind = next((name for name in names if "Podman" in name), "Docker Engine")
        return f"{kind} {found.get('Version', '')}".strip()

    @property
    def _api(self) -> Any:
        """The low-level client: its type stubs leave out much of what it can do."""
        return self.client.api

    def build(self, recipe: Recipe, on_step: Callable[[Step], None] = lambda step: None) -> Built:
        """Build an image; `on_step` hears of every step when it starts and when it ends.

        Raises BuildError with the step that failed, EngineError when the engine is the reason.
        """
        return build(self.client.api, recipe, self.labels, on_step)

    def provide(
        self, images: Iterable[str], on_pull: Callable[[str], None] = lambda image: None, platform: str = ""
    ) -> None:
        """Pull the images that are not there, with the person's own logins.

        Raises EngineError naming the image that cannot be had.
        """
        for image in images:
            if not self.has_image(image):
                on_pull(image)
                self._pull(image, platform)

    def has_image(self, image: str) -> bool:
        try:
            self.inspect_image(image)
        except EngineError as error:
            if is_missing(error):
                return False
            raise
        return True

    def inspect_image(self, image: str) -> dict[str, Any]:
        with translated(f"the image {image} cannot be inspected"):
            found: dict[str, Any] = self._api.inspect_image(image)
        return found

    def history(self, image: str) -> list[dict[str, Any]]:
        """The layers, the newest first: `CreatedBy` and `Size` of each."""
        with translated(f"the history of {image} cannot be read"):
            found: list[dict[str, Any]] = self._api.history(image)
        return found

    def save(self, image: str) -> Iterator[bytes]:
        """The image as `docker save` writes it, in pieces."""
        with translated(f"the image {image} cannot be saved"):
            yield from self.client.api.get_image(image, chunk_size=_SAVE_CHUNK)

    def remove_image(self, image: str) -> None:
        """Remove an image that this run built; one that is gone already is no error."""
        self._remove_image(image)

    def container(
        self,
        image: str,
        command: Sequence[str] | None = None,
        *,
        entrypoint: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        network: str = "none",
        aliases: Sequence[str] = (),
        ports: Mapping[int, tuple[str, int | None]] | None = None,
        **options: Any,
    ) -> Container:
        """A container that is made but not started: no network and no ports unless told.

        `aliases` are its names on the network. `ports` publishes, such as {8000: ("127.0.0.1", None)}; `options` go to
        the engine's host configuration (`binds`, `tmpfs`, `read_only`, `mem_limit`).
        """
        api = self._api
        with translated("the container cannot be made"):
            known = api.create_networking_config({network: api.create_endpoint_config(aliases=list(aliases))})
            host = api.create_host_config(network_mode=network, port_bindings=dict(ports or {}), **options)
            made = api.create_container(
                image,
                list(command) if command is not None else None,
                entrypoint=list(entrypoint) if entrypoint is not None else None,
                environment=dict(environment or {}),
                user=user or None,
                ports=list(ports or ()),
                labels=self.labels,
                host_config=host,
                networking_config=known if aliases else None,
            )
        return Container(api, made["Id"])

    def network(self, is_internal: bool = True) -> str:
        """The id of a new network; an internal one reaches nothing but its own containers."""
        with translated("the network cannot be made"):
            made = self.client.api.create_network(
                f"pydock-{self.run[:12]}-{uuid.uuid4().hex[:6]}", internal=is_internal, labels=self.labels
            )
        return str(made["Id"])

    def remove_network(self, network: str) -> None:
        """Remove a network that this run made; one that is gone already is no error."""
        try:
            with translated("a network cannot be removed"):
                self.client.api.remove_network(network)
        except EngineError as error:
            if not is_missing(error):
                raise

    def _pull(self, image: str, platform: str) -> None:
        try:
            with translated(f"the image {image} is not here and cannot be pulled"):
                self.client.images.pull(image, platform=platform or None)
        except EngineError as error:
            if not error.hint:
                error.hint = "is the name right, and does the engine reach the registry?"
            raise

    def _remove(self, filters: dict[str, str]) -> None:
        api = self.client.api
        with translated("what was made cannot be listed for removal"):
            containers = api.containers(all=True, filters=filters)
            networks = api.networks(filters=filters)
            images = api.images(filters=filters, all=True)
        for entry in containers:
            Container(api, entry["Id"]).remove()
        for entry in networks:
            self.remove_network(entry["Id"])
        for entry in images:
            self._remove_image(entry["Id"])

    def _remove_image(self, image: str) -> None:
        try:
            with translated(f"the image {image} cannot be removed"):
                self.client.api.remove_image(image, force=True)
        except EngineError as error:
            if not is_missing(error):
                raise

    def _forget_caches(self) -> None:
        """Remove the cache mounts whose name holds this run's id, each by its own id."""
        api = self._api
        with translated("the build cache cannot be listed"):
            records = (api.df() or {}).get("BuildCache") or []
        own = [entry["ID"] for entry in records if self.run in str(entry.get("Description"))]
        for record in own:
            with translated("a cache mount cannot be removed"):
                api.prune_builds(filters={"id": record}, all=True)

    def _remove_leftovers(self) -> None:
        """Remove what runs of this machine made that are no more, killed ones in the first place."""
        with translated("the engine does not list its containers"):
            found = [
                *self.client.api.containers(all=True, filters={"label": OWNER_LABEL}),
                *self.client.api.images(filters={"label": OWNER_LABEL}, all=True),
                *self.client.api.networks(filters={"label": OWNER_LABEL}),
            ]
        for owner in {entry["Labels"].get(OWNER_LABEL, "") for entry in found}:
            if _is_gone(owner):
                self._remove({"label": f"{OWNER_LABEL}={owner}"})


def _owner(process: int) -> str:
    """A process of this machine, told apart from one with the same number in another container."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{socket.gethostname()}/{space}/{process}"


def _is_gone(owner: str) -> bool:
    """Whether the process that a label names is known to have ended; when unsure it has not."""
    machine, _, process = owner.rpartition("/")
    if not process.isdigit() or f"{machine}/{process}" != _owner(int(process)) or os.name != "posix":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C while things are removed: the second one would leave them behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
