"""Which stages end up in the shipped image: the final one, what it is built on, what it copies from."""

from __future__ import annotations

from pydock.dockerfile import Stage
from pydock.project import Project


def shipped(project: Project) -> tuple[Stage, ...]:
    """The final stage and those it is built on: their layers are the image."""
    return project.lineage(project.final)


def feeding(project: Project) -> tuple[Stage, ...]:
    """The shipped stages and every stage that files are copied from into one of these."""
    found: list[Stage] = []
    queue = [project.final]
    while queue:
        stage = queue.pop()
        for entry in project.lineage(stage):
            if entry in found:
                continue
            found.append(entry)
            names = [copy.flag("from") for copy in entry.of("COPY", "ADD")]
            sources = [project.dockerfile.stage_named(name) for name in names if name]
            queue += [source for source in sources if source is not None and source.index < entry.index]
    return tuple(sorted(found, key=lambda entry: entry.index))
