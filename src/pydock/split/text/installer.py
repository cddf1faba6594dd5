"""pip or uv in the builder: whether an install says the same to both, and what it says to uv.

Facts: https://docs.astral.sh/uv/pip/compatibility/, read 2026-11. With several indexes uv
takes a package from the first that has it and pip the best of all, so those stay with pip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydock.build.installs import plain_pip
from pydock.dockerfile import Stage
from pydock.images.tags import PythonImage
from pydock.locks.installs.build_tools import latest_tool
from pydock.split.facts.members import Member
from pydock.split.facts.slices import MANAGERS
from pydock.text import Span

# What decides on output, caches and patience alone.
_IDLE = frozenset(
    {
        *("PIP_NO_CACHE_DIR", "PIP_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_ROOT_USER_ACTION", "PIP_NO_INPUT"),
        *("PIP_DEFAULT_TIMEOUT", "PIP_TIMEOUT", "PIP_RETRIES", "PIP_PROGRESS_BAR", "PIP_NO_COLOR", "PIP_QUIET"),
        *("PIP_NO_WARN_SCRIPT_LOCATION", "PIP_BREAK_SYSTEM_PACKAGES", "PIP_VERSION", "PIP_NO_COMPILE"),
    }
)
_SAME = frozenset(
    {
        *("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-U", "--upgrade", "--no-deps", "--pre"),
        *("-i", "--index-url", "-q", "--quiet", "-v", "--verbose", "--require-hashes", "--no-cache-dir", "--user"),
        *("--no-binary", "--only-binary", "--no-build-isolation"),
    }
)


def takes_uv(stage: Stage, image: PythonImage, members: Iterable[Member]) -> bool:
    """Whether every install of a stage means the same to `uv pip install`."""
    if not latest_tool("uv", image.minor) or _configures_pip(stage):
        return False
    for member in members:
        if any(step.is_tool for step in member.steps):
            return False
        if any(not MANAGERS.isdisjoint((*call.wrappers, call.program)) for call in member.calls):
            return False
        if member.installs and not _says_the_same(member):
            return False
    return True


def _configures_pip(stage: Stage) -> bool:
    """Whether variables or a file tell pip what uv, which reads neither, would not know."""
    names = {each.name for entry in stage.of("ENV", "ARG") for each in entry.assignments}
    if any(name.startswith("PIP_") and name not in _IDLE for name in names):
        return True
    entries = stage.of("RUN", "COPY", "ADD")
    texts = [text for entry in entries for text in (entry.value, *entry.documents)]
    return any(re.search(r"\bpip\.conf|\bpip3? config\b", text) for text in texts)


def _says_the_same(member: Member) -> bool:
    call = member.calls[0]
    line = plain_pip(call) if call.is_alone and not call.command.redirects else None
    return line is not None and line.verb == "install" and all(option.name in _SAME for option in line.options)


def uv_edits(member: Member) -> list[tuple[Span, str]]:
    """`pip install` as `uv pip install`, for the installs of one part of a RUN."""
    edits = []
    for call in member.calls:
        if (line := plain_pip(call)) is not None and line.verb == "install":
            edits.append((Span(call.command.words[0].span.start, line.verb_words[0].span.end), "uv pip install"))
    return edits
