"""Whom a published image's commands run as: a table's answer, or none."""

from __future__ import annotations

import pytest

from pydock.build.views import user_of
from pydock.context import Tree
from pydock.images.base import base_image
from pydock.project import Project


@pytest.mark.parametrize(
    ("reference", "user"),
    [
        pytest.param("python:3.12", "root", id="Docker's own Python"),
        pytest.param("mirror.example/library/python:3.12-slim", "root", id="a mirror of it"),
        pytest.param("docker.io/library/debian:12", "root", id="a distribution by its whole name"),
        pytest.param("team/debian:12", None, id="another image by the name of a distribution"),
        pytest.param("cimg/python:3.12", "circleci", id="a family"),
        pytest.param("mirror.example/hub/cimg/python:3.12", "circleci", id="a mirror of a family"),
        pytest.param("cgr.dev/chainguard/python", "65532", id="a registry's folder"),
        pytest.param("registry.access.redhat.com/ubi9/python-312:1", "1001", id="a name that goes on"),
        pytest.param("registry.access.redhat.com/ubi9/ubi:9.4", None, id="a sibling of it"),
        pytest.param("gcr.io/distroless/python3-debian12:nonroot", "nonroot", id="a tag that says so"),
        pytest.param("apache/airflow:2.10.3@sha256:" + "0" * 64, "airflow", id="with a digest"),
        pytest.param("registry.example/team/base:1", None, id="an image of a company"),
        pytest.param(None, None, id="an argument without a default"),
    ],
)
def test_the_user_of(reference: str | None, user: str | None) -> None:
    assert base_image(reference).user == user


@pytest.mark.parametrize(
    ("dockerfile", "user"),
    [
        pytest.param("FROM team/base\nRUN id\n", None, id="only the image knows"),
        pytest.param("FROM team/base\nUSER web\nRUN id\n", "web", id="USER says so"),
        pytest.param("FROM team/base AS a\nUSER web\nFROM a\nRUN id\n", "web", id="USER of the stage below"),
        pytest.param("FROM cimg/python:3.12\nRUN id\n", "circleci", id="the image sets one"),
        pytest.param("FROM cimg/python:3.12\nUSER root\nRUN id\n", "root", id="USER takes it back"),
    ],
)
def test_whom_a_command_runs_as(dockerfile: str, user: str | None) -> None:
    project = Project(Tree.of({"Dockerfile": dockerfile}))
    (run,) = project.final.of("RUN")
    assert user_of(project, project.final, run) == user
