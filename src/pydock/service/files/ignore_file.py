"""Which ignore file counts for a Dockerfile, and what must not be put into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pydock.build import run_time_calls, walk
from pydock.build.copies import copies
from pydock.context import Ignore
from pydock.dockerfile import mounts
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.project.memory import remembered
from pydock.service.files.documents import documented_mounts
from pydock.state import is_below
from pydock.state.needs import Distribution, Program

_GIT = regex(
    r"setuptools[-_]scm|versioneer|\bpbr\b|hatch[-_]vcs|dynamic[-_]versioning|dunamai|versioningit|setuptools[-_]git"
    r"|gitpython|^[ \t]*(?:import|from) git\b|\.git/\w"
    r"|\bgit\b[\"',\s]+(?:-C \S+ )?(?:rev-parse|describe|log|show|submodule)",
    re.I | re.M,
)
_READS_GIT = regex(r"(?:\A|/)(?:[^/]+\.py|[^/]+\.sh|Makefile|pyproject\.toml|setup\.cfg|[^/]*requirements[^/]*\.txt)\Z")
# One of these is in whatever _GIT finds; the search itself is slow.
_GIT_WORDS = ("git", "scm", "version", "pbr", "dunamai")
MOST_FILES = 2_000
# The folder that `docker run -v` is told from.
_WHOLE = regex(r"\.|\$\(pwd\)|\$\{?PWD\}?|%cd%", re.I)


def ignore_path(project: Project) -> str:
    """The ignore file that counts: one named after the Dockerfile wins over `.dockerignore`.

    https://docs.docker.com/build/concepts/context/#filename-and-location, read 2026-11
    """
    own = f"{project.path}.dockerignore"
    return own if project.tree.has_file(own) else ".dockerignore"


def ignore_of(project: Project) -> Ignore:
    return Ignore(project.tree.text(ignore_path(project)) or "")


def copied_names(project: Project) -> Iterator[str]:
    """Every path of the context that an instruction names, `.` left out."""
    for stage in project.dockerfile.stages:
        for copied in copies(project, stage):
            yield from (source for source in copied.sources if source != ".")
        for run in stage.of("RUN"):
            bound = (mount.source for mount in mounts(run, "bind") if not mount.origin)
            yield from (source.strip("./") or "." for source in bound if source)


def takes_folder(project: Project) -> bool:
    """Whether some COPY or ADD takes a folder of the context."""
    return any(source == "." or project.tree.has_folder(source) for source in _sources(project))


def takes_all(project: Project) -> bool:
    """Whether some COPY or ADD takes the whole context."""
    return "." in _sources(project)


def _sources(project: Project) -> list[str]:
    return [
        source for stage in project.dockerfile.stages for copied in copies(project, stage) for source in copied.sources
    ]


def has_history(project: Project) -> bool:
    """Whether `.git` comes along with the code, or is mounted with it by compose or by what a document tells."""
    if takes_all(project) and not ignore_of(project).hides(".git/HEAD"):
        return True
    workdir = walk(project).final.workdir
    targets = [mount.target for service in services(project) for mount in service.mounts if mount.path in {"", "."}]
    targets += [mount.target for mount in documented_mounts(project) if _WHOLE.fullmatch(mount.source)]
    return any(target and workdir and is_below(workdir, target) for target in targets)


@remembered
def needs_git(project: Project) -> bool:
    """Whether a version, a build or the service itself may be read from `.git`."""
    if git_askers(project) or any(
        _reads_git(run.value) for stage in project.dockerfile.stages for run in stage.of("RUN")
    ):
        return True
    paths = [path for path in project.tree.files if _READS_GIT.search(path)][:MOST_FILES]
    return any(_reads_git(project.tree.text(path) or "") for path in paths)


def git_askers(project: Project) -> tuple[str, ...]:
    """The installed packages that ask git about the code when it runs."""
    names = (thing.name for thing in walk(project).final.things if isinstance(thing, Distribution))
    return tuple(call.by for call in run_time_calls(project, names) if call.need == Program("git"))


@lru_cache(maxsize=MOST_FILES)
def _reads_git(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _GIT_WORDS) and _GIT.search(text) is not None
