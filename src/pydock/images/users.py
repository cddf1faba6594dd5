"""Whom the commands of a published image run as, where nothing says USER."""

from __future__ import annotations

from functools import lru_cache

from pydock.data import rows
from pydock.images.tags import parse

_OF_DOCKER_HUB = ("docker.io/", "index.docker.io/", "library/")


@lru_cache(maxsize=256)
def image_user(reference: str) -> str | None:
    """The user that an image sets itself, "root" where it sets none; None for an image that no table names."""
    image = parse(reference)
    if "nonroot" in image.tag:
        return "nonroot"
    found = [row for row in rows("image_users") if _is_named(image.repository, row["image"])]
    return max(found, key=lambda row: len(row["image"]))["user"] if found else None


def _is_named(repository: str, name: str) -> bool:
    if name.endswith(("/", "-")):
        return f"/{name}" in f"/{repository}"
    if "/" in name:
        return repository == name or repository.endswith(f"/{name}")
    for prefix in _OF_DOCKER_HUB:
        repository = repository.removeprefix(prefix)
    return repository == name
