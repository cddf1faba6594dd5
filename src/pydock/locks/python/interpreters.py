"""The interpreter inside a stage, exact enough that a resolver can answer for it.

Platforms are named as uv does (https://docs.astral.sh/uv/reference/cli/#uv-pip-compile--python-platform):
the C library decides which wheels fit. Debian's glibc: https://packages.debian.org/libc6, read 2026-11.
"""

from __future__ import annotations

import re

from pydock.dockerfile import Stage
from pydock.images.tags import PythonImage
from pydock.project import Project
from pydock.project.bases import target
from pydock.project.python import release
from pydock.values import Value, once

# What wheels may ask of each codename: its glibc, or the nearest lower name that uv knows.
_GLIBC = {
    "wheezy": "manylinux2014",
    "jessie": "manylinux2014",
    "stretch": "manylinux2014",
    "buster": "manylinux_2_28",
    "bullseye": "manylinux_2_31",
    "bookworm": "manylinux_2_36",
    "trixie": "manylinux_2_40",
}
_MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}


class Interpreter(Value):
    """`python` is X.Y.Z, `platform` the target as uv names it."""

    python: str
    platform: str

    @property
    def minor(self) -> str:
        return ".".join(self.python.split(".")[:2])


@once
def interpreter(project: Project, stage: Stage) -> Interpreter | None:
    """What runs in a stage once its base is as exact as it can be made; None where nothing says so.

    A floating tag counts as the release that it means by the table, so the answer stays the
    same when the tag is pinned. Without `--platform` in FROM the machine is x86_64.
    """
    root = project.lineage(stage)[-1]
    image = project.python_image(root)
    if image is None:
        return None
    platform = root.platform.removesuffix("/v8")
    machine = _MACHINES.get(platform, "" if platform.startswith("linux/") else "x86_64")
    if not machine:
        return None
    if image.is_debian:
        exact = target(project, root)
        version, codename = (exact.tag.partition("-")[0], exact.suite) if exact else (image.version, image.suite_meant)
        is_usable = version.count(".") == 2 and codename in _GLIBC
        return Interpreter(version, f"{machine}-{_GLIBC[codename]}") if is_usable else None
    return _musl(image, machine)


def _musl(image: PythonImage, machine: str) -> Interpreter | None:
    known = release(image.minor) if re.match(r"\d+\.\d+", image.version) else None
    if not image.variant.startswith("alpine") or known is None:
        return None
    version = image.version if image.version.count(".") == 2 else known.latest
    return Interpreter(version, f"{machine}-unknown-linux-musl")
