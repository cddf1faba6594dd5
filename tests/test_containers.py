"""The rewritten services are built and started, and answer as they did before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety
from tests.containers import Build, answers, started
from tests.test_fixtures import FIXTURES

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.engine


def _both(name: str) -> tuple[Project, Project]:
    report = rewrite(Project(Tree(FIXTURES / name)), RULES, Safety.SAFE)
    return report.project, report.result


def test_the_legacy_service_answers_as_before_from_an_image_half_the_size(engine: DockerClient, built: Build) -> None:
    before, after = map(built, _both("flask-legacy"))
    said = []
    for image in (before, after):
        with started(engine, image) as container:
            said.append([answers(container, f"http://127.0.0.1:8000{route}") for route in ("/health", "/")])
    assert said[0] == said[1]
    assert "psycopg2" in said[0][1]
    small, large = (engine.images.get(image).attrs["Size"] for image in (after, before))
    assert small < 0.5 * large


def test_the_broken_user_install_starts_only_after_the_fix(engine: DockerClient, built: Build) -> None:
    before, after = map(built, _both("user-install-broken"))
    with started(engine, before) as container:
        assert answers(container, "http://127.0.0.1:8000/health") == ""
    with started(engine, after) as container:
        assert answers(container, "http://127.0.0.1:8000/health") == "ok"


def test_what_uv_run_ended_at_once_ends_without_it_too(engine: DockerClient, built: Build) -> None:
    for image in map(built, _both("uv-service")):
        with started(engine, image) as container:
            assert answers(container, "http://127.0.0.1:8080/health")
            container.stop(timeout=60)
            assert container.wait()["StatusCode"] != 137, "nobody had to kill it"
