"""What may be out of the user's reach, and only the host or a run can tell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from pydock.build import walk
from pydock.build.containers.mounts import is_foreign, mounted_at, own_mounts
from pydock.build.contract import contract
from pydock.build.sources import sources
from pydock.build.views import files
from pydock.context.compose import Service, shown
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services, services_by_image
from pydock.service.files.documents import documented_device, documented_mounts, installs_inside
from pydock.service.files.writes import landings
from pydock.service.main_command import main_command
from pydock.service.users.ownership import Ownership
from pydock.service.users.root_runs import root_runs
from pydock.source import imports_of, syntax
from pydock.source import walk as nodes_of
from pydock.state import Answer, is_below
from pydock.state.needs import Folder

# Settings and sockets of the host: nobody keeps data there.
_OF_THE_SYSTEM = ("/etc/", "/usr/share/", "/run/", "/var/run/", "/sys/", "/proc/", "/dev/")


def mount_doubts(project: Project, owned: Ownership, uid: int) -> Iterator[str]:
    """Folders of the host that the service writes to, by what documents and compose files mount."""
    for told in (each for each in documented_mounts(project) if not each.is_read_only):
        if any(is_below(told.target, folder) or is_below(folder, told.target) for folder in owned.folders):
            yield _writable(told.source, told.origin, uid)
            break
    if installs_inside(project):
        yield f"documents install packages in a container that runs, which uid {uid} may not"
    known: set[tuple[str, str]] = set()
    for service in services(project):
        written = [source for source in _written(project, service, owned) if (service.name, source) not in known]
        # What a file on top says nothing of is told of the one below.
        known |= {(service.name, source) for source in written}
        if written:
            yield _writable(written[0], service.origin, uid)
    yield from _unseen_code(project)
    for service in services(project):
        for source in _closed(project, service):
            yield f"{source} on the host ({service.origin}) has to be readable for uid {uid}"
            break
    yield from _devices(project, uid)
    for service in (each for each in services_by_image(project) if each not in services(project)):
        for mount in service.mounts:
            # Who mounts a folder where this image writes runs this image.
            if mount.is_bind and mount.target and any(is_below(mount.target, folder) for folder in owned.folders):
                yield _writable(str(mount.source), service.origin, uid)


def _devices(project: Project, uid: int) -> Iterator[str]:
    """Devices of the host: they are of root and of a group that only the host knows."""
    for service in services(project):
        mounted = (mount.source for mount in service.mounts if mount.is_bind and str(mount.source).startswith("/dev/"))
        device = next((shown(each) for each in (*service.devices, *mounted) if each is not None), None)
        if device is not None or service.is_privileged:
            what = device or "every device"
            yield f"{service.origin} has {what} of the host, which uid {uid} has to be allowed to open"
            return
    if told := documented_device(project):
        yield f"{told} gives the container a device of the host, which uid {uid} has to be allowed to open"


def _unseen_code(project: Project) -> Iterator[str]:
    """Code that compose lays beside that of the context, which imports it."""
    named = {name.partition(".")[0] for path in sources(project) for name in _imports(project.tree.text(path) or "")}
    for service in services(project):
        for mount in service.mounts:
            inside = posixpath.relpath(mount.target or "/", contract(project).workdir or "/").partition("/")[0]
            if is_foreign(mount) and inside.removesuffix(".py") in named:
                yield f"the code in {mount.source} ({service.origin}) is not at hand, so where it writes is not known"
                return


def _imports(text: str) -> Iterable[str]:
    return imports_of(nodes_of(tree)).values() if (tree := syntax(text)) is not None else ()


def _closed(project: Project, service: Service) -> Iterator[str]:
    """Secrets and keys of the host that compose mounts as they are there: who makes one keeps it to himself.

    What the project brings is readable for all, as git leaves it.
    https://docs.docker.com/reference/compose-file/services/#secrets, read 2026-12: uid and mode are not implemented.
    """
    for mount in service.mounts:
        is_secret = mount.target is not None and (is_below(mount.target, "/run/secrets") or _KEY.search(mount.target))
        path, tree = mount.path, project.tree
        is_brought = path is not None and tree.has_file(path) and not tree.may_be_made(path)
        if mount.is_bind and is_secret and not is_brought:
            yield str(mount.source)


_KEY = regex(
    r"\.(?:key|pem|p12|pfx)\Z|(?:\A|/)id_(?:rsa|ed25519|ecdsa)\Z|(?:\A|/)[^/]*(?:credentials?|service.account)[^/]*\.json\Z"
)


def absent_folders(project: Project, owned: Ownership) -> Iterator[str]:
    """Folders that the source writes into, that the image lacks and that nothing makes: a mount has to bring them.

    One that documents or compose files tell of is known, with its owner.
    """
    final = walk(project).final
    known = [mount.target for mount in documented_mounts(project)]
    composed = (*services(project), *services_by_image(project))
    known += [mount.target for each in composed for mount in each.mounts if mount.target]
    if any(_MAKES_FOLDERS.search(project.tree.text(path) or "") for path in sources(project)):
        return
    for write in owned.writes:
        is_absent = final.find(Folder(write.folder)).answer is Answer.NO
        is_told = write.is_mounted or any(target and is_below(write.folder, target) for target in known)
        if is_absent and not is_told and write.folder not in owned.present and ".py" in write.place:
            yield f"{write.place} writes to {write.folder}, which nothing makes: a mount of the host may bring it"


# Django and Flask make the folders of what they store.
_MAKES_FOLDERS = regex(r"makedirs|mkdir|MEDIA_ROOT|STATIC_ROOT|default_storage|ensure_\w*(?:dir|folder|path)", re.I)


def _written(project: Project, service: Service, owned: Ownership) -> Iterator[str]:
    """The folders of the host that a service may write to: all but those of the system and of the project's files."""
    for mount in service.mounts:
        target = mount.target
        if not mount.is_bind or mount.is_read_only:
            continue
        if target is None:
            # It may lie over any of them.
            yield from [str(mount.source)] if owned.folders else []
            continue
        is_told = any(is_below(target, folder) or is_below(folder, target) for folder in owned.folders)
        is_source = mounted_at(project, own_mounts(service), target) is not None
        is_written = is_source and writes_migrations(project)
        is_other = bool(owned.folders) and not (is_source or target.startswith(_OF_THE_SYSTEM))
        if is_told or is_written or is_other:
            yield str(mount.source)


