"""Options, the hypothesis profile, and the container engine that some tests need."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from pydock.cli import main
from pydock.project import Project
from tests.command_line import SMELLY, Result, Runner
from tests.containers import Build, build, provide_bases

if TYPE_CHECKING:
    from docker import DockerClient

settings.register_profile("pydock", deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pydock")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expected files of the fixtures")


@pytest.fixture(autouse=True, scope="session")
def offline() -> Iterator[None]:
    """No test asks a package index unless it says so: `pydock` itself asks where it can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYDOCK_OFFLINE", "1")
        yield


@pytest.fixture(autouse=True, scope="session")
def bytecode() -> Iterator[None]:
    """What the tests start compiles pydock once, as an installed one is: hundreds of processes are started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What pydock keeps for a user stays out of the folders of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def control_c() -> None:
    """What the tests start can be interrupted, also where the tests run in the background of a script.

    There a shell has SIGINT ignored, and every process inherits that:
    https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html (2.12)
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def is_update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerClient]:
    """A client of the container engine; without one the test is skipped, or fails where one was promised."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=300)
        client.ping()
    except DockerException as error:
        if os.environ.get("PYDOCK_REQUIRE_ENGINE") == "1":
            pytest.fail(f"PYDOCK_REQUIRE_ENGINE=1, and no container engine answers: {error}")
        pytest.skip(f"no container engine answers: {error}")
    yield client
    client.close()


@pytest.fixture
def built(engine: DockerClient) -> Iterator[Build]:
    """Builds projects; the images are removed afterwards."""
    images: list[str] = []

    def make(project: Project) -> str:
        images.extend(provide_bases(engine, project.dockerfile))
        image = build(engine, project.tree)
        images.append(image)
        return image

    yield make
    for image in reversed(images):
        engine.images.remove(image)


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Runner:
    def call(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        out, err = capfdbinary.readouterr()
        return Result(int(caught.value.code or 0), out, err.decode())

    return call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pydock keeps what it keeps for a user, empty at first: the results of a migration, and notes of writes."""
    kept = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(kept))
    return kept


@pytest.fixture
def project(folder: Path) -> Path:
    """A service in that folder whose Dockerfile gives `fix` something to do."""
    (folder / "svc").mkdir()
    (folder / "svc/Dockerfile").write_text(SMELLY)
    return folder / "svc"
