"""Dockerfiles that are built on the image of another one live off what they find there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.service.derived_images import Derived, derived_images
from pydock.text import Safety

SERVICE = (
    "FROM python:3.11-slim\nRUN apt-get update\nRUN apt-get install -y libpq5\nWORKDIR /app\nCOPY requirements.txt ./\n"
    'RUN pip install -r requirements.txt\nCOPY app.py ./\nCMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n'
)
FILES = {
    "requirements.txt": "flask==3.1.2\ngunicorn==23.0.0\n",
    "app.py": "from flask import Flask\napp = Flask('a')\n",
}
COMPOSE = {"compose.yaml": "services:\n  web:\n    build: .\n    image: ghcr.io/acme/shop:1\n"}
WORKER = 'CMD ["celery", "-A", "app", "worker"]\n'
NAME = "worker.Dockerfile"
TAKES = (
    ("RUN apt-get install -y ffmpeg\n", Derived(NAME, lists=f"{NAME}:2", runs=f"{NAME}:2")),
    ("RUN apt-get update && apt-get install -y ffmpeg\n", Derived(NAME, runs=f"{NAME}:2")),
    ("RUN pip install celery\n", Derived(NAME, installs=f"{NAME}:2", runs=f"{NAME}:2")),
    ("USER root\nRUN pip install celery\n", Derived(NAME, installs=f"{NAME}:3")),
    (WORKER, Derived(NAME, is_another=True)),
    (f"HEALTHCHECK NONE\n{WORKER}", Derived(NAME)),
)


def _project(worker: str, more: dict[str, str]) -> Project:
    return Project(Tree.of({**FILES, **more, "Dockerfile": SERVICE, NAME: worker}))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        pytest.param(COMPOSE, "ghcr.io/acme/shop:1", id="compose"),
        pytest.param(COMPOSE, "shop", id="compose, whatever registry and tag"),
        pytest.param({"Makefile": "image:\n\tdocker build -t acme/store:dev .\n"}, "acme/store", id="a Makefile"),
        pytest.param(
            {".github/workflows/ci.yml": "- run: docker build --tag store -f Dockerfile .\n"}, "store", id="a workflow"
        ),
    ],
)
def test_an_image_is_known_by_the_names_that_it_is_given(said: dict[str, str], name: str) -> None:
    assert derived_images(_project(f"FROM {name}\n", said)) == (Derived(NAME),)


@pytest.mark.parametrize("name", ["python:3.11", "redis", "acme/other"])
def test_other_images_are_not_taken_for_it(name: str) -> None:
    assert derived_images(_project(f"FROM {name}\n", COMPOSE)) == ()


def test_an_image_of_the_repositorys_name_is_that_of_its_dockerfile(tmp_path: Path) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    for name, text in {
        "Dockerfile": SERVICE,
        "dev.Dockerfile": SERVICE,
        NAME: "FROM registry.example/prices\n",
    }.items():
        (folder / name).write_text(text)
    found = {name: derived_images(Project(Tree(folder), name)) for name in ("Dockerfile", "dev.Dockerfile")}
    assert found == {"Dockerfile": (Derived(NAME),), "dev.Dockerfile": ()}


def test_a_base_image_is_known_by_its_own_name() -> None:
    files = {**FILES, "docker/base.Dockerfile": SERVICE, "docker/train.Dockerfile": "FROM acme-base\n"}
    project = Project(Tree.of(files), "docker/base.Dockerfile")
    assert derived_images(project) == (Derived("docker/train.Dockerfile"),)


@pytest.mark.parametrize(("text", "takes"), TAKES)
def test_what_is_taken_from_the_image_is_told_with_its_line(text: str, takes: Derived) -> None:
    assert derived_images(_project(f"FROM shop\n{text}", COMPOSE)) == (takes,)


@pytest.mark.parametrize(
    ("worker", "kept"),
    [
        pytest.param("RUN apt-get install -y ffmpeg\n", ("/var/lib/apt/lists", "USER", "builder"), id="package lists"),
        pytest.param("RUN pip install celery\n", ("USER", "builder"), id="pip"),
        pytest.param(WORKER, ("HEALTHCHECK",), id="no health check"),
    ],
)
def test_a_safe_rewrite_takes_none_of_it_away(worker: str, kept: tuple[str, ...]) -> None:
    texts = []
    for base in ("shop", "python:3.11"):
        report = rewrite(_project(f"FROM {base}\n{worker}", COMPOSE), RULES, Safety.SAFE)
        texts.append(report.result.dockerfile.text)
    assert [word for word in kept if word in texts[0]] == []
    assert [word for word in kept if word not in texts[1]] == []
