"""What is set up before the installs and read by them without being named: both stages get it.

A `pip.conf`, a certificate, a key or a line of git's configuration decides where packages come
from. Which of them the service uses too is not known, so the runtime stage keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.shell import Step
from pydock.split_old.inputs import Inputs
from pydock.split_old.roles import Role, RoledStep

_PREPARES = regex(
    r"\bpip\.conf|\bpip/pip|\.pip\b|\.netrc|\.pypirc|\.ssh\b|/etc/ssh|ssh-keyscan|\bgit\s+config|\.gitconfig"
    r"|\.git-credentials|ca-certificates|/etc/ssl|/usr/include|\bldconfig\b|\buv\.toml"
)
_APT_FILES = regex(r"/etc/apt/|/usr/share/keyrings")
# pip fills in ${NAME} in requirement files: https://pip.pypa.io/en/stable/reference/requirements-file-format/
_FILLED_IN = regex(r"\$\{([A-Z0-9_]+)\}")
_BUILD_FILES = (
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "hatch_build.py",
    "build.py",
    "CMakeLists.txt",
    "meson.build",
)


def preparing_steps(project: Project, steps: tuple[RoledStep, ...]) -> frozenset[Step]:
    """Commands before the last install that say how packages are fetched and compiled."""
    last = max((at for at, entry in enumerate(steps) if entry.role in {Role.INSTALL, Role.TOOL}), default=-1)
    return frozenset(
        entry.step
        for entry in steps[: last + 1]
        if entry.role is Role.OTHER and _sets_up(project.dockerfile.slice(entry.step.span))
    )


def _sets_up(text: str) -> bool:
    """What takes such a setting away again has no place in front of the installs."""
    return bool(_PREPARES.search(text)) and not re.match(r"rm\s|shred\s|unlink\s|.*--unset", text)


def is_preparing_copy(entry: Instruction) -> bool:
    """Whether a COPY brings such a file to its place in the system."""
    if entry.keyword not in {"COPY", "ADD"} or not entry.words:
        return False
    target = entry.words[-1].text.strip("\"'[]")
    return target.startswith(("/", "~")) and bool(_PREPARES.search(entry.value) or _APT_FILES.search(target))


def brings_apt_files(entry: Instruction) -> bool:
    """Whether a COPY tells apt of other packages than those that the image knows."""
    return entry.keyword in {"COPY", "ADD"} and bool(_APT_FILES.search(entry.value))


def read_variables(project: Project, stage: Stage, inputs: Inputs) -> Iterator[str]:
    """The variables of a stage that requirement files, or the build of the project itself, name."""
    for path, _ in inputs.files:
        yield from _FILLED_IN.findall(project.tree.text(path) or "")
    if not inputs.whole and inputs.unknown is None:
        return
    text = "\n".join(project.tree.text(path) or "" for path in _BUILD_FILES)
    for entry in stage.of("ENV", "ARG"):
        for each in entry.assignments:
            if re.search(rf"\b{re.escape(each.name)}\b", text):
                yield each.name
