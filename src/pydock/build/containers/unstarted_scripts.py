"""Shell scripts that a COPY names and nothing here starts: then somebody else does."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build.copies import copies
from pydock.build.files import is_shell_script
from pydock.build.model import Build
from pydock.project import Project
from pydock.shell import SHELLS, script_of_text, unwrapped


def unstarted_calls(project: Project, build: Build) -> Iterator[tuple[str, str]]:
    """(program, script) for each command of such scripts."""
    started = {posixpath.basename(start.script) for start in build.starts}
    for call in (call for step in build.steps if step.keyword == "RUN" for call in step.commands):
        is_read = call.program in SHELLS or call.program in {".", "source"}
        started |= set(map(posixpath.basename, call.command.values[: 2 if is_read else 1]))
    for stage in project.lineage(project.final):
        for source in (source for copied in copies(project, stage) for source in copied.sources):
            text = project.tree.text(source)
            if text is not None and posixpath.basename(source) not in started and is_shell_script(source, text):
                yield from ((unwrapped(command)[1].program, source) for command in script_of_text(text).commands)
