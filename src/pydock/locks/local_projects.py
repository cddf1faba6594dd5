"""How an install of a local project is turned to a lock: the lock first, then the project without what it needs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.copies import Copied
from pydock.locks.installs.requests import Wanted
from pydock.patches import comment_lines
from pydock.project import Project
from pydock.text import Edit, Span

_NAMING = frozenset({"-r", "--requirement", "--requirements", "-e", "--editable"})
_JOINED = ("-r", "-e", "--requirement=", "--requirements=", "--editable=")


class Unturnable(Exception):
    """Why an install cannot be turned to a lock; a turn to one catches it."""


def first_file(entry: Wanted) -> str:
    """The first list of an install as its command finds it; of a local project alone its metadata."""
    if entry.install.files:
        return entry.install.files[0].value or ""
    folder = (entry.install.places[0].value or "").partition("[")[0]
    return posixpath.join(folder, posixpath.basename(entry.paths[0].partition("[")[0]))


def in_two(project: Project, entry: Wanted, lock: str, copied: Copied, *, hashes: bool) -> tuple[Edit, ...]:
    """Two commands in the place of one; in two layers where nothing but copies stands between the code and its install.

    `copied` is what brings the metadata. In one layer the lock is still to be copied.
    """
    install, command = entry.install, entry.install.command
    text = project.dockerfile.slice(command.span)
    is_plain = not (install.instruction.exec_form or command.redirects or command.assignments)
    if not is_plain or len(install.step.commands) > 1 or comment_lines(text):
        raise Unturnable(f"line {install.instruction.number} is written in a way that is not turned to two installs")
    folder = posixpath.dirname(first_file(entry))
    place = posixpath.normpath(posixpath.join(folder, posixpath.basename(lock)))
    head = text[: install.verb.span.end - command.span.start]
    options = list(_options(entry))
    names = [word.text for word in install.packages if word not in install.places]
    required = ["--require-hashes"] if hashes and "--require-hashes" not in options else []
    first = " ".join([head, *options, *required, "-r", place, *names])
    options = [option for option in options if option != "--require-hashes"]
    second = " ".join([head, *options, "--no-deps", *entry.places])
    if not _has_layer(project, entry, copied):
        return (Edit(project.path, command.span, f"{first} && {second}"),)
    opening = project.dockerfile.slice(Span(install.instruction.span.start, command.span.start))
    added = f"COPY {lock} {posixpath.normpath(folder or '.')}/\n{opening}{first}\n"
    at = Span(copied.instruction.span.start, copied.instruction.span.start)
    return Edit(project.path, at, project.dockerfile.written(added)), Edit(project.path, command.span, second)


def _has_layer(project: Project, entry: Wanted, copied: Copied) -> bool:
    """Whether the lock can be installed before the code is copied: nothing else is read by it or happens between."""
    install = entry.install
    between = [
        each
        for each in install.stage.instructions
        if copied.instruction.span.start <= each.span.start < install.instruction.span.start
    ]
    is_alone = len(walk(project).commands_in(install.instruction)) == 1 and copied.instruction in between
    reads_nothing = not install.constraints and not entry.supply.lines and not install.instruction.heredocs
    return is_alone and reads_nothing and all(each.keyword in {"COPY", "ADD"} for each in between)


def _options(entry: Wanted) -> Iterator[str]:
    """The options of an install but for those that name what is installed."""
    install = entry.install
    packages = {word.span for word in install.packages}
    words = iter(word for word in install.command.words if word.span.start >= install.verb.span.end)
    for word in words:
        if word.value in _NAMING:
            next(words, None)
        elif word.span not in packages and not (word.value or "").startswith(_JOINED):
            yield word.text
