"""The HEALTHCHECK that `fix` writes, in real containers: a fixture goes healthy, and unhealthy when it hangs.

Where the source has no route that could be asked, a connection is all that is asked for: a system takes those for a
process that hangs, too, and only one that is gone shows.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import ImageNotFound
from docker.types import Healthcheck

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.service.app import bind
from pydock.text import Safety
from tests.containers import build, provide_bases
from tests.test_fixtures import FIXTURES, NAMES

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

pytestmark = pytest.mark.engine
SECOND = 10**9
# Only the pace is another one than in the Dockerfile: what is asked, and how an answer is judged, is the same.
INTERVAL, TIMEOUT, RETRIES, START = 2, 2, 3, 60
# Asking a worker starts the whole of Celery beside it.
SLOW_TIMEOUT = 10
# Every process but the first and the one that asks; the first one only hears it from outside of the container.
STOP_OTHERS = (
    "import os\nfor name in os.listdir('/proc'):\n    if name.isdigit() and int(name) not in (1, os.getpid()):\n"
    "        os.kill(int(name), 19)\n"
)
AT_ONCE = 3


# Fixtures with something else about them that a probe has to mind: a file, what stands there and what does instead.
# "" for the first of both leaves the file out.
OTHERWISE = {
    "django-migrate that lets in one host": (
        "gallery/settings.py",
        'os.environ.get("DJANGO_ALLOWED_HOSTS", "*").split(",")',
        '["gallery.example"]',
    ),
    "celery-worker with nothing but the worker": ("docker-compose.yml", "", ""),
}
# The ping of a worker goes through its broker, which here runs inside of the container: it is asked for by name.
DOUBTED = ("celery-worker",)


def _before(name: str) -> Tree:
    """A fixture, or one that is told otherwise."""
    tree = Tree(FIXTURES / name.partition(" ")[0])
    if name not in OTHERWISE:
        return tree
    path, old, new = OTHERWISE[name]
    texts = {each: tree.text(each) or "" for each in tree.files if not each.startswith("expected/")}
    assert old in texts[path]
    return Tree.of({each: text.replace(old, new) for each, text in texts.items() if old or each != path})


def _served(name: str) -> Project | None:
    """The fixture as `fix` leaves it, where that is a server or a worker with a HEALTHCHECK."""
    allow = Safety.UNSAFE if name.startswith(DOUBTED) else Safety.SAFE
    result = rewrite(Project(_before(name)), RULES, allow).result
    has_probe = any(stage.of("HEALTHCHECK") for stage in result.lineage(result.final))
    return result if has_probe and (bind(result) is not None or name in OTHERWISE) else None


SERVED = {name: project for name in (*NAMES, *OTHERWISE) if (project := _served(name))}


@pytest.fixture(scope="module")
def images(engine: DockerClient) -> Iterator[dict[str, Future[str]]]:
    """The image of each fixture whose base is to be had, built a few at a time; removed afterwards."""
    lent: list[str] = []
    had = []
    for name, project in SERVED.items():
        with contextlib.suppress(ImageNotFound):
            lent += provide_bases(engine, project.dockerfile)
            had.append(name)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        building = {name: pool.submit(_built, engine, name) for name in had}
        yield building
    for made in building.values():
        if not made.exception() and made.result():
            engine.images.remove(made.result())
    for name in lent:
        engine.images.remove(name)


def _built(engine: DockerClient, name: str) -> str:
    """The image of a fixture as `fix` leaves it; "" where the fixture as it was does not build here either."""
    try:
        return build(engine, SERVED[name].tree)
    except RuntimeError:
        try:
            engine.images.remove(build(engine, _before(name)))
        except RuntimeError:
            return ""
        raise


@contextlib.contextmanager
def _running(client: DockerClient, image: str, timeout: int) -> Iterator[Container]:
    pace = Healthcheck(
        interval=INTERVAL * SECOND, timeout=timeout * SECOND, retries=RETRIES, start_period=START * SECOND
    )
    # The probe asks over the loopback interface, so no network is needed.
    container = client.containers.create(image, healthcheck=pace, network_mode="none")
    try:
        container.start()
        yield container
    finally:
        with contextlib.suppress(Exception):
            container.kill("SIGCONT")
        container.remove(force=True)


def _state(container: Container, wanted: str, seconds: float) -> str:
    """The health of a container once it is what is wanted, or what it is after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        container.reload()
        attributes: dict[str, Any] = container.attrs
        state = attributes["State"]["Health"]["Status"] if attributes["State"]["Running"] else "ended"
        if state in {wanted, "ended"} or time.monotonic() > deadline:
            return str(state)
        time.sleep(0.5)


def _asks(project: Project) -> bool:
    """Whether the check wants an answer, and not only a connection."""
    texts = [project.dockerfile.text, *(project.tree.text(path) or "" for path in project.tree.files)]
    return any("http.client" in text or "inspect ping" in text for text in texts)


@pytest.mark.parametrize("name", SERVED)
def test_a_fixture_goes_healthy_and_unhealthy_when_it_hangs(
    engine: DockerClient, images: dict[str, Future[str]], name: str
) -> None:
    if name not in images:
        pytest.skip("neither this engine nor a registry that it reaches has the base image")
    image = images[name].result()
    if not image:
        pytest.skip("the fixture as it was does not build here either")
    with _running(engine, image, SLOW_TIMEOUT if name.startswith(DOUBTED) else TIMEOUT) as container:
        assert _state(container, "healthy", 90) == "healthy", container.logs(tail=20)
        if not _asks(SERVED[name]):
            return
        container.exec_run(["python3", "-c", STOP_OTHERS], user="root")
        container.kill("SIGSTOP")
        # That takes RETRIES times both, and longer where an engine is busy and asks late.
        assert _state(container, "unhealthy", 90) == "unhealthy"


def test_most_fixtures_are_servers_with_a_probe() -> None:
    assert len(SERVED) >= 16
    assert OTHERWISE.keys() <= SERVED.keys()
    assert sum(map(_asks, SERVED.values())) >= 4