def writes_migrations(project: Project) -> bool:
    """Whether people write migrations into the source by a command in the container, such as makemigrations."""
    names = {posixpath.basename(path) for path in project.tree.files}
    folders = {"/".join(path.split("/")[-2:-1]) for path in project.tree.files}
    return "alembic.ini" in names or ("manage.py" in names and "migrations" in folders)


def volume_notes(project: Project, owned: Ownership, name: str) -> Iterator[str]:
    """What gives the volumes that exist already to the user: only a new one takes the owner of its folder."""
    unnamed = {write.folder for write in owned.writes if write.is_mounted}
    told: set[str] = set()
    for service in (*services(project), *services_by_image(project)):
        for mount in service.mounts:
            is_owned = mount.target in owned.folders and mount.target not in told
            if mount.kind != "volume" or mount.target is None or mount.is_read_only or not is_owned:
                continue
            told.add(mount.target)
            run = f"run --rm --no-deps --user root --entrypoint chown {service.name} -R {name} {mount.target}"
            what = f"The volume {mount.source or mount.target} ({service.path})"
            yield f"{what} stays root's where it exists already; to give it to the service: docker compose {run}"
    if unnamed := unnamed - told:
        yield f"A volume on {min(unnamed)} stays root's where it exists already; chown -R {name} it once, as root."


def _writable(source: str, origin: str, uid: int) -> str:
    return f"{source} on the host ({origin}) has to be writable for uid {uid}"


def mounted_script(project: Project) -> str:
    """The script of the context that the container starts although no instruction brings it, "" for none."""
    command = main_command(project)
    words = command.command.values[1:] if command and command.program.startswith("python") else ()
    name = posixpath.normpath(next((word for word in words if word), ""))
    is_there = not name.endswith(".py") or files(project).origin(name) is not None
    return "" if is_there or not project.tree.has_file(posixpath.basename(name)) else name


def left_doubts(project: Project, owned: Ownership) -> Iterator[str]:
    """Files that a command of root may have made beside the code, where the user may not write to them later."""
    given = owned.folders if owned.is_filled else ()
    code = {contract(project).workdir, *(target.rstrip("/") or "/" for _, target in landings(project))} - {"/"}
    for run in root_runs(project):
        folder = run.workdir
        is_code = any(is_below(folder, place) or (is_below(place, folder) and folder != "/") for place in code)
        if run.leaves and is_code and not any(is_below(folder, place) for place in given):
            number = run.instruction.number
            yield f"line {number} runs {run.program} as root in {folder}, and the service may write what that leaves"
