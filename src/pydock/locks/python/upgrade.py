"""What the step to the next supported Python costs a service, as far as files tell."""

from __future__ import annotations

from pydock.images.tags import version_order
from pydock.project import Project
from pydock.project.python import Release, next_supported, wishes
from pydock.service.code.removals import removed_uses, unreadable_sources
from pydock.values import Value

_MOST_SHOWN = 3


class Step(Value):
    """The step from a minor version to a later one; `obstacles` are full sentences, in the order to be read."""

    before: str
    after: Release
    obstacles: tuple[str, ...]


def next_step(project: Project, minor: str) -> Step | None:
    """The step to the nearest supported minor version; None from Python 2 and from the newest one."""
    following = next_supported(minor, project.options.today)
    if following is None or version_order(minor) < (3,):
        return None
    uses = [str(use) for use in removed_uses(project, minor, following.minor)]
    obstacles = [f"{_listed(uses)}."] if uses else []
    # Since `async` became a word of its own, what a newer Python refuses the image's own refuses, too.
    refused = unreadable_sources(project) if version_order(minor) < (3, 7) else ()
    if refused:
        obstacles.append(f"It cannot read {_listed(refused)}.")
    asked = [
        f"{wish.path} asks for Python {wish.text}" for wish in wishes(project.tree) if not wish.takes(following.minor)
    ]
    obstacles += [f"{_listed(asked)}."] if asked else []
    return Step(minor, following, tuple(obstacles))


def _listed(entries: list[str] | tuple[str, ...]) -> str:
    shown = list(entries[:_MOST_SHOWN])
    more = len(entries) - len(shown)
    shown += [f"{more} more"] if more else []
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last
