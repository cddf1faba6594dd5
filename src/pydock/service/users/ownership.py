"""Which folders of the image have to belong to the user that the service runs as."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator, Sequence

from pydock.build.contract import contract
from pydock.build.copies import copies
from pydock.build.model import Step
from pydock.build.sources import brought
from pydock.build.steps import read_steps
from pydock.build.views import files, image
from pydock.dockerfile import Instruction
from pydock.effects import is_known
from pydock.images.base import is_debian_program
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.service.files.ignore_file import ignore_of
from pydock.service.files.writes import Write, writes
from pydock.state import Kind, is_below, is_root
from pydock.state.needs import File, Folder
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


def ownership(project: Project, given: Container[str] = ()) -> Ownership:
    """The folders that the service writes to or has mounted, each below no other one of them but volumes.

    A new volume has the owner that its folder has in the image, and root where the image has no such folder. Those
    that are given to the user elsewhere are left out.
    """
    workdir = contract(project).workdir
    folders: dict[str, Write] = {}
    unknown = tuple(write.place for write in writes(project) if not write.folder)
    known = (write for write in writes(project) if write.folder)
    for write in (*_unknown(project), *known, *_mounted(project), *_made(project)):
        folder = write.folder or workdir
        if folder in given and not write.is_mounted:
            continue
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


def is_inside(folder: str, others: Container[str]) -> bool:
    """Whether one absolute path lies inside one of others, each of which is looked up as the paths above it."""
    above = (folder[: match.start()] for match in re.finditer("/", folder))
    places = (place for each in above for place in (each, f"{each}/") if place and place != folder)
    return any(place in others and is_below(folder, place) for place in places)


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
        for mount in service.mounts:
            if mount.kind == "volume" and mount.target and not mount.is_read_only:
                yield Write(mount.target, service.origin, is_mounted=True)


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
    return len(named) > 1 or any(is_below(target, folder) for target in copies)


def copies_into(project: Project, folders: Sequence[str]) -> tuple[Instruction, ...]:
    """The COPY and ADD instructions of the final stage that put files into one of these folders.

    What comes from another stage counts unless it is installed software.
    """
    found = []
    for instruction in project.final.of("COPY", "ADD"):
        target = target_of(project, instruction)
        is_installed = instruction.flag("from") is not None and _INSTALLED.search(instruction.value)
        if target and not is_installed and any(is_below(target, folder) for folder in folders):
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
    if any(_is_copied_over(project, folder) for folder in folders):
        return True
    steps = (step for stage in project.lineage(project.final) for step in read_steps(project).of_stage(stage.index))
    return any(step.is_unread or _fills(step, folders) for step in steps if step.keyword == "RUN")


def _fills(step: Step, folders: Sequence[str]) -> bool:
    """Whether a command of root makes something in one of these folders; the folders themselves are given anyway."""
    if step.installs is not None or not is_root(step.before.user) or _is_debians(step):
        return False
    made = [thing.path for thing in step.provides if isinstance(thing, File | Folder)]
    opened = [place for opens in step.opens if Kind.FILE in opens.kinds for place in opens.places if place != "/"]
    return any(
        any(is_below(path, folder) for path in made if path not in folders)
        or any(is_below(place, folder) or is_below(folder, place) for place in opened)
        for folder in folders
    )


def _is_debians(step: Step) -> bool:
    """Whether it runs programs of Debian's that write what they are told to: msgfmt, convert."""
    names = [(call.program, call.line.path or "") for call in step.commands]
    return bool(names) and all(is_debian_program(name) and not is_known(path) for name, path in names)


def _is_copied_over(project: Project, folder: str) -> bool:
    """Whether a COPY to a folder above brings files into this one: of what it brings only a part is given away."""
    entries = (entry for stage in project.lineage(project.final) for entry in copies(project, stage))
    above = (entry for entry in entries if not is_below(posixpath.normpath(entry.target), folder))
    places = (entry.origin(project.tree, folder) for entry in above)
    if any(place is not None and project.tree.has_folder(place) for place in places):
        return True
    stages = (target_of(project, entry) for entry in project.final.of("COPY") if entry.flag("from") is not None)
    is_of_stage = any(target and target != folder and is_below(folder, target) for target in stages)
    return is_of_stage and next(read_steps(project).final.below(folder), None) is not None


def _is_copied_to(project: Project, folder: str) -> bool:
    return any(target_of(project, instruction) == folder for instruction in project.final.of("COPY", "ADD"))
