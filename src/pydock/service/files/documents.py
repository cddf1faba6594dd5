"""What a project tells people and machines about its image outside of the Dockerfile: README, scripts, CI, Makefile."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.project.memory import remembered
from pydock.values import Value

_RUNS = regex(r"\b(?:docker|podman)(?:\s+container)?\s+run\b(?:[^\n\\]|\\\n?)*")
_VOLUME = regex(r"(?:\s-[a-z]*v|--volume)[ =]*[\"']?((?:[./~$%]|[A-Za-z]:)[^:\s]*?):(/[^:\s\"']*)(?::([\w,]+))?")
_DEVICE = regex(r"--privileged\b(?!=false)|--device[ =]|(?:-v|--volume)[ =]*[\"']?/dev/(?!shm\b|null\b)")
_MOUNT = regex(r"--mount[ =]*[\"']?(type=bind[^\s\"']*)")
_TELLS = regex(r"(?:\A|/)(?:README[^/]*|Makefile|justfile|Jenkinsfile|[^/]*\.(?:md|rst|sh|mk|ya?ml))\Z")
_LARGEST = 200_000
# A zone of the host that is mounted counts as long as TZ names none (tzset(3)).
_ZONE = regex(r"/etc/(?:localtime|timezone)\b", words="/etc/localtime /etc/timezone")
_PIP_INSIDE = regex(
    r"\b(?:docker|podman)(?:[ -]compose)?(?:\s+container)?\s+(?:exec|run)\b(?:[^\n\\]|\\\n?)*?"
    r"\bpip[\d.]*\s+(?:install|uninstall)\b",
    words="docker podman",
)


_WORKER = regex(
    r"\b(?:celery|dramatiq|huey|arq|rq)\b.*\bworkers?\b|\bworkers?\b.*\b(?:celery|dramatiq|huey|rq)\b",
    re.I,
)


_MANAGER_RUNS = regex(r"\b(pipenv|poetry|uv|pdm|hatch|rye)\s+run\b")
_ENTERED = regex(r"\b(?:docker|podman)(?:[ -]compose)?(?:\s+container)?\s+(?:exec|run)\b", words="docker podman")
_SHELL_INSIDE = regex(
    r"\b(?:docker|podman)(?:[ -]compose)?(?:\s+container)?\s+(?:exec|run)\b.*\s(?:/bin/)?(?:ba|z)?sh\b[\s`'\"]*$",
    re.M,
    words="docker podman",
)


class ToldMount(Value):
    """A folder of the host, the place in the container that it is mounted at, and where that is told."""

    source: str
    target: str
    origin: str
    is_read_only: bool


@remembered
def documents(project: Project) -> tuple[tuple[str, str], ...]:
    """(path, text) of the Dockerfile and of every such file that has at most 200,000 characters."""
    found = [(path, project.tree.text(path) or "") for path in project.tree.files if _TELLS.search(path)]
    return tuple(
        (path, text) for path, text in ((project.path, project.dockerfile.text), *found) if len(text) <= _LARGEST
    )


@remembered
def gives_zone(project: Project) -> bool:
    """Whether one of them gives the container the host's time zone, by a mount of /etc/localtime."""
    return any(_ZONE.search(text) for _, text in documents(project))


@remembered
def installs_inside(project: Project) -> bool:
    """Whether one of them, or one above the context, installs packages in a container: `docker exec web pip ...`."""
    if any(_PIP_INSIDE.search(text) for _, text in documents(project)):
        return True
    # Those above speak of other images, too.
    names = {service.name for service in services(project)}
    calls = (match[0] for _, text in project.told if len(text) <= _LARGEST for match in _PIP_INSIDE.finditer(text))
    return any(not names.isdisjoint(call.split()) for call in calls)


@remembered
def managers_inside(project: Project) -> Mapping[str, str]:
    """The managers of packages that a document calls in a container, each with the first place.

    That is `pipenv run` in the line that enters the container, or below one that opens a shell there.
    """
    found: dict[str, str] = {}
    for path, text in (*documents(project), *project.told):
        if path == project.path or len(text) > _LARGEST or not (enters := _ENTERED.search(text)):
            continue
        opens_shell = _SHELL_INSIDE.search(text) is not None
        for match in _MANAGER_RUNS.finditer(text, enters.start()):
            start = text.rfind("\n", 0, match.start()) + 1
            if opens_shell or _ENTERED.search(text[start : match.start()]):
                found.setdefault(match[1], f"{path}:{text.count(chr(10), 0, start) + 1}")
    return found


@remembered
def told_worker(project: Project) -> str | None:
    """Where a comment of the Dockerfile, or a `docker run`, says that a worker of a queue runs from this image, too."""
    for path, text in documents(project):
        is_own = path == project.path
        for at, line in enumerate(text.splitlines(), 1):
            is_told = line.lstrip().startswith("#") if is_own else _RUNS.search(line) is not None
            if is_told and _WORKER.search(line):
                return f"{path}:{at}"
    return None


@remembered
def documented_mounts(project: Project) -> tuple[ToldMount, ...]:
    """The mounts of `docker run` that one of them tells of, each once."""
    return tuple(dict.fromkeys(_of_texts(project)))


def _of_texts(project: Project) -> Iterator[ToldMount]:
    for path, text in documents(project):
        for run in _RUNS.finditer(text):
            line = text.count("\n", 0, run.start()) + 1
            yield from _mounts(run[0], f"{path}:{line}")


@remembered
def documented_device(project: Project) -> str | None:
    """Where a `docker run` gives a device of the host to the container; None where none does."""
    for path, text in documents(project):
        for run in _RUNS.finditer(text):
            if _DEVICE.search(run[0]):
                return f"{path}:{text.count(chr(10), 0, run.start()) + 1}"
    return None


def _mounts(command: str, origin: str) -> Iterator[ToldMount]:
    for source, target, options in _VOLUME.findall(command):
        # A quote may end within the word: "$PWD"/data:/data.
        yield ToldMount(re.sub("[\"']", "", source), posixpath.normpath(target), origin, "ro" in options.split(","))
    for given in _MOUNT.findall(command):
        parts = dict(part.partition("=")[::2] for part in given.split(","))
        target = parts.get("target") or parts.get("dst") or parts.get("destination") or ""
        if target.startswith("/"):
            source = parts.get("source") or parts.get("src") or "a folder"
            yield ToldMount(source, posixpath.normpath(target), origin, bool({"readonly", "ro"} & parts.keys()))
