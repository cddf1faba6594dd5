"""The official Python image is known by all its names, and no other image is taken for it."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.images.tags import python_image
from pydock.project import Project
from pydock.split import Split
from tests.split_cases import CMD, INSTALL, Case, found

NAMES = {
    "the short name": "python",
    "Docker Hub with its library": "docker.io/library/python",
    "an architecture of its own": "arm64v8/python",
    "a mirror of a company": "mirror.example/library/python",
    "a mirror on a port": "localhost:5000/library/python",
    "a cache of ECR": "123.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/python",
    "a remote repository of Artifact Registry": "europe-docker.pkg.dev/shop/hub/library/python",
    "a proxy of Docker Hub": "registry.example/dockerhub-proxy/python",
    "the dependency proxy of GitLab": "gitlab.example/group/dependency_proxy/containers/python",
}
OTHERS = {
    "an image of somebody": "somebody/python",
    "one of a company": "registry.example/team/python",
    "AWS Lambda": "public.ecr.aws/lambda/python",
    "Bitnami": "bitnami/python",
    "a name that ends so": "registry.example/library/micropython",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_it_is_called(name: str) -> None:
    image = python_image(f"{name}:3.11-slim-bookworm")
    assert image is not None
    assert (image.minor, image.variant, image.suite) == ("3.11", "slim", "bookworm")


@pytest.mark.parametrize("name", OTHERS.values(), ids=OTHERS)
def test_it_is_not_called(name: str) -> None:
    assert python_image(f"{name}:3.11-slim-bookworm") is None


def test_what_is_written_keeps_the_registry_and_says_that_a_mirror_may_lack_the_slim_image() -> None:
    made = found(Case("", f"FROM mirror.example/library/python:3.11-bookworm\n{INSTALL}{CMD}"))
    assert isinstance(made, Split)
    assert "\nFROM mirror.example/library/python:3.11-slim-bookworm\n" in made.plan.text()
    assert made.doubts == ("the registry of mirror.example/library/python may not have the slim image",)


def test_a_slim_image_of_a_mirror_is_there() -> None:
    made = found(Case("", f"FROM mirror.example/library/python:3.11-slim-bookworm\n{INSTALL}{CMD}"))
    assert isinstance(made, Split)
    assert made.doubts == ()


def test_an_argument_in_front_names_the_registry() -> None:
    text = f"ARG REGISTRY=mirror.example/library\nFROM ${{REGISTRY}}/python:3.11-slim\n{INSTALL}{CMD}"
    project = Project(Tree.of({"Dockerfile": text, "requirements.txt": ""}))
    image = project.python_image(project.final)
    assert image is not None
    assert image.image.repository == "mirror.example/library/python"
