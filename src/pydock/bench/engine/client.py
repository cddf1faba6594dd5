"""The one door to the `docker` package: a client for the engine that a person uses, and its failures in words."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydock.errors import BuildError, EngineError, LateBuildError
from pydock.patterns import regex
from pydock.project.secrets import mask

if TYPE_CHECKING:
    from docker import DockerClient

CONNECT_SECONDS = 60
_START = "start Docker or podman, or say where it is with DOCKER_HOST"


def connected(seconds: int = CONNECT_SECONDS) -> DockerClient:
    """A client for DOCKER_HOST, else the chosen docker context, else the socket of docker or podman.

    `seconds` is the most that one answer may take. Raises EngineError when none answers or when
    it cannot build with BuildKit.
    """
    with translated("no container engine answers", _START):
        client = _client(seconds)
        client.ping()
    return client


def _client(seconds: int) -> DockerClient:
    import docker  # takes a quarter of a second, and most commands never need it
    from docker.context import ContextAPI
    from docker.utils.config import find_config_file

    if os.environ.get("DOCKER_HOST"):
        return docker.from_env(timeout=seconds)
    chosen = os.environ.get("DOCKER_CONTEXT") or None
    if chosen and chosen != "default" and find_config_file() is None:
        # Without it the `docker` package would look for contexts in the current folder, which is anybody's.
        hint = f"docker context use {chosen} makes one"
        raise EngineError(f"the docker context {chosen!r} is not read where docker has no config.json", hint)
    context: Any = ContextAPI.get_context(chosen)
    if context is None:
        raise EngineError(f"there is no docker context {chosen!r}", "docker context ls shows those there are")
    host = context.Host
    if context.Name != "default" and host:
        return docker.DockerClient(base_url=host, tls=context.TLSConfig or False, timeout=seconds)
    podman = os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/run"), "podman/podman.sock")
    if not os.path.exists("/var/run/docker.sock") and os.path.exists(podman):
        return docker.DockerClient(base_url=f"unix://{podman}", timeout=seconds)
    return docker.from_env(timeout=seconds)


@contextmanager
def translated(doing: str, hint: str = "") -> Iterator[None]:
    """Failures of the engine and of the way to it as EngineError: what was being done, and what it said."""
    from docker.errors import APIError, DockerException

    try:
        yield
    except APIError as error:
        said = str(error.explanation or error)
        raise EngineError(mask(f"{doing}: {unwrapped(said)}"), hint_for(said) or hint) from error
    except (DockerException, OSError) as error:
        # `requests` raises its own subclasses of OSError when a connection breaks.
        raise EngineError(mask(f"{doing}: {_innermost(error)}"), hint_for(str(error)) or hint) from error


def unwrapped(said: str) -> str:
    """Why a process cannot be started, without the programs that hand the reason on."""
    return _WRAPPED.sub("", said).removesuffix(": unknown")


def is_missing(error: EngineError) -> bool:
    """Whether the engine said that there is no such thing."""
    from docker.errors import NotFound

    return isinstance(error.__cause__, NotFound)


def hint_for(said: str) -> str:
    """What a person can do about a message of the engine, "" where nothing is known."""
    lower = said.lower()
    for words, hint in _HINTS.items():
        if words in lower:
            return hint
    return ""


def build_failure(message: str, said: str, step: str, log: Iterable[str], hint: str = "") -> EngineError:
    """Why a build failed; a full disk or a registry that cannot be reached is not the image's fault: no BuildError."""
    lines = tuple(map(mask, log))
    if _RESOLVING in said and _UNREACHED.search(said):
        return EngineError(mask(message), hint or hint_for(said))
    if any(_FULL in text.lower() for text in (said, *lines)):
        return EngineError(f"the engine has no space left on its disk: {mask(message)}", _HINTS[_FULL])
    return BuildError(mask(message), hint or hint_for(said), mask(step), lines)


def late_build(limit: float, step: str, log: Iterable[str]) -> LateBuildError:
    """A build that was stopped because its time was up."""
    where = f", at {step}" if step else ""
    hint = "a longer time can be given with --build-limit"
    return LateBuildError(
        mask(f"the build took longer than {limit:.0f} s{where}"), hint, mask(step), tuple(map(mask, log))
    )


_FULL = "no space left on device"
_RESOLVING = "failed to resolve source metadata"
_UNREACHED = regex(r"\bdial tcp\b|no such host|i/o timeout|TLS handshake timeout|connection refused|toomanyrequests")
_WRAPPED = regex(r"failed to create (?:task for container|shim task): .*unable to start container process: ")
_HINTS = {
    _FULL: "`docker system df` shows what takes the room",
    "permission denied": "is your user allowed to use the engine's socket?",
    "toomanyrequests": "the registry limits pulls without an account: docker login",
    "pull access denied": "the image does not exist or needs a login: docker login",
    "unauthorized": "the registry wants a login: docker login",
}


def _innermost(error: BaseException) -> str:
    """The first cause in its own words; what wraps it repeats it with addresses of objects."""
    while error.__context__ is not None and not isinstance(error, FileNotFoundError | PermissionError):
        error = error.__context__
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip()
