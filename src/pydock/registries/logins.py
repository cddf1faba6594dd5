"""What a person has told docker of registries: logins, the helpers that keep them, mirrors, and who has no TLS.

https://docs.docker.com/reference/cli/docker/#configuration-files and
https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol, read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydock import processes
from pydock.patterns import regex
from pydock.processes import Child
from pydock.values import Value

HUB = "docker.io"
_HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})
_HELPER = regex(r"[\w.-]+\Z")
_HELPER_SECONDS = 10
_LARGEST = 1024 * 1024
# What helpers and logins of today say in the place of a name where the secret is a token to get others with.
_TOKEN = "<token>"


class Login(Value):
    """A name and its secret, or a token to get others with, which has no name."""

    name: str
    secret: str

    def __repr__(self) -> str:
        return "Login(...)"

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return f"Basic {base64.b64encode(f'{self.name}:{self.secret}'.encode()).decode()}"


def known_hosts() -> frozenset[str]:
    """The registries that a person has set up for docker, in small letters."""
    said = _settings()
    return frozenset(_host(name) for table in ("auths", "credHelpers") for name in _table(said, table))


def login(host: str) -> Login | None:
    """The login for a registry: from its own helper, from the file, or from the helper for all."""
    said = _settings()
    helpers = {_host(name): helper for name, helper in _table(said, "credHelpers").items()}
    if host in helpers:
        return _of_helper(helpers[host], host)
    for name, entry in _table(said, "auths").items():
        if _host(name) == host and isinstance(entry, Mapping) and (found := _of_entry(entry)):
            return found
    return _of_helper(said.get("credsStore"), host)


def mirrors() -> tuple[str, ...]:
    """Who stands in for Docker Hub on this machine (https://docs.docker.com/docker-hub/image-library/mirror/)."""
    said = [name for table in _daemon() for name in _list(table, "registry-mirrors")]
    return tuple(dict.fromkeys(name.rstrip("/") for name in said))


def is_insecure(host: str) -> bool:
    """Whether a registry may be asked without TLS, as docker takes it: this machine, and who is listed."""
    name = host.rpartition(":")[0] or host
    listed = {entry for table in _daemon() for entry in _list(table, "insecure-registries")}
    return name in {"localhost", "[::1]"} or name.startswith("127.") or host in listed


def certificates(host: str) -> Iterator[Path]:
    """Folders with certificates for a registry (https://docs.docker.com/engine/security/certificates/)."""
    for folder in ("/etc/docker", os.path.expanduser("~/.config/docker")):
        if os.path.isabs(folder) and (place := Path(folder, "certs.d", host)).is_dir():
            yield place


def _settings() -> Mapping[str, object]:
    place = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    return _read(Path(place, "config.json")) if os.path.isabs(place) else {}


def _daemon() -> tuple[Mapping[str, object], ...]:
    places = ("/etc/docker/daemon.json", os.path.expanduser("~/.config/docker/daemon.json"))
    return tuple(_read(Path(place)) for place in places if os.path.isabs(place))


def _read(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _table(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = said.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(said: Mapping[str, object], name: str) -> list[str]:
    found = said.get(name)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _host(name: str) -> str:
    """The host in the name of a login: `https://index.docker.io/v1/` is Docker Hub."""
    host = name.rpartition("://")[2].partition("/")[0].lower()
    return HUB if host in _HUB_NAMES else host


def _of_entry(entry: Mapping[str, object]) -> Login | None:
    if isinstance(token := entry.get("identitytoken"), str) and token:
        return Login("", token)
    name, secret = entry.get("username"), entry.get("password")
    if isinstance(auth := entry.get("auth"), str) and auth:
        try:
            name, _, secret = base64.b64decode(auth).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
    return Login(name, secret) if isinstance(name, str) and isinstance(secret, str) and name else None


def _of_helper(helper: object, host: str) -> Login | None:
    """What a helper keeps for a registry; None where it keeps nothing, is not there or does not answer."""
    if not isinstance(helper, str) or not _HELPER.match(helper):
        return None
    program = processes.program(f"docker-credential-{helper}")
    if program is None:
        return None
    asked = "https://index.docker.io/v1/" if host == HUB else host
    try:
        done = subprocess.run(
            [program, "get"],
            input=asked.encode(),
            env=processes.environment(Child.CREDENTIALS),
            capture_output=True,
            timeout=_HELPER_SECONDS,
            check=False,
        )
        said = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    name, secret = (said.get(key) if isinstance(said, Mapping) else None for key in ("Username", "Secret"))
    if not isinstance(name, str) or not isinstance(secret, str):
        return None
    return Login("" if name == _TOKEN else name, secret) if secret else None
