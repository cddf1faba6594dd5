"""Which stage of a file is split, and how the others call stages once there is one more."""

from __future__ import annotations

import re

from pydock.build import Build, Step
from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.patches import Change, Keep
from pydock.patterns import regex
from pydock.project import Project
from pydock.split.refusal import Refusal, mentions_installer, span_of
from pydock.state import Kind
from pydock.state.needs import Distribution, File

# Where Python packages lie, or wait for being installed.
_PACKAGES = regex(
    r"site-packages|dist-packages|/venv|\.venv|/root/\.local|/wheels?\b|\.whl|/install\b|/usr/local(?:/bin|/lib)?/?\Z"
)
_PACKED = (".whl", ".pex", ".pyz", ".shiv", ".zip", ".gz")


def stage_of(project: Project, build: Build) -> Stage | Refusal | None:
    """The one stage of those that ship which installs Python packages.

    None where none does, or where another stage of the file brings the packages; a refusal where others would lose
    them.
    """
    lineage = project.lineage(project.final)
    found = [stage for stage in lineage if _installs_anything(build, stage)]
    if not found or any(_is_fed(project, build, stage) for stage in lineage):
        return None
    stage = found[-1]
    if stage is not lineage[-1] and not _is_slim(project, stage):
        # Both stages start from the one of the file, which has to be slim for that.
        return None
    above = [each for each in project.dockerfile.stages if each is not stage and stage in project.lineage(each)]
    for step in build.steps:
        if step.installs is not None and any(step.stage == each.index for each in above):
            return Refusal(
                span_of(step),
                "two installs",
                "packages are installed on top of a stage that has packages already",
                "install both in one stage, or make an environment for each",
            )
    return stage


def _is_slim(project: Project, stage: Stage) -> bool:
    image = project.python_image(stage)
    return image is not None and bool(image.variant)


def _installs_anything(build: Build, stage: Stage) -> bool:
    if any(step.installs is not None for step in build.of_stage(stage.index)):
        return True
    return any(step.is_unread and mentions_installer(step.text) for step in build.of_stage(stage.index))


def _is_fed(project: Project, build: Build, stage: Stage) -> bool:
    """Whether a COPY takes Python packages from another stage of the file: then somebody has split it."""
    return any(_feeds(project, build, step) for step in build.of_stage(stage.index) if step.keyword in {"COPY", "ADD"})


def _feeds(project: Project, build: Build, step: Step) -> bool:
    source = project.dockerfile.stage_named(step.instruction.flag("from") or "")
    if source is None or source.index >= step.stage:
        return False
    if any(isinstance(thing, Distribution) for thing in step.provides):
        return True
    word = step.word or ""
    if File(f"/{word.strip('/')}") in build.stages[source.index].things:
        return word.endswith(_PACKED)
    has_python = any(mentions_installer(run.value) for each in project.lineage(source) for run in each.of("RUN"))
    is_open = any(Kind.DISTRIBUTION in opened.kinds for opened in step.opens)
    return has_python and (is_open or _PACKAGES.search(word) is not None)


def renumbered(dockerfile: Dockerfile, entry: Instruction, first: int) -> Keep | Change:
    """An instruction behind the split: it calls the stages from `first` on, where it does so by number, one higher."""
    source = dockerfile.slice(entry.span)
    text = source
    for flag in reversed(entry.flags):
        if (new := _raised(flag.name, flag.value, first)) != flag.value:
            start, end = flag.span.start - entry.span.start, flag.span.end - entry.span.start
            text = text[:start] + text[start:end].replace(flag.value, new) + text[end:]
    return Keep(entry) if text == source else Change(entry, text, "there is one more stage in front of that one")


def _raised(name: str, value: str, first: int) -> str:
    def raised(number: str) -> str:
        return str(int(number) + 1) if int(number) >= first else number

    if name == "from" and value.isdigit():
        return raised(value)
    if name == "mount":
        return re.sub(r"(\bfrom=)(\d+)(?=,|\Z)", lambda found: found[1] + raised(found[2]), value)
    return value
