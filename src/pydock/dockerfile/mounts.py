"""What is mounted while a RUN runs, by its `--mount` flags.

Fields: https://docs.docker.com/reference/dockerfile/#run---mount, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.dockerfile.instructions import Instruction
from pydock.values import Value


class Mount(Value):
    """One `--mount`; a field that is not given is "".

    `kind` is bind, cache, tmpfs, secret or ssh; `origin` the stage or image that it is from, `variable` the name that
    a secret has in the environment.
    """

    kind: str
    target: str
    source: str
    origin: str
    variable: str


def mounts(run: Instruction, *kinds: str) -> tuple[Mount, ...]:
    """The mounts of a RUN, of these kinds where some are named."""
    return tuple(mount for mount in _all(run) if not kinds or mount.kind in kinds)


def _all(run: Instruction) -> Iterator[Mount]:
    for flag in run.flags:
        if flag.name == "mount":
            given = dict(part.partition("=")[::2] for part in flag.value.split(","))
            target = given.get("target") or given.get("dst") or given.get("destination") or ""
            source = given.get("source") or given.get("src") or ""
            kind, name = given.get("type", "bind"), given.get("id") or source
            if kind == "secret" and not target and not given.get("env"):
                # https://docs.docker.com/reference/dockerfile/#run---mounttypesecret, read 2026-11.
                target = f"/run/secrets/{name}" if name else ""
            yield Mount(kind, target, source, given.get("from", ""), given.get("env", ""))
