"""Commands that make or change a file in the image before something is installed from it.

What is in the context is then not what is installed: `echo gunicorn >> requirements.txt`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import Step, walk
from pydock.build.installs import Install
from pydock.project import Project
from pydock.state import Kind, is_below
from pydock.state.needs import File


def changed_before(project: Project, install: Install) -> str:
    """What changes a file of an install before it is read, as a sentence; "" where nothing does."""
    lists = dict(_read_by(project, install))
    stages = {stage.index for stage in project.lineage(install.stage)} if lists else set()
    for step in walk(project).steps[: install.call.number + 1] if lists else ():
        if step.stage not in stages or step.keyword != "RUN":
            continue
        is_own = step.number == install.call.number
        if (file := next((each for each in lists if _may_change(step, each, is_own=is_own)), None)) is not None:
            line = project.line(step.member.span if step.member else step.instruction.span)
            return f"line {line} may change {lists[file]} before it is installed"
    return ""


def _may_change(step: Step, file: File, *, is_own: bool) -> bool:
    """Whether a step changes a file, or reads it and may write where it lies; an install only reads its own."""
    if is_own or file in step.provides or file in step.changes:
        return file in step.provides or file in step.changes
    places = (place for opened in step.opens if Kind.FILE in opened.kinds for place in opened.places)
    return any(need == file for need, _ in (*step.needs, *step.takes)) and any(
        is_below(file.path, place) for place in places
    )


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
