"""Which COPYs bring code, and which only what names dependencies."""

from __future__ import annotations

import posixpath

from pydock.build import walk
from pydock.build.copies import Copied
from pydock.patterns import regex
from pydock.project import Project

_MANIFEST = regex(
    r"(?:\A|/)(?:[^/]*\.(?:txt|in|toml|cfg|lock|ini|json|ya?ml|conf|sh|whl|gz)|Pipfile|setup\.py|[^/]*requirements[^/]*"
    r"|README[^/]*|LICEN[CS]E[^/]*|\.python-version)\Z"
)


def is_source(project: Project, copied: Copied) -> bool:
    """Whether a COPY brings code rather than files that name dependencies or settings."""
    # A .netrc or a pip.conf is read by the install, although it names no dependency.
    steps = walk(project).of_instruction(copied.instruction)
    if steps and all(step.brings_settings for step in steps):
        return False
    return any(_is_code(project, source) for source in copied.sources)


def _is_code(project: Project, source: str) -> bool:
    if source == "." or ":/" in source:
        return source == "."
    if project.tree.has_folder(source) or (not project.tree.known and "." not in posixpath.basename(source)):
        inside = [path for path in project.tree.files if path.startswith(f"{source}/")]
        is_named = "require" in source
        return not (is_named if not inside else all(_MANIFEST.search(path) for path in inside))
    # `poetry.lock*` is a lock that may be absent.
    return not _MANIFEST.search(source.rstrip("*?"))
