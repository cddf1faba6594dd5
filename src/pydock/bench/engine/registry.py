"""Which tags a registry has and which digests they name, asked through the container engine.

The engine finds the registry, its mirrors and the person's credentials, as it does for a pull:
`GET /distribution/NAME/json` (https://docs.docker.com/reference/api/engine/, read 2026-11-22).
A registry that only the project names is not asked: it may be any server of the machine's own network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydock.bench.engine.client import connected, is_missing, logins, translated
from pydock.errors import EngineError
from pydock.images.tags import PythonImage, newest_suite, parse, patches, python_image, release_number, tagged
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.python import release
from pydock.project.registry import Registry
from pydock.values import replace

if TYPE_CHECKING:
    from docker import DockerClient

ANSWER_SECONDS = 20
_PUBLIC = frozenset({"docker.io", "index.docker.io", "public.ecr.aws"})
# An engine without this question, such as podman, answers 404 as well, but names no manifest.
_NO_TAG = regex(r"unknown|: not found")
# Patch releases follow one another; where this many in a row are absent there are no more.
_MOST_ABSENT = 2


def _host(repository: str) -> str:
    """The registry of a repository: https://pkg.go.dev/github.com/distribution/reference, read 2026-11."""
    first, slash, _ = repository.partition("/")
    return first.lower() if slash and (set(".:") & set(first) or first == "localhost") else "docker.io"


def published(projects: Iterable[Project]) -> Registry:
    """What the registries of all base images of these files say about their tags.

    The projects are a file as it is and as the tables would rewrite it, so that what a rewrite names is asked too.
    A registry that refuses or hangs is asked once. Raises EngineError when no engine answers.
    """
    projects = tuple(projects)
    references = sorted({name for project in projects for name in _references(project)})
    allowed = {host.lower() for project in projects for host in project.options.allow_hosts}
    client = connected(ANSWER_SECONDS)
    try:
        asked = _Asked(client, _PUBLIC | logins() | allowed)
        groups: dict[tuple[str, str, str], set[PythonImage]] = {}
        for reference in references:
            image = python_image(reference)
            if image and image.is_debian and image.version and not image.image.digest:
                key = (image.image.repository, image.minor, image.suite_meant or newest_suite())
                groups.setdefault(key, set()).add(image)
            if not image or image.is_exact or not image.is_debian:
                asked.has(reference)
        found = {key: frozenset(asked.releases(key[1], key[2], images)) for key, images in groups.items()}
        return Registry(asked.digests, found, asked.refused)
    finally:
        client.close()


def _references(project: Project) -> Iterator[str]:
    """The tags that a file starts from; what is nothing, a stage, a digest or hidden by an argument is left out."""
    for stage in project.dockerfile.stages:
        reference = project.reference(stage)
        image = parse(reference or "scratch")
        if image.repository != "scratch" and not image.digest and not image.repository.endswith(":"):
            yield str(replace(image, tag=image.tag or "latest"))


@dataclass
class _Asked:
    """Questions to the engine with their answers, none put twice."""

    client: DockerClient
    allowed: frozenset[str]
    digests: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _silent: dict[str, str] = field(default_factory=dict)

    def has(self, reference: str) -> bool:
        """Whether a registry has a tag."""
        if reference not in self.digests and reference not in self.refused:
            repository = reference.rpartition(":")[0]
            if (host := _host(repository)) not in self.allowed:
                self.refused[reference] = f"only the project names {host}, which is asked with --allow-hosts {host}"
                return False
            if repository in self._silent:
                self.refused[reference] = self._silent[repository]
                return False
            try:
                self.digests[reference] = self._digest(reference)
            except EngineError as error:
                if is_missing(error) and _NO_TAG.search(error.message):
                    self.digests[reference] = ""
                else:
                    self.refused[reference] = self._silent[repository] = error.message.rstrip(": ")
        return bool(self.digests.get(reference))

    def _digest(self, reference: str) -> str:
        api: Any = self.client.api
        with translated(f"the registry does not tell what {reference} is"):
            answer = api.inspect_distribution(reference)
        return str(answer["Descriptor"]["digest"])

    def releases(self, minor: str, suite: str, images: Iterable[PythonImage]) -> Iterator[str]:
        """The patch releases that all these variants have, from the last one of the table on, and those written."""
        variants = {(image.image.repository, image.variant) for image in images}
        written = {image.version for image in images if image.version.count(".") == 2}
        known = max((release_number(patch) for patch in patches(minor, suite)), default=-1)
        life = release(minor)
        expected = max(known, release_number(life.latest) if life else -1)
        numbers = {known, *map(release_number, written)} - {-1}
        for number in sorted(numbers):
            if self._have(f"{minor}.{number}", suite, variants):
                yield f"{minor}.{number}"
        absent, number = 0, max(numbers, default=-1)
        while number < expected or absent < _MOST_ABSENT:
            number += 1
            if self._have(f"{minor}.{number}", suite, variants):
                yield f"{minor}.{number}"
                absent = 0
            else:
                absent += 1

    def _have(self, version: str, suite: str, variants: Iterable[tuple[str, str]]) -> bool:
        return all(self.has(f"{repository}:{tagged(version, variant, suite)}") for repository, variant in variants)
