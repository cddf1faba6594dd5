"""Builds and starts images through the Engine API, the way BuildKit is reached without a command line."""

from __future__ import annotations

import contextlib
import io
import json
import re
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, ImageNotFound, NotFound

from pydock.context import Tree
from pydock.dockerfile import Dockerfile
from pydock.project import Project
from pydock.text import expand

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container
    from docker.models.images import Image

Build = Callable[[Project], str]


def provide_bases(client: DockerClient, dockerfile: Dockerfile) -> list[str]:
    """Make sure that every base image is there; the names that had to be lent by another image."""
    lent = []
    for stage in dockerfile.stages:
        if dockerfile.stage_named(stage.base) is not None:
            continue
        base = expand(stage.base, dockerfile.global_arguments) or stage.base
        try:
            client.images.get(base)
        except ImageNotFound:
            try:
                client.images.pull(base)
            except (APIError, NotFound):
                _lender(client, base).tag(base)
                lent.append(base)
    return lent


def _lender(client: DockerClient, base: str) -> Image:
    """Another patch release of a base image, or the newest Python that the engine has as the same kind of image.

    The tables of pydock may know a Python that nobody has brought to this engine. Raises ImageNotFound.
    """
    name, _, tag = base.partition(":")
    minor, suffix = re.sub(r"^(\d+\.\d+)\.\d+", r"\1", tag), re.sub(r"^[\d.]+", "", tag)
    try:
        return client.images.get(f"{name}:{minor}")
    except ImageNotFound:
        named = {tag: image for image in client.images.list(name) for tag in image.tags}
        same_kind = {tag: image for tag, image in named.items() if re.fullmatch(rf"{name}:3\.\d+{suffix}", tag)}
        if not same_kind:
            raise
        return same_kind[max(same_kind, key=lambda tag: int(tag.partition(":3.")[2].removesuffix(suffix)))]


def build(client: DockerClient, tree: Tree, path: str = "Dockerfile") -> str:
    """Build a tree and return a name for the image; raises RuntimeError with the builder's own message.

    The same image may have other names, so it is only ever removed by this one.
    """
    name = f"pydock-test:{uuid.uuid4().hex}"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for entry in {*tree.sent(), path}:
            data = tree.data(entry) or b""
            member = tarfile.TarInfo(entry)
            member.size, member.mode = len(data), 0o755 if entry.endswith(".sh") else 0o644
            archive.addfile(member, io.BytesIO(data))
    # docker-py builds with the old builder only; version=2 is BuildKit.
    api: Any = client.api
    answer = api._post(
        api._url("/build"),
        data=context.getvalue(),
        params={"version": "2", "rm": "1", "t": name, "dockerfile": path, "networkmode": "host"},
        headers={"Content-Type": "application/x-tar"},
        stream=True,
        timeout=280,
    )
    for line in filter(None, answer.iter_lines()):
        if "error" in (message := json.loads(line)):
            raise RuntimeError(message["error"])
    return name


@contextlib.contextmanager
def started(client: DockerClient, image: str) -> Iterator[Container]:
    """A container of the image, removed afterwards."""
    container = client.containers.run(image, detach=True)
    try:
        yield container
    finally:
        container.remove(force=True)


def answers(container: Container, url: str, seconds: float = 20) -> str:
    """What the service says at a URL, asked from inside its container; "" where it says nothing in time."""
    script = f"import urllib.request; print(urllib.request.urlopen({url!r}, timeout=2).read().decode())"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        container.reload()
        if container.status != "running":
            return ""
        code, output = container.exec_run(["python", "-c", script])
        if code == 0:
            assert isinstance(output, bytes)
            return output.decode().strip()
        time.sleep(0.3)
    return ""
