"""What is to be built, as a value, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydock.bench.engine.trace import Step
from pydock.context import Tree
from pydock.dockerfile import Dockerfile, Stage, mounts, read
from pydock.text import expand
from pydock.values import Value, field, replace

BUILD_SECONDS = 1800.0
_READ = ("bind", "cache")


class Recipe(Value):
    """An image to build from a tree; the text of `path` in it unless `text` stands in.

    `secrets` and `ssh` are arguments of buildx such as "id=token,src=token.txt"; with them, with
    mounts of their kind and with a `builder` the build goes through `docker buildx`. `limit` is
    the most seconds a build may take.
    """

    tree: Tree
    path: str = "Dockerfile"
    text: str | None = None
    target: str = ""
    platform: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    is_cold: bool = False
    network: str = ""
    secrets: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    builder: str = ""
    limit: float = BUILD_SECONDS

    @property
    def dockerfile(self) -> Dockerfile:
        return read(self.text if self.text is not None else self.tree.text(self.path) or "")

    def with_text(self, text: str) -> Recipe:
        return replace(self, text=text)

    @property
    def needs_session(self) -> bool:
        """Whether only a client that answers questions during the build can build it."""
        if self.builder or self.secrets or self.ssh:
            return True
        runs = [run for stage in self.dockerfile.stages for run in stage.of("RUN")]
        return any(mounts(run, kind) for run in runs for kind in ("secret", "ssh"))

    @property
    def images(self) -> tuple[str, ...]:
        """The images of others that it is made from, each once, where the file tells them."""
        dockerfile = self.dockerfile
        last = dockerfile.stage_named(self.target) if self.target else dockerfile.final
        found: dict[str, None] = {}
        stages, seen = [last] if last else [], set()
        while stages:
            stage = stages.pop()
            if stage.index in seen:
                continue
            seen.add(stage.index)
            for name in self._sources(stage):
                own = dockerfile.stage_named(name)
                if own is not None and own.index < stage.index:
                    stages.append(own)
                elif name != "scratch" and not name.isdigit():
                    found[name] = None
        return tuple(found)

    def _sources(self, stage: Stage) -> Iterator[str]:
        """The names of what a stage is built on and copies or mounts from, stages and images alike."""
        arguments = {**self.dockerfile.global_arguments, **self.arguments}
        words = [stage.base, *(entry.flag("from") or "" for entry in stage.of("COPY", "ADD"))]
        words += [mount.origin for run in stage.of("RUN") for kind in _READ for mount in mounts(run, kind)]
        yield from (name for word in words if (name := expand(word, arguments)))


class Built(Value):
    """An image that was built: its id, the steps, and the seconds from the request to the end.

    `notes` say where the build differs from what the file asks for.
    """

    image: str
    steps: tuple[Step, ...]
    seconds: float
    notes: tuple[str, ...] = ()
