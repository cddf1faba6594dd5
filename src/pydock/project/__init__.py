"""A service as far as its files tell: the Dockerfile plus facts, gathered once and read only."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from pydock.context import Tree
from pydock.dockerfile import Dockerfile, Stage, lineage, read
from pydock.images.tags import PythonImage, python_image, slim_tag
from pydock.packages import archive, metadata, requirements
from pydock.packages.requirements import RequirementSet
from pydock.project.pins import Pins
from pydock.project.product import shipped
from pydock.project.registry import Registry
from pydock.project.running import Running
from pydock.text import Span, expand
from pydock.values import Value, field, replace


class Options(Value):
    """What a person chose on the command line or in the configuration.

    `installer` is "pip" or "uv"; `portable` asks for a file that builders without BuildKit
    take; `venv` is false where the container itself is the environment. `pin` is who says which
    tags there are: "table", "registry", or "digest" for the registry's digests beside them.
    Locks hold versions from before the day `as_of`, for the `platforms` that a person names as for those that files
    name, and the hashes of the files that they stand for; with `hashes` true what is pinned already gets them too,
    with false nothing does. `lock_format` is "requirements" or "pylock". `allow_builds` lets source archives run their
    own code to tell what they need, `allow_hosts` are asked although only the project names them,
    and `offline` asks nobody. `target` is the stage that is built,
    "" for the last one, and `arguments` are what the build passes.
    """

    installer: str = "pip"
    portable: bool = False
    venv: bool = True
    pin: str = "table"
    as_of: date | None = None
    hashes: bool | None = None
    platforms: tuple[str, ...] = ()
    lock_format: str = "requirements"
    allow_builds: bool = False
    allow_hosts: tuple[str, ...] = ()
    offline: bool = False
    target: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    today: date = field(default_factory=date.today)


class Project(Value, dict=True):
    """One Dockerfile in its build context. Everything is derived from `tree`; nothing is executed.

    `above` are compose files in folders above the context, with their texts: what is told of the
    service knows them, but no rule does, for nothing outside of the context is changed. `told` are the documents,
    scripts and workflows there.
    """

    tree: Tree
    path: str = "Dockerfile"
    options: Options = field(default_factory=Options)
    pins: Pins = field(default_factory=Pins)
    registry: Registry = field(default_factory=Registry)
    running: Running = field(default_factory=Running)
    above: tuple[tuple[str, str], ...] = ()
    told: tuple[tuple[str, str], ...] = ()

    def again(self, tree: Tree) -> Project:
        """The same project over changed files."""
        return replace(self, tree=tree)

    @cached_property
    def dockerfile(self) -> Dockerfile:
        text, arguments = self.tree.text(self.path) or "", self.options.arguments
        found = read(text, self.options.target, arguments)
        if self.options.target or not (name := shipped(found, self.tree)):
            return found
        return read(text, name, arguments)

    @cached_property
    def final(self) -> Stage:
        """The stage that is built: what is shipped. Only asked for where the Dockerfile has no problems."""
        found = self.dockerfile.final
        assert found is not None, "a Dockerfile without it has a problem that says so"
        return found

    def lineage(self, stage: Stage) -> tuple[Stage, ...]:
        """The stage and the stages of this file that it is built on, itself first."""
        return lineage(self.dockerfile, stage)

    def reference(self, stage: Stage) -> str | None:
        """The external image at the bottom of a stage, None when an argument hides it."""
        return expand(self.lineage(stage)[-1].base, self.dockerfile.global_arguments)

    def python_image(self, stage: Stage) -> PythonImage | None:
        """The official Python image a stage is built on, or None."""
        reference = self.reference(stage)
        return python_image(reference) if reference else None

    def slim_reference(self, stage: Stage) -> str | None:
        """The slim counterpart of a stage's full Python image, as the file would write it.

        None where there is none: another variant, an argument that holds the whole tag, or a digest,
        unless the registry has told it and the one of the slim image.
        """
        image = self.python_image(stage)
        if image is None or image.variant:
            return None
        base, at, digest = stage.base.partition("@")
        written = slim_tag(base, image.suite)
        meant = python_image(expand(written, self.dockerfile.global_arguments) or "")
        if meant is None or (meant.variant, meant.version, meant.suite) != ("slim", image.version, image.suite):
            return None
        if not at:
            return written
        told = self.registry.digest(str(meant.image))
        return f"{written}@{told}" if told and self.registry.digest(base) == digest else None

    def is_debian_python(self, stage: Stage) -> bool:
        """Whether a stage is built on an official Python image with Debian inside."""
        image = self.python_image(stage)
        return image is not None and image.is_debian

    @cached_property
    def _requirement_sets(self) -> dict[str, RequirementSet]:
        return {}

    def requirement_set(self, path: str) -> RequirementSet:
        """A requirements file of the context with what it includes, or the needs of a project or an archive."""
        if path not in self._requirement_sets:
            if archive.is_archive(path):
                found = archive.asked_for(path, self.tree.data)
            else:
                read = metadata.asked_for if metadata.is_manifest(path) else requirements.read
                found = read(path, self.tree.text)
            self._requirement_sets[path] = found
        return self._requirement_sets[path]

    def line(self, span: Span) -> int:
        return self.dockerfile.position(span.start)[0]
