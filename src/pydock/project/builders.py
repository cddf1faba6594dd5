"""Builders that a project names and that take no `RUN --mount`: the Dockerfile would not build there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydock.context import Tree
from pydock.patterns import regex

_LARGEST = 200_000
# Debian's and Ubuntu's docker.io has BuildKit in a package of its own (https://github.com/docker/cli/issues/4319).
# Cloud Build's own docker step has no BuildKit (https://docs.cloud.google.com/build/docs/building/build-containers),
# podman has cache mounts from 4.0 on (https://github.com/containers/podman/issues/12062; Ubuntu 22.04 has 3.4),
# Railway wants the id of its service in each cache mount (https://docs.railway.com/builds/dockerfiles); read 2026-11.
_SAID = regex(
    r"gcloud\s+builds\s+submit\b(?:[^\n\\]|\\\n?)*--tag|gcloud\s+(?:beta\s+)?run\s+deploy\b(?:[^\n\\]|\\\n?)*--source"
    r"|gcloud\s+app\s+deploy"
    r"|\bapt(?:-get)?\s+(?:-\S+\s+)*install\b[^\n]*\bdocker\.io\b|docker/compose/releases/download/1\."
    r"|deploy\.cloud\.run|\brailway\s+up\b|\.up\.railway\.app|\brailway\.(?:app|com)\b",
    words="gcloud docker.io docker/compose deploy.cloud.run railway",
)
_CLOUD = regex(r"^[ \t]*#.*\bCloud (?:Run|Build)\b", re.I | re.M)
_BUILD_FILE = regex(r"(?:\A|/)[^/]*cloud-?build[^/]*\.ya?ml\Z")
_WITH_BUILDKIT = regex(r"DOCKER_BUILDKIT|buildx|kaniko|buildkit")
# What a document offers beside docker is somebody's choice; what a script or a workflow calls is run.
_CALLED = regex(r"\bpodman\s+build\b|\bbuildah\s+(?:bud|build)\b", words="podman buildah")
# docker-py asks the engine's old builder (https://github.com/docker/docker-py/issues/2230, read 2026-11).
_BUILDS = regex(r"\bimages\.build\(|\bapi(?:_client)?\.build\(|\bDockerImage\(", words="images.build( api DockerImage(")
_IMPORTS = regex(r"^[ \t]*(?:import|from)[ \t]+(?:docker|testcontainers)\b", re.M, words="docker testcontainers")
_TEXTS = (".md", ".rst", ".txt")
_DOCUMENTS = (*_TEXTS, ".sh", ".yml", ".yaml", "Makefile")
# Heroku (https://devcenter.heroku.com/articles/build-docker-images-heroku-yml) and CapRover build without BuildKit, too
# (https://github.com/caprover/caprover/issues/2012).
_SETTINGS = ("railway.json", "railway.toml", "railway.yml", "railway.yaml", "heroku.yml", "captain-definition")
# Bitbucket's Pipelines have BuildKit where a step asks for it:
# https://support.atlassian.com/bitbucket-cloud/docs/run-docker-commands-in-bitbucket-pipelines/, read 2026-11.
_PIPELINES, _BUILDING = (
    "bitbucket-pipelines.yml",
    regex(r"\bdocker(?:[ -]compose)?\s+(?:image\s+)?build\b|\bup\b.*--build\b"),
)


def tells_builder(name: str) -> bool:
    """Whether a file of this name, at the top of a folder, is one that may name its builder."""
    return name.endswith(_DOCUMENTS) or name in _SETTINGS


def takes_no_mounts(tree: Tree, dockerfile: str, above: Iterable[tuple[str, str]] = ()) -> bool:
    """Whether the files of a project, or comments of its Dockerfile, say that such a builder builds it.

    `above` are files of the folders above the build context, with their texts.
    """
    if tree.named(*_SETTINGS) or _CLOUD.search(tree.text(dockerfile) or ""):
        return True
    if any(_builds_images(tree.text(path) or "") for path in tree.files if path.endswith(".py")):
        return True
    names = [path for path in tree.files if _BUILD_FILE.search(path) or (path.count("/") < 3 and tells_builder(path))]
    return any(_names_one(path, text) for path, text in (*above, *((path, tree.text(path) or "") for path in names)))


def _builds_images(source: str) -> bool:
    """Whether a program builds images through docker-py: the service's own, or a test's."""
    return _BUILDS.search(source) is not None and _IMPORTS.search(source) is not None


def _names_one(path: str, text: str) -> bool:
    if path.endswith(_SETTINGS):
        return True
    if path.endswith(_PIPELINES) and _BUILDING.search(text) and not _WITH_BUILDKIT.search(text):
        return True
    # A document may show the whole file.
    if "cloud-builders/docker" in text and not _WITH_BUILDKIT.search(text):
        return True
    is_called = not path.endswith(_TEXTS) and _CALLED.search(text) is not None
    if is_called or (not path.endswith(_TEXTS) and "DOCKER_BUILDKIT=0" in text):
        return True
    return len(text) < _LARGEST and _SAID.search(text) is not None
