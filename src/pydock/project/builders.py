"""Builders that a project names and that take no `RUN --mount`: the Dockerfile would not build there."""

from __future__ import annotations

import re

from pydock.context import Tree
from pydock.patterns import regex

_LARGEST = 200_000
# Cloud Build's own docker step has no BuildKit (https://docs.cloud.google.com/build/docs/building/build-containers),
# Railway wants the id of its service in each cache mount (https://docs.railway.com/builds/dockerfiles); read 2026-11.
_SAID = regex(
    r"gcloud\s+builds\s+submit\b[^\n]*--tag|gcloud\s+(?:beta\s+)?run\s+deploy\b[^\n]*--source|gcloud\s+app\s+deploy"
    r"|deploy\.cloud\.run|\brailway\s+up\b|\.up\.railway\.app|\brailway\.(?:app|com)\b",
    words="gcloud deploy.cloud.run railway",
)
_CLOUD = regex(r"^[ \t]*#.*\bCloud (?:Run|Build)\b", re.I | re.M)
_BUILD_FILE = regex(r"(?:\A|/)[^/]*cloud-?build[^/]*\.ya?ml\Z")
_WITH_BUILDKIT = regex(r"DOCKER_BUILDKIT|buildx|kaniko|buildkit")
_DOCUMENTS = (".md", ".rst", ".txt", ".sh", ".yml", ".yaml", "Makefile")


def takes_no_mounts(tree: Tree, dockerfile: str) -> bool:
    """Whether the files of a project, or comments of its Dockerfile, say that such a builder builds it."""
    if tree.named("railway.json", "railway.toml") or _CLOUD.search(tree.text(dockerfile) or ""):
        return True
    cloud = [tree.text(path) or "" for path in tree.files if _BUILD_FILE.search(path)]
    if any("cloud-builders/docker" in text and not _WITH_BUILDKIT.search(text) for text in cloud):
        return True
    texts = (tree.text(path) or "" for path in tree.files if "/" not in path and path.endswith(_DOCUMENTS))
    return any(len(text) < _LARGEST and _SAID.search(text) for text in texts)
