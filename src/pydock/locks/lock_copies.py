"""The COPY that brings requirements files to an install, and how it comes to bring their lock."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.copies import Copied, copies
from pydock.build.installs import Install, installs_in
from pydock.dockerfile import Instruction
from pydock.locks.installs.shipped_stages import shipped
from pydock.project import Project
from pydock.text import Edit, Span


def bringing(project: Project, install: Install, place: str) -> Copied | None:
    """The COPY that brings a file to where an install finds it."""
    for stage in project.lineage(install.stage):
        until = install.instruction if stage is install.stage else None
        for copied in reversed(copies(project, stage, until)):
            origin = copied.origin(project.tree, place)
            if origin is not None and project.tree.has_file(origin):
                return copied
    return None


def edited_copy(
    project: Project, install: Install, copied: Copied, files: list[str], lock: str, folder: str
) -> Iterator[Edit]:
    """How a COPY of requirements files comes to bring their lock, in their place where nothing else reads them."""
    copy = copied.instruction
    words = [copy.place(word.start, word.end) for word in copy.words]
    named = [
        span for span, source in zip(words[:-1], copied.sources, strict=True) if source in files and _is_plain(source)
    ]
    is_folder = copied.target.endswith("/")
    if not is_folder and posixpath.normpath(copied.target) != folder:
        # `COPY requirements.txt /tmp/reqs.txt`: the lock needs a name of its own.
        target = _last_part(project, words[-1], copied.target)
        if len(named) == 1 and target is not None and not _is_needed(project, install, copied, files):
            yield Edit(project.path, named[0], _quoted(copy, lock))
            yield Edit(project.path, target, posixpath.basename(lock))
            return
        yield _new_copy(project, copy, lock, folder)
        return
    if named and is_folder and not _is_needed(project, install, copied, files):
        yield Edit(project.path, named[0], _quoted(copy, lock))
        for span in named[1:]:
            start = max(other.end for other in words if other.end <= span.start)
            yield Edit(project.path, Span(start, span.end), "")
        return
    if not project.dockerfile.slice(words[-1]).strip("\"'").endswith("/"):
        yield _new_copy(project, copy, lock, folder)
        return
    at = words[-2].end
    yield Edit(project.path, Span(at, at), f"{', ' if copy.exec_form else ' '}{_quoted(copy, lock)}")


def _last_part(project: Project, written: Span, path: str) -> Span | None:
    """Where the name of a file stands, which is the last part of its path."""
    name = posixpath.basename(path)
    at = project.dockerfile.slice(written).rfind(name)
    return Span(written.start + at, written.start + at + len(name)) if at >= 0 else None


def _is_plain(source: str) -> bool:
    return not set(source) & set("*?[")


def _quoted(copy: Instruction, path: str) -> str:
    return json.dumps(path) if copy.exec_form or " " in path else path


def _new_copy(project: Project, copy: Instruction, lock: str, folder: str) -> Edit:
    flags = "".join(f"--{flag.name}={flag.value} " for flag in copy.flags if flag.name in {"chown", "chmod"})
    text = project.dockerfile.written(f"COPY {flags}{lock} {folder.rstrip('/')}/\n")
    start = copy.span.end
    opening = "" if project.dockerfile.text[:start].endswith("\n") else project.dockerfile.newline
    return Edit(project.path, Span(start, start), opening + text)


def _is_needed(project: Project, install: Install, copied: Copied, files: list[str]) -> bool:
    """Whether anything but this install may read the requirements files that a COPY brings."""
    names = {posixpath.basename(path) for path in (*files, copied.target) if not path.endswith("/")}
    later = [
        entry
        for stage in project.dockerfile.stages
        if install.stage in project.lineage(stage)
        for entry in stage.instructions
        if entry.span.start > copied.instruction.span.start and entry is not install.instruction
    ]
    if any(name in entry.value for entry in later for name in names):
        return True
    if any(each.places for entry in later for each in installs_in(project, entry)):
        return True
    beside = [call for call in walk(project).commands_in(install.instruction) if call is not install.call]
    if any(name in word.text for call in beside for word in (*call.command.words, *call.words) for name in names):
        return True
    return install.stage in shipped(project) and not _is_brought_again(project, copied, files)


def _is_brought_again(project: Project, copied: Copied, files: list[str]) -> bool:
    """Whether a later COPY puts the files to the same place, so that the image keeps them."""
    target = copied.target
    places = [posixpath.join(target, posixpath.basename(path)) for path in files] if target.endswith("/") else [target]
    later = [
        other
        for stage in project.dockerfile.stages
        if stage in shipped(project)
        for other in copies(project, stage)
        if other.instruction.span.start > copied.instruction.span.start
    ]
    return all(any(other.origin(project.tree, place) for other in later) for place in places)
