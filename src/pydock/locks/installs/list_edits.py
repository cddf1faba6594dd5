"""Commands that make or change a file in the image before something is installed from it.

What is in the context is then not what is installed: `echo gunicorn >> requirements.txt`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from pydock.build import Step, walk
from pydock.build.installs import Install
from pydock.project import Project
from pydock.state import Kind, State, is_below
from pydock.state.needs import File


def changed_before(project: Project, install: Install) -> str:
    """What changes a file of an install before it is read, as a sentence; "" where nothing does."""
    steps = walk(project).steps
    for file, name in _read_by(project, install):
        for number in sorted(_hands(steps, install.call.before, file)):
            step = steps[number]
            if step.keyword == "RUN":
                line = project.line(step.member.span if step.member else step.instruction.span)
                return f"line {line} may change {name} before it is installed"
    return ""


def _hands(steps: Sequence[Step], before: State, file: File) -> Iterator[int]:
    """The steps that made or changed a file, and those that read it and may write where it lies."""
    yield from (number for number in before.makers(file) if number >= 0)
    for place in (place for kind, place in before.opened if kind is Kind.FILE and is_below(file.path, place)):
        for number in before.opened[(Kind.FILE, place)]:
            step = steps[number]
            # An install leaves the lists alone that it reads.
            if step.installs is None and any(need == file for need, _ in (*step.needs, *step.takes)):
                yield number


def _read_by(project: Project, install: Install) -> Iterator[tuple[File, str]]:
    """The files of the image that an install reads, those that they include too, with their names."""
    for word in (*install.files, *install.constraints):
        path = install.call.before.at(word.value) if word.value else None
        if path is None:
            continue
        yield File(path), posixpath.basename(path)
        origin = install.origin(project, word.value)
        for included in project.requirement_set(origin).files if origin else ():
            inside = posixpath.relpath(included, posixpath.dirname(origin or "") or ".")
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), inside))
            yield File(place), posixpath.basename(place)
