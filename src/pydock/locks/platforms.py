"""For which platforms a service is built, as far as compose, bake and pipelines of its folder name them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.patterns import regex
from pydock.project import Project

_BUILDS = regex(
    r"(?:docker-)?compose[^/]*\.ya?ml\Z|docker-bake\.(?:hcl|json)\Z|\.gitlab-ci\.ya?ml\Z|.*\.github/workflows/[^/]+\.ya?ml\Z"
)
_NAMED = regex(r"platforms?\W[^#\n]*(?:\n[ \t]*-[^\n]*)*")
_PLATFORM = regex(r"linux/(?:amd64|arm64)")


def platforms(project: Project) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The files that name more than one platform, each with them."""
    for path in project.tree.files:
        if _BUILDS.match(path) or _BUILDS.match(posixpath.basename(path)):
            text = project.tree.text(path) or ""
            found = {name for part in _NAMED.finditer(text) for name in _PLATFORM.findall(part[0])}
            if len(found) > 1:
                yield path, tuple(sorted(found))


def elsewhere(project: Project, platform: str, *, is_hashed: bool) -> Iterator[str]:
    """What a lock for one platform means for the others that are named, as sentences; `platform` as uv calls it."""
    own = "linux/arm64" if platform.startswith("aarch64") else "linux/amd64"
    for path, named in platforms(project):
        others = " and ".join(name for name in named if name != own)
        also = ", and its hashes are those of files for that" if is_hashed else ""
        yield f"{path} builds for {others} too: this lock was resolved for {own}{also}"
