"""Which folders of the image have to belong to the user that the service runs as."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator, Sequence

from pydock.build.commands import CommandLine
from pydock.build.contract import contract
from pydock.build.sources import brought
from pydock.build.steps import read_steps
from pydock.build.views import files, image
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.service.files.ignore_file import ignore_of
from pydock.service.files.writes import Write, writes
from pydock.text import expand, unquote
from pydock.values import Value

# Folders of the system: a service may own something inside them, never the folder itself.
_SYSTEM_FOLDERS = (
    "/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /usr /usr/bin "
    "/usr/lib /usr/local /usr/local/bin /usr/local/lib /usr/share /usr/src /var /var/lib /var/log /var/run /var/cache "
    "/var/spool /var/www"
)
SYSTEM_FOLDERS = frozenset(_SYSTEM_FOLDERS.split())
_ROOTS = (
    "/etc/",
    "/root",
    "/usr/",
    "/bin/",
    "/sbin/",
    "/lib",
    "/sys/",
    "/proc/",
    "/dev/",
    "/tmp",
    "/run/",
    "/var/run/",
)
_LEAVES_NOTHING = frozenset(
    {"apt-get", "apt", "apk", "pip", "pip3", "useradd", "adduser", "groupadd", "rm", "chmod", "echo"}
)
_FILLS = regex(r"python[\d.]*|manage\.py|npm|yarn|make|git|flask|django-admin|curl|wget|tar|unzip|mkdir|cp|mv|touch")
_INSTALLED = regex(r"venv|virtualenv|site-packages|node_modules|/usr/|/wheels")


class Ownership(Value):
    """What has to belong to the user.

    `writes` has one entry for each of `folders`; `is_beside_code` where one of them is the
    work directory. `is_filled`: files of root may be inside that a COPY does not bring.
    `present` are the folders that are there anyway, `unknown` the places of the source that write where only run time
    knows.
    """

    writes: tuple[Write, ...]
    is_beside_code: bool
    is_filled: bool
    present: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(write.folder for write in self.writes)

    @property
    def in_system(self) -> Write | None:
        """A write that no user but root may make."""
        outside = (
            write
            for write in self.writes
            if write.folder in SYSTEM_FOLDERS or write.folder.startswith(("/etc/", "/root/", "/usr/bin/", "/sys/"))
        )
        return next(outside, None)


def ownership(project: Project) -> Ownership:
    """The folders that the service writes to or has mounted, each below no other one of them but volumes.

    A new volume has the owner that its folder has in the image, and root where the image has no such folder.
    """
    workdir = contract(project).workdir
    folders: dict[str, Write] = {}
    unknown = tuple(write.place for write in writes(project) if not write.folder)
    known = (write for write in writes(project) if write.folder)
    for write in (*_unknown(project), *known, *_mounted(project), *_made(project)):
        folder = write.folder or workdir
        other = folders.get(folder)
        place, is_mounted = (other.place, other.is_mounted) if other else (write.place, False)
        folders[folder] = Write(folder, place, is_mounted or write.is_mounted)
    ordered = sorted(folders.items(), key=lambda item: item[0] != workdir)
    top = [write for folder, write in ordered if write.is_mounted or not is_inside(folder, folders)]
    names = tuple(write.folder for write in top)
    present = {name for name in names if name == workdir or _is_in_context(project, name)}
    present |= made_folders(project) | {name for name in names if _is_copied_to(project, name)}
    return Ownership(tuple(top), workdir in names, _is_filled(project, names), frozenset(present), unknown)


def _is_in_context(project: Project, folder: str) -> bool:
    """Whether a COPY brings a folder with something in it, in every checkout."""
    path = files(project).origin(folder)
    if path is None or not project.tree.known:
        return False
    return any(name.startswith(f"{path}/") and not ignore_of(project).hides(name) for name in project.tree.files)


def is_below(folder: str, other: str) -> bool:
    """Whether one absolute path lies inside another."""
    return folder != other and folder.startswith(other.rstrip("/") + "/")


def is_inside(folder: str, others: Container[str]) -> bool:
    """Whether one absolute path lies inside one of others, each of which is looked up as the paths above it."""
    above = (folder[: match.start()] for match in re.finditer("/", folder))
    return any(place in others and is_below(folder, place) for each in above for place in (each, f"{each}/") if place)


def _unknown(project: Project) -> Iterator[Write]:
    """Where the source is not at hand the work directory is taken to be written to."""
    if not has_source(project):
        yield Write("", "")


def has_source(project: Project) -> bool:
    return project.tree.known and bool(brought(project))


def _mounted(project: Project) -> Iterator[Write]:
    """VOLUMEs and named compose volumes: a new one takes the owner that the image gives it."""
    for instruction in project.final.of("VOLUME"):
        for word in instruction.words:
            path = word.text.strip("\"'")
            if path.startswith("/") and "$" not in path:
                yield Write(posixpath.normpath(path), "", is_mounted=True)
    for service in services(project):
        for source, target in service.mounts:
            if not is_bind(source) and target.startswith("/"):
                yield Write(posixpath.normpath(target), service.origin, is_mounted=True)


def _made(project: Project) -> Iterator[Write]:
    """Folders that a RUN makes and no COPY fills: somebody wants to write there."""
    for folder in sorted(made_folders(project)):
        if not _is_used(project, folder):
            yield Write(folder, "")


def made_folders(project: Project) -> frozenset[str]:
    """Absolute paths that a `mkdir` of the final stage names."""
    calls = read_steps(project).commands_of(project.final.index)
    words = [word.value or "" for call in calls if call.program == "mkdir" for word in call.line.operands]
    return frozenset(posixpath.normpath(word) for word in words if word.startswith("/"))


def _is_used(project: Project, folder: str) -> bool:
    """Whether a folder belongs to the system or to root, or gets its files while the image is built."""
    if folder in SYSTEM_FOLDERS or folder.startswith(_ROOTS) or folder == contract(project).workdir:
        return True
    copies = (target_of(project, entry) or "" for entry in project.final.of("COPY", "ADD"))
    named = [run for run in project.final.of("RUN") if folder in run.value]
    return len(named) > 1 or any(target == folder or is_below(target, folder) for target in copies)


def is_bind(source: str) -> bool:
    """Whether a compose mount is a folder of the host, which keeps its owner there."""
    return source.startswith((".", "/", "~", "$"))


def copies_into(project: Project, folders: Sequence[str]) -> tuple[Instruction, ...]:
    """The COPY and ADD instructions of the final stage that put files into one of these folders.

    What comes from another stage counts unless it is installed software.
    """
    found = []
    for instruction in project.final.of("COPY", "ADD"):
        target = target_of(project, instruction)
        is_installed = instruction.flag("from") is not None and _INSTALLED.search(instruction.value)
        if target and not is_installed and any(target == folder or is_below(target, folder) for folder in folders):
            found.append(instruction)
    return tuple(found)


def target_of(project: Project, instruction: Instruction) -> str | None:
    """The absolute path that a COPY or ADD of the final stage puts its files at, None where it is not known."""
    workdir = image(project, project.final, instruction).workdir
    word = instruction.words[-1].text if instruction.words else ""
    target = expand(unquote(word, instruction.escape), image(project, project.final, instruction).variables)
    return posixpath.normpath(posixpath.join(workdir, target)) if workdir and target is not None else None


def _is_filled(project: Project, folders: Sequence[str]) -> bool:
    """Whether root may have put files into one of these folders that no COPY into it owns."""
    inside = [folder for folder in folders if not _is_copied_to(project, folder)]
    if any(files(project).origin(folder) for folder in inside):
        return True
    known = frozenset(folders)
    for run in project.final.of("RUN"):
        is_here = image(project, project.final, run).workdir in known
        for call in read_steps(project).commands_in(run):
            if call.program in _LEAVES_NOTHING:
                continue
            values = [word.head for word in call.line.words[1:]]
            below = [value for value in values if is_inside(value, known)]
            is_more = call.program != "mkdir" and any(value in known for value in values)
            relative = is_here and (call.is_module or _FILLS.match(call.program)) and not _is_absolute(call)
            if below or is_more or relative:
                return True
        if read_steps(project).is_unread(run) or (run.heredocs and is_here):
            return True
    return False


def _is_absolute(call: CommandLine) -> bool:
    """Whether a command such as `mkdir` names absolute places only."""
    names = [word.head for word in call.line.operands]
    return call.program == "mkdir" and bool(names) and all(name.startswith("/") for name in names)


def _is_copied_to(project: Project, folder: str) -> bool:
    return any(target_of(project, instruction) == folder for instruction in project.final.of("COPY", "ADD"))
