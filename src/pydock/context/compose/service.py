"""What a service of a composition says, in types."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from pydock.context.compose.canonical import Entry, is_remote, listed, pairs, said
from pydock.context.compose.command import split
from pydock.context.compose.composition import Composition, ServiceOrigin
from pydock.context.compose.env_file import assignments
from pydock.context.compose.interpolation import Text, known, text_of
from pydock.values import Value

# How many services one takes the mounts of.
_MOST_LENDERS = 50
_TRUE = {"true", "yes", "on", "y"}


class Build(Value):
    """A service's `build:`; paths are those of the build context that pydock reads, and may begin with ../.

    `is_inline`: the Dockerfile stands in the compose file; `is_remote`: none of it is on this machine.
    """

    service: str
    context: Text
    dockerfile: Text
    target: Text | None = None
    args: tuple[tuple[str, str | None], ...] = ()
    platforms: tuple[str, ...] = ()
    is_inline: bool = False
    is_remote: bool = False


class ServiceMount(Value):
    """What lies over the image at `target`, which is None where only a variable knows it.

    `kind` is "bind" for a folder or file of the host, "volume", "tmpfs" or what else compose calls it; `source` is
    None for an anonymous volume.
    """

    source: Text | None
    target: str | None
    kind: str = "bind"
    is_read_only: bool = False

    @property
    def is_bind(self) -> bool:
        """Whether it is of the host, which keeps its owner there."""
        return self.kind == "bind"

    @property
    def path(self) -> str | None:
        """The path in the build context of what it brings, None for what lies elsewhere."""
        if not self.is_bind or not isinstance(self.source, str) or not self.source.startswith("."):
            return None
        inside = posixpath.normpath(self.source)
        return None if inside.startswith("..") else inside


class ServicePort(Value):
    """A port of the container, None where only a variable knows it, and where the host publishes it."""

    target: int | None
    published: Text | None = None
    protocol: str = "tcp"


class Dependency(Value):
    """A service that is started before, and what is waited for."""

    name: str
    condition: str


class Service(Value):
    """A service as its compose files together say it.

    `path` is the file on top that names it, `origins` are all that it is put together from. `command` and
    `entrypoint` are words, None where the image decides; `test` is the health check as the Engine API takes it,
    ("NONE",) where it is turned off. `environment` has None for names alone, which take the value that the caller's
    shell has; what `env_file` says is in it.
    """

    name: str
    path: str
    command: tuple[Text, ...] | None = None
    entrypoint: tuple[Text, ...] | None = None
    test: tuple[Text, ...] | None = None
    ports: tuple[ServicePort, ...] = ()
    mounts: tuple[ServiceMount, ...] = ()
    environment: tuple[tuple[str, Text | None], ...] = ()
    image: Text | None = None
    build: Build | None = None
    user: Text | None = None
    working_dir: Text | None = None
    platform: Text | None = None
    is_read_only: bool = False
    init: bool = False
    stop_signal: Text | None = None
    stop_grace_period: Text | None = None
    network_mode: Text | None = None
    aliases: tuple[Text, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    origins: tuple[ServiceOrigin, ...] = ()
    devices: tuple[Text, ...] = ()
    is_privileged: bool = False

    @property
    def origin(self) -> str:
        return f"{self.path}: {self.name}"

    @property
    def healthcheck(self) -> tuple[Text, ...] | None:
        """The words of its health check, () where compose turns it off."""
        match self.test:
            case None | ("CMD",):
                return None
            case ("NONE", *_):
                return ()
            case ("CMD-SHELL", *rest):
                return ("sh", "-c", *rest)
            case _:
                return self.test[1:]


def services_of(composition: Composition) -> Iterator[Service]:
    """The services of a composition, in its order."""
    yield from (service_of(composition, name) for name in composition.services)


def service_of(composition: Composition, name: str) -> Service:
    """A service of a composition by its name."""
    entry, origins = composition.services[name], composition.origins[name]
    return Service(
        name,
        origins[-1].path if origins else composition.files[-1],
        words(entry.get("command")),
        words(entry.get("entrypoint")),
        _test(entry.get("healthcheck")),
        tuple(_ports(entry)),
        tuple(_mounts(composition, entry, {name})),
        tuple((each, None if value is None else text_of(value)) for each, value in environment(composition, entry)),
        _text(entry.get("image")),
        build_of(name, entry),
        _text(entry.get("user")),
        _text(entry.get("working_dir")),
        _text(entry.get("platform")),
        _is_true(entry.get("read_only")),
        _is_true(entry.get("init")),
        _text(entry.get("stop_signal")),
        _text(entry.get("stop_grace_period")),
        _text(entry.get("network_mode")),
        tuple(_aliases(entry)),
        tuple(_dependencies(entry)),
        origins,
        tuple(_devices(entry)),
        _is_true(entry.get("privileged")),
    )


def _devices(entry: Entry) -> Iterator[Text]:
    """The devices of the host that a service has: `/dev/ttyUSB0:/dev/ttyUSB0:rwm`, or a mapping."""
    for each in listed(entry.get("devices")):
        yield text_of(said(each.get("source")) if isinstance(each, dict) else said(each).partition(":")[0])


def build_of(name: str, entry: Entry) -> Build | None:
    """What a service is built from, None for one that runs an image by its name."""
    told = entry.get("build")
    if not isinstance(told, dict) or not told:
        return None
    context = said(told.get("context") or ".")
    is_away = is_remote(context)
    dockerfile = said(told.get("dockerfile") or "Dockerfile")
    # A path that a variable begins with may be anywhere.
    path = dockerfile if is_away else posixpath.normpath(posixpath.join(context, dockerfile))
    return Build(
        name,
        text_of(context if is_away else posixpath.normpath(context)),
        text_of(path),
        _text(told.get("target")),
        tuple((name, None if value is None else known(value)) for name, value in pairs(told.get("args")).items()),
        tuple(said(each) for each in listed(told.get("platforms"))),
        bool(told.get("dockerfile_inline")),
        is_away,
    )


def words(value: object) -> tuple[Text, ...] | None:
    """A command as words, None where the image decides."""
    if isinstance(value, list):
        return tuple(text_of(said(word)) for word in value)
    return tuple(map(text_of, split(value))) if isinstance(value, str) else None


def environment(composition: Composition, entry: Entry) -> Iterator[tuple[str, str | None]]:
    """The variables of a service, those of its environment files below its own."""
    own, variables = pairs(entry.get("environment")), composition.variables
    found: dict[str, str] = {}
    for each in listed(entry.get("env_file")):
        text = composition.read(posixpath.normpath(said(each.get("path")))) or ""
        above = {name: value for name, value in own.items() if value is not None} | dict(variables)
        found |= assignments(text, above, found, is_raw=each.get("format") == "raw")
    yield from {
        **found,
        **{name: variables.get(name) if value is None else value for name, value in own.items()},
    }.items()


def _text(value: object) -> Text | None:
    return None if value is None or value == "" else text_of(said(value))


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in _TRUE)


def _test(value: object) -> tuple[Text, ...] | None:
    if not isinstance(value, dict):
        return None
    test = value.get("test")
    if _is_true(value.get("disable")) or test in (["NONE"], "NONE"):
        return ("NONE",)
    if isinstance(test, str):
        return ("CMD-SHELL", text_of(test))
    return tuple(text_of(said(word)) for word in test) if isinstance(test, list) and test else None


def _ports(entry: Entry) -> Iterator[ServicePort]:
    for each in listed(entry.get("ports")):
        target = said(each.get("target"))
        yield ServicePort(
            int(target) if target.isdigit() else None, _text(each.get("published")), said(each.get("protocol"))
        )
    for each in listed(entry.get("expose")):
        target, _, protocol = said(each).partition("/")
        yield ServicePort(int(target) if target.isdigit() else None, None, protocol or "tcp")


def _mounts(composition: Composition, entry: Entry, seen: set[str]) -> Iterator[ServiceMount]:
    for each in listed(entry.get("volumes")):
        yield _volume(composition, each)
    for target in listed(entry.get("tmpfs")):
        yield ServiceMount(None, _place(said(target).partition(":")[0]), "tmpfs")
    for kind, folder in (("configs", ""), ("secrets", "/run/secrets")):
        for each in listed(entry.get(kind)):
            yield _of_file(composition, kind, folder, each)
    for other in listed(entry.get("volumes_from")):
        # `service`, `service:ro` or `container:name`
        name, _, mode = said(other).partition(":")
        if name in composition.services and name not in seen and len(seen) < _MOST_LENDERS:
            seen.add(name)
            for mount in _mounts(composition, composition.services[name], seen):
                yield ServiceMount(mount.source, mount.target, mount.kind, mount.is_read_only or mode == "ro")


def _volume(composition: Composition, entry: Entry) -> ServiceMount:
    kind, source = said(entry.get("type") or "volume"), _text(entry.get("source"))
    if kind == "volume" and isinstance(source, str) and (device := _device(composition, source)):
        kind, source = "bind", device
    return ServiceMount(source, _place(said(entry.get("target"))), kind, _is_true(entry.get("read_only")))


def _device(composition: Composition, name: str) -> Text | None:
    """The folder of the host that a named volume is.

    https://docs.docker.com/reference/cli/docker/volume/create/#driver-specific-options, read 2026-11.
    """
    told = composition.sections["volumes"].get(name)
    options = told.get("driver_opts") if isinstance(told, dict) else None
    if not isinstance(options, dict) or "bind" not in said(options.get("o")).split(","):
        return None
    return _text(options.get("device"))


def _of_file(composition: Composition, kind: str, folder: str, entry: Entry) -> ServiceMount:
    name = said(entry.get("source"))
    told = composition.sections[kind].get(name)
    target = said(entry.get("target") or name)
    source = _text(told.get("file")) if isinstance(told, dict) else None
    place = target if target.startswith("/") else f"{folder}/{target}"
    return ServiceMount(source, _place(place), "bind" if source else kind.removesuffix("s"), is_read_only=True)


def _place(target: str) -> str | None:
    found = known(target)
    return None if not found else posixpath.normpath(found)


def _aliases(entry: Entry) -> Iterator[Text]:
    """The further names that others on its networks reach it by."""
    yield from (text for key in ("container_name", "hostname") if (text := _text(entry.get(key))))
    networks = entry.get("networks")
    for network in networks.values() if isinstance(networks, dict) else ():
        told = network.get("aliases") if isinstance(network, dict) else None
        yield from (text_of(said(each)) for each in listed(told))


def _dependencies(entry: Entry) -> Iterator[Dependency]:
    """What compose starts before a service: `depends_on`, and what it shares something with."""
    told = entry.get("depends_on")
    given: dict[str, Any] = told if isinstance(told, dict) else {}
    yield from (Dependency(name, said(how.get("condition"))) for name, how in given.items() if isinstance(how, dict))
    named = [said(link).partition(":")[0] for link in listed(entry.get("links"))]
    named += [said(each).partition(":")[0] for each in listed(entry.get("volumes_from"))]
    shared = (said(entry.get(key)).partition(":") for key in ("network_mode", "ipc", "pid"))
    named += [name for kind, _, name in shared if kind == "service"]
    yield from (Dependency(name, "service_started") for name in dict.fromkeys(named) if name not in given)


def shown(text: Text | None) -> str:
    """A text for the eye, a variable without a value as it is written."""
    return "" if text is None else str(text)
