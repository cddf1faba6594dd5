"""Why a Dockerfile is not split: each reason has a line and says what a person would do."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.dockerfile import Instruction, Stage
from pydock.images.tags import PythonImage
from pydock.lines import Span
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.edited import changed_by
from pydock.project.installs import pip_command
from pydock.shell import script
from pydock.split_old.inputs import asked_for
from pydock.split_old.roles import Role, RoledStep, changes_folder, depends_on_folder, mentions_installer, step_text
from pydock.values import Value

_INTERPRETER_PATHS = regex(r"site-packages|dist-packages|/usr/local/lib/python|/root/\.local/lib")
_PLACED_ELSEWHERE = ("--target", "-t", "--prefix", "--root")
_COMPILERS = regex(r"(?:^|[\s;&|(/])(?:\./configure|cmake|make|gcc|g\+\+|cargo|rustc|go\s+build)(?=[\s;&|)]|$)")


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
        if entry.keyword == "SHELL" and not _is_posix(entry):
            yield Refusal(entry.value_span, "shell", "commands are for another shell than sh or bash")
        if entry.keyword == "RUN" and script(entry).opaque and mentions_installer(entry.value):
            yield Refusal(
                entry.body,
                "unreadable install",
                "this command installs packages in a way that cannot be read",
                "write it as plain commands joined by &&",
            )
        if _INTERPRETER_PATHS.search(_text(project, entry)):
            yield Refusal(
                entry.body,
                "interpreter path",
                "a path inside the system interpreter is written out here",
                "a venv has another path; let Python find the package",
            )


def _is_posix(entry: Instruction) -> bool:
    words = entry.exec_form or ()
    return bool(words) and words[0].text.rsplit("/", 1)[-1] in {"sh", "bash", "dash", "ash"}


def _text(project: Project, entry: Instruction) -> str:
    return project.dockerfile.slice(entry.span)


def refuse_steps(project: Project, stage: Stage, steps: tuple[RoledStep, ...]) -> Iterator[Refusal]:
    """Commands whose effect cannot be put into one stage."""
    for entry in steps:
        if entry.role is Role.UNCLEAR:
            yield _unclear(entry)
        if entry.role in {Role.INSTALL, Role.TOOL} and not _is_root(project.user(stage, entry.run)):
            yield Refusal(
                entry.step.span,
                "user install",
                "packages are installed for another user than root",
                "install as root into a venv, and set USER afterwards",
            )
        for install in entry.installs:
            if install.has(*_PLACED_ELSEWHERE):
                yield Refusal(
                    install.command.span,
                    "install elsewhere",
                    "packages go to a folder of their own choice",
                    "install into a venv instead",
                )
        if entry.role is Role.INSTALL and (kept := sorted(_kept_output(project, entry) - asked_for(steps))):
            yield Refusal(
                entry.step.span,
                "kept output",
                f"pip writes {kept[0]} here, where the service may read it",
                "leave it out, or let the service ask importlib.metadata",
            )
        if entry.role is Role.OTHER and (found := _COMPILERS.search(step_text(entry.step))):
            yield Refusal(
                entry.step.span,
                "compiles",
                f"`{found[0].strip()}` makes something that is not a Python package",
                "make it in a stage of its own and COPY what it makes",
            )
        if entry.role is Role.OTHER and (name := _installing_script(project, stage, entry)):
            yield Refusal(
                entry.step.span, "script installs", f"{name} installs packages", "write the install into the Dockerfile"
            )


def _kept_output(project: Project, entry: RoledStep) -> set[str]:
    """What pip is asked for and written to files: `pip freeze > versions.txt`."""
    is_question = not entry.installs and all(pip_command(command) is not None for command in entry.step.commands)
    text = project.dockerfile.slice(entry.step.span)
    return set(map(posixpath.basename, changed_by(text, entry.step.commands))) if is_question else set()


def _unclear(entry: RoledStep) -> Refusal:
    if entry.step.command is not None:
        why = f"what `{' '.join(entry.step.command.values[:3])}` installs is not read here"
        return Refusal(entry.step.span, "unreadable install", why, "call pip, or the manager by its own name")
    return Refusal(
        entry.step.span,
        "mixed command",
        "one compound command does several things at once",
        "write the install as a command of its own",
    )


def refuse_folders(project: Project, stage: Stage, steps: tuple[RoledStep, ...]) -> Iterator[Refusal]:
    """Installs that run in a folder which an earlier command of the same RUN makes."""
    for run in dict.fromkeys(entry.run for entry in steps):
        folder = project.workdir(stage, run) or ""
        entries = [entry for entry in steps if entry.run is run]
        for at, entry in enumerate(entries):
            if not changes_folder(entry) or entry.step.command is None:
                continue
            target = entry.step.command.values[1] if len(entry.step.command.words) > 1 else ""
            folder = posixpath.normpath(posixpath.join(folder or "/", target)) if target else ""
            needed = any(later.role is Role.INSTALL and depends_on_folder(later) for later in entries[at + 1 :])
            if needed and not _exists(project, stage, run, folder):
                yield Refusal(
                    entry.step.span,
                    "made folder",
                    "packages are installed in a folder that a command makes",
                    "COPY what is installed into a folder of its own, and install it by that path",
                )


def _exists(project: Project, stage: Stage, run: Instruction, folder: str) -> bool:
    """Whether a folder is the image's own, a work directory, or brought by a COPY."""
    workdir = project.workdir(stage, run) or "/"
    known = {"/tmp", "/root", "/opt", "/srv", "/home", "/usr/src", "/usr/local/src", "/var/tmp"}
    return (
        folder in known
        or f"{workdir}/".startswith(f"{folder.rstrip('/')}/")
        or (bool(folder) and project.origin(stage, folder, run) is not None)
    )


def _is_root(user: str) -> bool:
    return user.split(":", maxsplit=1)[0] in {"", "root", "0"}


def _installing_script(project: Project, stage: Stage, entry: RoledStep) -> str | None:
    for command in entry.step.commands:
        for value in command.values[:2]:
            origin = (
                project.origin(stage, value, entry.run) if value and ("/" in value or value.endswith(".sh")) else None
            )
            text = project.tree.text(origin) if origin else None
            if (
                origin
                and text
                and re.search(r"\b(pip3?|poetry|pipenv|uv) (install|sync)\b|\bapt(-get)? install\b", text)
            ):
                return origin
    return None
