"""Why a Dockerfile is not split: each reason has a line and says what a person would do."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import Build, Step, walk
from pydock.dockerfile import Stage
from pydock.images.tags import PythonImage
from pydock.patterns import regex
from pydock.project import Project
from pydock.shell import is_posix
from pydock.split.facts.inputs import INSTALLERS_INPUT
from pydock.split.facts.members import package_of
from pydock.state import Answer, Numbers, Purpose, is_below
from pydock.state.needs import Buildable, File, Folder, Matching, Place, Program, SourceLink, User
from pydock.text import Span
from pydock.values import Value

_INTERPRETER_PATHS = regex(r"site-packages|dist-packages|/usr/local/lib/python|/root/\.local/lib")
_MENTIONS = regex(r"\b(pip3?|poetry|pipenv|pdm|uv|conda|easy_install)\b")


class Refusal(Value):
    """The place that stands in the way of a split, why, and the way round it.

    `reason` is a short constant that many files share, for counting.
    """

    span: Span
    reason: str
    why: str
    advice: str = ""


def refuse_base(project: Project, stage: Stage, image: PythonImage | None) -> Refusal | None:
    """A base image that this split does not understand."""
    at = stage.start.value_span
    if image is None:
        name = project.reference(stage)
        if name is None:
            return Refusal(
                at,
                "base hidden",
                "the base image is only known when a build argument is given",
                "give the ARG a default, so that the base can be read",
            )
        return Refusal(
            at,
            "other base",
            f"{name} is not an official Python image on Debian",
            "start from python:X.Y-slim, then the stages can be split",
        )
    if image.variant.startswith("alpine"):
        return Refusal(
            at,
            "alpine",
            "wheels for musl and apk packages would have to be found one by one",
            "python:X.Y-slim takes the wheels that PyPI has; move there first",
        )
    if not image.is_debian:
        return Refusal(at, "unknown tag", f"{image.image} is not a tag whose content is known")
    if image.minor.startswith("2.") or image.minor in {"", "3.0", "3.1", "3.2"}:
        return Refusal(at, "python 2", f"Python {image.minor or '?'} has no venv module", "move to Python 3 first")
    return None


def mentions_installer(text: str) -> bool:
    """Whether a text that cannot be read may install Python packages."""
    return bool(_MENTIONS.search(text))


def refuse_instructions(project: Project, stage: Stage) -> Iterator[Refusal]:
    """Instructions that mean something a second stage would change."""
    for entry in stage.instructions:
        if entry.keyword == "ONBUILD":
            yield Refusal(
                entry.value_span,
                "onbuild",
                "ONBUILD acts in images built on this one",
                "write the build into the Dockerfile of the service",
            )
        if entry.keyword == "SHELL" and not is_posix(entry):
            yield Refusal(entry.value_span, "shell", "commands are for another shell than sh or bash")
        if walk(project).is_unread(entry) and mentions_installer(entry.value):
            yield Refusal(
                entry.body,
                "unreadable install",
                "this command installs packages in a way that cannot be read",
                "write it as plain commands joined by &&",
            )
        if _INTERPRETER_PATHS.search(project.dockerfile.slice(entry.span)):
            yield Refusal(
                entry.body,
                "interpreter path",
                "a path inside the system interpreter is written out here",
                "a venv has another path; let Python find the package",
            )


def span_of(step: Step) -> Span:
    """The place of a step in the file."""
    return step.member.span if step.member is not None else step.instruction.body


def refuse_steps(build: Build, stage: Stage) -> Iterator[Refusal]:
    """Commands whose effect cannot be put into one stage."""
    for step in build.of_stage(stage.index):
        if step.installs is None:
            continue
        if not step.before.is_root:
            yield Refusal(
                span_of(step),
                "user install",
                f"packages are installed by the user {step.before.user}",
                "install as root into a venv, and set USER afterwards",
            )
        if (name := _odd_installer(step)) is not None:
            yield Refusal(
                span_of(step),
                "unreadable install",
                f"`{name}` installs packages in a way that cannot be moved to another environment",
                "call pip, or the manager by its own name",
            )
        if (what := _besides(step)) is not None:
            yield Refusal(
                span_of(step),
                "mixed command",
                f"one command installs Python packages and {what}",
                "write the install as a command of its own",
            )
        yield from _unnamed_metadata(step)
        yield from _lacking_input(step)


def _unnamed_metadata(step: Step) -> Iterator[Refusal]:
    """An editable install whose metadata lies beside the source under a name that only setup.py knows."""
    opened = {place for each in step.opens for place in each.places}
    for thing in step.provides:
        if isinstance(thing, SourceLink) and thing.path in opened:
            why = f"the editable install leaves metadata in {thing.path}, whose name only running setup.py tells"
            yield Refusal(span_of(step), "editable metadata", why, "write the name in setup.cfg, or install without -e")


_ODD = frozenset({"easy_install", "pipx", "conda", "mamba", "micromamba", "pixi", "rye", "pyenv"})


def _odd_installer(step: Step) -> str | None:
    commands = step.member.commands if step.member is not None else ()
    return next((command.program for command in commands if command.program in _ODD), None)


def _besides(step: Step) -> str | None:
    """What an install leaves besides its packages, None for nothing."""
    if step.operand is not None:
        return None
    if (package := package_of(step)) is not None:
        return f"installs {package}"
    if any(isinstance(thing, User) for thing in step.provides):
        return "makes a user"
    return _files_besides(step)


def _files_besides(step: Step) -> str | None:
    """A file or folder that another command of the same script leaves outside of the environment."""
    environment = step.installs or "/usr/local"
    passing = (environment, "/tmp", posixpath.join(step.before.home, ".cache"))
    for effect in step.effects:
        if effect.installs is not None or effect.purpose is not Purpose.SERVICE:
            continue
        paths = [thing.path for thing in (*effect.provides, *effect.changes) if isinstance(thing, File | Folder)]
        paths += effect.opens.places if effect.opens is not None else ()
        paths = [path for path in paths if path != step.before.home and not INSTALLERS_INPUT.fullmatch(path)]
        left = [path for path in paths if not any(is_below(path, at) for at in passing)]
        if left:
            return f"may write to {left[0]}"
    return None


def _lacking_input(step: Step) -> Iterator[Refusal]:
    for need, found in step.needs:
        if found.answer is Answer.NO and isinstance(need, Program):
            yield Refusal(
                span_of(step),
                "made input",
                f"{need.name} is called here, and nothing above puts it on the PATH",
                f"install {need.name} into a folder of the PATH, or add its folder with ENV PATH",
            )
        if found.answer is Answer.NO and isinstance(need, File | Place | Matching):
            path = need.pattern if isinstance(need, Matching) else need.path
            yield Refusal(
                span_of(step),
                "made input",
                f"{path} is installed from, and nothing brings it",
                "COPY it from the context or another stage",
            )
        if found.answer is Answer.NO and isinstance(need, Buildable):
            yield Refusal(
                span_of(step),
                "made input",
                f"{need.path} is installed from, and nothing brings a pyproject.toml or setup.py into it",
                "COPY the project in front of the install",
            )


def refuse_kept_output(step: Step, runtime: Numbers) -> Refusal | None:
    """`pip freeze > versions.txt`, which would tell of another environment in the runtime stage."""
    if step.number not in runtime or step.member is None or not step.leaves_anything:
        return None
    for command in step.member.commands:
        values = command.values
        asks = values[1:2] if command.program.startswith("pip") else values[3:4] if values[1:3] == ("-m", "pip") else ()
        if asks and asks[0] in {"freeze", "list", "show", "inspect"}:
            return Refusal(
                span_of(step),
                "kept output",
                f"`pip {asks[0]}` writes what is installed, where the service may read it",
                "leave it out, or let the service ask importlib.metadata",
            )
    return None
