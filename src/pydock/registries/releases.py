"""Which tags registries have and which digests these name, for the base images of one file.

A registry that only the project names is not asked: it may be any server of the machine's own network. What is asked
is asked over HTTP; where a registry cannot be reached that way, the container engine is asked, if one answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydock.bench.engine import RegistryView
from pydock.errors import EngineError
from pydock.hosts import Origin
from pydock.images.tags import PythonImage, newest_suite, parse, patches, python_image, release_number, tagged
from pydock.network import gate
from pydock.project import Project
from pydock.project.python import release
from pydock.project.registry import Registry
from pydock.registries.client import Client, RefusedError
from pydock.registries.digests import Digests
from pydock.registries.logins import HUB, known_hosts
from pydock.terminal import console
from pydock.values import replace

CONNECT_SECONDS, ANSWER_SECONDS, ENGINE_SECONDS = 5, 10, 20
_PUBLIC = frozenset({HUB, "index.docker.io", "public.ecr.aws"})
# Patch releases follow one another; where this many in a row are absent there are no more.
_MOST_ABSENT = 2
# Whom this run has said that it asks.
_told: set[str] = set()


def published(projects: Iterable[Project]) -> Registry:
    """What the registries of all base images of these files say about their tags.

    The projects are a file as it is and as the tables would rewrite it, so that what a rewrite names is asked too.
    A registry that refuses or hangs is asked once.
    """
    projects = tuple(projects)
    references = sorted({name for project in projects for name in _references(project)})
    allowed = {host.lower() for project in projects for host in project.options.allow_hosts}
    folders = [str(project.tree.root) for project in projects if project.tree.root is not None]
    with gate((), _tell, CONNECT_SECONDS) as way:
        asked = _Tags(Client(way, allowed, ANSWER_SECONDS), _PUBLIC | known_hosts() | allowed, Digests(folders))
        try:
            return _asked(asked, references)
        finally:
            asked.close()


def _tell(asked: Origin) -> None:
    """Say whom this run asks, before it does and once."""
    if str(asked) not in _told:
        _told.add(str(asked))
        console.complain(f"{asked} is asked about images", kind="note")


def _asked(asked: _Tags, references: Iterable[str]) -> Registry:
    groups: dict[tuple[str, str, str], set[PythonImage]] = {}
    for reference in references:
        image = python_image(reference)
        if image and image.is_debian and image.version and not image.image.digest:
            key = (image.image.repository, image.minor, image.suite_meant or newest_suite())
            groups.setdefault(key, set()).add(image)
        if not image or image.is_exact or not image.is_debian:
            asked.has(reference)
    found = {key: frozenset(_releases(asked, key[1], key[2], images)) for key, images in groups.items()}
    return Registry(asked.digests, found, asked.refused)


def _references(project: Project) -> Iterator[str]:
    """The tags that a file starts from; what is nothing, a stage, a digest or hidden by an argument is left out."""
    for stage in project.dockerfile.stages:
        reference = project.reference(stage)
        image = parse(reference or "scratch")
        if image.repository != "scratch" and not image.digest and not image.repository.endswith(":"):
            yield str(replace(image, tag=image.tag or "latest"))


def place(repository: str) -> tuple[str, str]:
    """The registry of a repository and its name there: https://pkg.go.dev/github.com/distribution/reference."""
    first, slash, rest = repository.partition("/")
    host = first.lower() if slash and (set(".:") & set(first) or first == "localhost") else ""
    if host in {"", HUB, "index.docker.io"}:
        name = rest if host else repository
        return HUB, name if "/" in name else f"library/{name}"
    return host, rest


class _Tags:
    """Questions about tags with their answers, none put twice."""

    def __init__(self, client: Client, allowed: frozenset[str], kept: Digests) -> None:
        self.digests: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self._client = client
        self._allowed = allowed
        self._kept = kept
        self._silent: dict[str, str] = {}
        self._engine: RegistryView | EngineError | None = None

    def has(self, reference: str) -> bool:
        """Whether a registry has a tag."""
        if reference not in self.digests and reference not in self.refused:
            repository, _, tag = reference.rpartition(":")
            host, name = place(repository)
            if host not in self._allowed:
                self.refused[reference] = f"only the project names {host}, which is asked with --allow-hosts {host}"
            elif repository in self._silent:
                self.refused[reference] = self._silent[repository]
            else:
                try:
                    self.digests[reference] = self._digest(reference, host, name, tag)
                except RefusedError as error:
                    self.refused[reference] = self._silent[repository] = error.why
        return bool(self.digests.get(reference))

    def close(self) -> None:
        """Let go of the engine, where it was needed."""
        if isinstance(self._engine, RegistryView):
            self._engine.close()

    def _digest(self, reference: str, host: str, name: str, tag: str) -> str:
        """Raises RefusedError where neither the registry nor the engine tells."""
        if found := self._kept.get(reference):
            return found
        try:
            found = self._client.digest(host, name, tag)
        except RefusedError as error:
            if not error.is_unreachable:
                raise
            found = self._of_engine(reference, error.why)
        if found:
            self._kept.put(reference, found)
        return found

    def _of_engine(self, reference: str, why: str) -> str:
        if self._engine is None:
            try:
                self._engine = RegistryView(ENGINE_SECONDS)
            except EngineError as error:
                self._engine = error
        if isinstance(self._engine, EngineError):
            raise RefusedError(f"{why}, and {self._engine.message}")
        try:
            return self._engine.digest(reference)
        except EngineError as error:
            raise RefusedError(f"{why}; {error.message.rstrip(': ')}") from None


def _releases(asked: _Tags, minor: str, suite: str, images: Iterable[PythonImage]) -> Iterator[str]:
    """The patch releases that all these variants have, from the last one of the table on, and those written."""
    images = tuple(images)
    variants = {(image.image.repository, image.variant) for image in images}
    written = {image.version for image in images if image.version.count(".") == 2}
    known = max((release_number(patch) for patch in patches(minor, suite)), default=-1)
    life = release(minor)
    expected = max(known, release_number(life.latest) if life else -1)
    numbers = {known, *map(release_number, written)} - {-1}
    for number in sorted(numbers):
        if _have(asked, f"{minor}.{number}", suite, variants):
            yield f"{minor}.{number}"
    absent, number = 0, max(numbers, default=-1)
    while number < expected or absent < _MOST_ABSENT:
        number += 1
        if _have(asked, f"{minor}.{number}", suite, variants):
            yield f"{minor}.{number}"
            absent = 0
        else:
            absent += 1


def _have(asked: _Tags, version: str, suite: str, variants: Iterable[tuple[str, str]]) -> bool:
    return all(asked.has(f"{repository}:{tagged(version, variant, suite)}") for repository, variant in variants)
