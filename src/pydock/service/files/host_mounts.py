"""Mounts that a project tells of outside of its compose files: in texts for people, comments, scripts and CI."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered

Mount = tuple[str, str, str]
_TELLS = regex(r"(?:\A|/)(?:README[^/]*|Makefile|justfile|Jenkinsfile|[^/]*\.(?:md|rst|sh|mk|ya?ml))\Z")
_RUNS = regex(r"\b(?:docker|podman)(?:\s+container)?\s+run\b(?:[^\n\\]|\\\n?)*")
_VOLUME = regex(
    r"(?:\s-[a-z]*v|--volume)[ =]*[\"']?((?:[./~$%]|\$\(|[A-Za-z]:)[^:\s\"']*?\)?):(/[^:\s\"']*)(?::([\w,]+))?"
)
_MOUNT = regex(r"--mount[ =]*[\"']?(type=bind[^\s\"']*)")
LARGEST = 200_000


@remembered
def documented_mounts(project: Project) -> tuple[Mount, ...]:
    """(folder of the host, place in the container, where that is told); read-only ones left out."""
    return tuple(dict.fromkeys(_of_texts(project)))


def _of_texts(project: Project) -> Iterator[Mount]:
    texts = [(path, project.tree.text(path) or "") for path in project.tree.files if _TELLS.search(path)]
    for path, text in ((project.path, project.dockerfile.text), *texts):
        for run in _RUNS.finditer(text) if len(text) < LARGEST else ():
            line = text.count("\n", 0, run.start()) + 1
            for source, target in _mounts(run[0]):
                yield source, target, f"{path}:{line}"


def _mounts(command: str) -> Iterator[tuple[str, str]]:
    for source, target, options in _VOLUME.findall(command):
        if "ro" not in options.split(","):
            yield source, posixpath.normpath(target)
    for given in _MOUNT.findall(command):
        parts = dict(part.partition("=")[::2] for part in given.split(","))
        target = parts.get("target") or parts.get("dst") or parts.get("destination") or ""
        if target.startswith("/") and not {"readonly", "ro"} & parts.keys():
            yield parts.get("source") or parts.get("src") or "a folder", posixpath.normpath(target)
