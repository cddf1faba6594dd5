"""What a service needs root for, and which user of the image could run it instead."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from functools import cache

from pydock.build.containers.start import Start
from pydock.build.contract import contract
from pydock.build.copies import copies
from pydock.build.model import Step
from pydock.build.sources import sources
from pydock.build.steps import read_steps
from pydock.build.views import files
from pydock.build.walk import starts
from pydock.context.compose import Service
from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.project.product import purpose_aside
from pydock.project.programs import SERVERS
from pydock.service.app import bind
from pydock.service.code.removals import refused_sources
from pydock.service.files.documents import documented_mounts
from pydock.service.files.library_files import library_files
from pydock.service.main_command import main_command
from pydock.service.users.root_runs import is_own_program
from pydock.shell import Argv
from pydock.source import program_calls
from pydock.state import Kind, State, is_below, is_root
from pydock.state.needs import File, Folder
from pydock.system.distribution import Family, family, is_plain_base
from pydock.values import Value, once, replace

# These become the program that they start, so that nothing of root is left.
_EXECUTING = frozenset({"gosu", "su-exec", "setpriv", "s6-setuidgid", "chpst"})
_DROPS = frozenset({"sudo", "gosu", "su-exec", "setpriv", "runuser", "su", "s6-setuidgid", "chpst"})
_DAEMON_NAMES = "supervisord nginx cron crond sshd apache2 apachectl httpd service s6-svscan runsvdir init"
_SYSTEM_NAMES = "apt-get apt apk dpkg usermod useradd adduser groupadd chpasswd chown mount iptables sysctl dockerd"
# What tools of a build keep for themselves; no service reads it.
_OF_TOOLS = (".gnupg", ".wget-hsts", ".npm", ".node-gyp", ".pki", ".config/pip", ".cache/pip", ".cache/node-gyp")
_KEY_FOLDER = regex(r"cert|keys?\b|ssl|tls|secret|credential", re.I)
_INSTALLERS = frozenset({"pip", "pip3", "apt-get", "apt", "apk"})
_DAEMONS = frozenset(_DAEMON_NAMES.split())
_S6 = frozenset({"init", "s6-svscan", "runsvdir"})
_SERVICE_FOLDERS = ("/etc/services.d", "/etc/s6-overlay", "/etc/s6", "/etc/cont-init.d", "/etc/service", "/service")
_SYSTEM = frozenset(_SYSTEM_NAMES.split())
_HOME = "/root"
_MANAGERS = frozenset({"poetry", "pipenv", "hatch", "pdm", "uv", "pip", "pip3"})

# What only root may do, or a user in the group of a device, wherever it stands in the source.
# Nothing for others, or a program that only its owner may start.
_NAME = regex(r"[a-z_][\w-]*")
# What openssl writes with these is for its owner alone: https://docs.openssl.org/master/man1, read 2026-11.
_KEYS = frozenset({"-keyout", "genrsa", "genpkey", "gendsa", "ecparam"})
_CLOSING = regex(r"0?(?:[0-7]{2}0|7[0-7][246])|o-rwx|go-rwx")
_RIGHTS = regex(
    r"SOCK_RAW|AF_PACKET|docker\.sock|docker\.from_env|\bDockerClient\b|/dev/(?:tty|video|snd|i2c|spi|mem|kmsg|input|net)"
    r"|\bserial\.Serial\b|\bRPi\.GPIO\b|\bgpiozero\b|\bsmbus2?\b|\bevdev\b|\bos\.(?:sete?[ug]id|chown|chroot)\b"
    r"|\b(?:from|import) (?:scapy|icmplib|ping3|pyroute2|iptc|usb|bluetooth|bluepy)\b",
    words="SOCK_RAW AF_PACKET docker Docker /dev/ serial GPIO gpio smbus evdev os.set os.chown os.chroot "
    "scapy icmplib ping3 pyroute2 iptc usb bluetooth bluepy",
)


# A server that starts as root and leaves it to its own setting to become somebody else.
_BECOMES = regex(r"^[ \t]*(?:user|uid)\s*=\s*[\"']?(?!root\b|0\b|\$|None)[\w-]+", re.M)
_SERVER_SETTINGS = regex(r"(?:\A|/)(?:[^/]*gunicorn[^/]*\.py|[^/]*uwsgi[^/]*\.(?:ini|cfg|conf))\Z")


class User(Value):
    """A user that the Dockerfile makes itself, and the RUN that makes it."""

    name: str
    instruction: Instruction
    has_group: bool
    has_home: bool

    @property
    def owner(self) -> str:
        """For chown and --chown; without a group of its own Docker takes the uid's number."""
        return f"{self.name}:{self.name}" if self.has_group else self.name


@once
def created_user(project: Project, stage: Stage) -> User | None:
    """The one user that the stage makes, None where it makes none or several."""
    calls = [call for entry in project.lineage(stage) for call in read_steps(project).commands_of(entry.index)]
    lines = [(call.instruction, call.line) for call in calls]
    groups = {word.value for _, line in lines if line.program in {"groupadd", "addgroup"} for word in line.operands}
    found = [_user(line, run, groups) for run, line in lines if _makes_user(line)]
    return found[0] if len(found) == 1 else None


def _makes_user(line: Argv) -> bool:
    """`adduser USER GROUP` makes none."""
    return line.program == "useradd" or (line.program == "adduser" and len(line.operands) != 2)


def _user(line: Argv, run: Instruction, groups: Collection[str | None]) -> User | None:
    name = line.operands[0].value if len(line.operands) == 1 else None
    if name is None or not _NAME.fullmatch(name):
        return None
    has_home = line.has("-m", "--create-home") if line.program == "useradd" else not line.has("-H", "--no-create-home")
    return User(name, run, name in groups, has_home)


class Obstacle(Value):
    """Why the user cannot simply be changed; `is_final` where no rewrite of the Dockerfile helps.

    `leaves_root` says that the service itself runs as somebody else in the end.
    """

    why: str
    is_final: bool = True
    leaves_root: bool = False


def obstacles(project: Project) -> tuple[Obstacle, ...]:
    """Everything that is known to need root, or to be out of another user's reach."""
    readers = (_of_image, _of_starts, _of_files, _of_compose, _of_modes, _of_sources)
    return tuple(found for reader in readers for found in reader(project))


def _of_modes(project: Project) -> Iterator[Obstacle]:
    """Files and folders that are closed to everybody but root."""
    for stage in project.lineage(project.final):
        for copy in stage.of("COPY", "ADD"):
            if re.fullmatch(r"0?[0-7]{2}[0-3]", copy.flag("chmod") or ""):
                yield Obstacle(f"line {copy.number} closes files to others", is_final=False)
        for copied in copies(project, stage):
            for source in copied.sources:
                if _is_for_owner(project, source):
                    line = copied.instruction.number
                    why = f"line {line} copies {source}, and keys that somebody puts there may be closed to others"
                    yield Obstacle(why, is_final=False)
        for call in read_steps(project).commands_of(stage.index):
            words = {word.head for word in call.line.words[1:]}
            is_closed = call.program == "chmod" and any(map(_CLOSING.fullmatch, words))
            makes_key = call.program == "ssh-keygen" or (call.program == "openssl" and not words.isdisjoint(_KEYS))
            if is_closed or (makes_key and is_root(call.before.user)):
                yield Obstacle(f"line {call.instruction.number} closes files to others", is_final=False)
    if closed := project.tree.closed:
        yield Obstacle(f"{closed} is closed to others, as its mode says", is_final=False)


def _is_for_owner(project: Project, source: str) -> bool:
    """Whether a folder of the context only keeps a place for keys that whoever builds puts there, closed to others."""
    if not _KEY_FOLDER.search(source):
        return False
    prefix = f"{source.rstrip('/')}/"
    inside = [path for path in project.tree.files if path.startswith(prefix)] if source not in {"", "."} else []
    names = [posixpath.basename(path) for path in inside]
    return bool(names) and all(name.startswith((".", "README")) for name in names)


def _of_sources(project: Project) -> Iterator[Obstacle]:
    main = main_command(project)
    for path in project.tree.files:
        if _SERVER_SETTINGS.search(path) and (found := _BECOMES.search(project.tree.text(path) or "")):
            why = f"{path} starts as root and drops its rights itself ({found[0].strip()})"
            # All of uWSGI becomes that user, of gunicorn only the workers.
            yield Obstacle(why, leaves_root=main is not None and main.program == "uwsgi" and "uwsgi" in path)
    for path in refused_sources(project)[:1]:
        yield Obstacle(f"{path} could not be read, so what it needs and writes is not known", is_final=False)
    for path in sources(project):
        text = project.tree.text(path) or ""
        if found := _RIGHTS.search(text):
            yield Obstacle(f"{path} may need root ({found[0]})", is_final=False)
            return
        if call := next((call for call in program_calls(text) if call.program in _INSTALLERS), None):
            why = f"{path}:{call.line} starts {call.program}, which installs where only root may write"
            yield Obstacle(why, is_final=False)
            return


def _of_image(project: Project) -> Iterator[Obstacle]:
    final, reference = project.final, project.reference(project.final)
    if purpose := purpose_aside(project.path, final):
        yield Obstacle(f"the image is for {purpose}, and nobody serves with it")
    if family(project, final) is Family.OTHER or reference is None:
        yield Obstacle("the base image is not known, nor which user it sets")
    elif not is_plain_base(project, final):
        yield Obstacle(f"what {reference} expects of its user is not known", is_final=False)
    if (
        project.python_image(final) is not None
        and (image := project.python_image(final))
        and image.variant == "unknown"
    ):
        yield Obstacle("the base image is not known, nor which user it sets")


def _of_starts(project: Project) -> Iterator[Obstacle]:
    found = starts(project)
    for start in found:
        names = (start.program, *start.wrappers)
        if drops := _DROPS & set(names):
            why = f"{start.origin} starts as root and drops its rights itself with {min(drops)}"
            yield Obstacle(why, leaves_root=bool(drops & _EXECUTING) and start.is_last)
        elif start.program in _DAEMONS:
            drops_later = start.program in _S6 and _drops_in_services(project)
            yield Obstacle(f"{start.program} ({start.origin}) is started as root", leaves_root=drops_later)
        elif start.program in _SYSTEM or (start.program in {"pip", "pip3"} and "install" in start.command.values):
            yield Obstacle(f"{start.origin} calls {start.program}, which changes the system")
        elif managers := _MANAGERS & set(names):
            yield Obstacle(f"{min(managers)} starts the program and keeps its own files under root's home")
        if mounted := _only_mounted(project, start):
            yield Obstacle(f"{start.origin} runs {mounted}, which is mounted and not at hand", is_final=False)
        if any(word.startswith("/root") for word in start.command.values):
            yield Obstacle(f"{start.origin} uses /root, which no other user may enter")
    yield from _of_main(project, found)


def _drops_in_services(project: Project) -> bool:
    """Whether a service of s6 or runit becomes somebody else: https://skarnet.org/software/s6, read 2026-11."""
    image = files(project).image
    paths = (path for folder in _SERVICE_FOLDERS for path in image.files_below(folder))
    return any(re.search(rf"\b(?:{'|'.join(_EXECUTING)})\b", image.text(path) or "") for path in paths)


def _only_mounted(project: Project, start: Start) -> str:
    """What a compose service runs out of a folder of the host that nobody has read, "" for nothing of the kind."""
    words = [word for word in start.command.values if word and not word.startswith("-")]
    is_python = start.program.startswith("python")
    called = next((word for word in words if word.endswith(".py")), "") if is_python else "".join(words[:1])
    if not start.service or start.script or not (is_python or "/" in called) or files(project).origin(called):
        return ""
    if any(f"/{path}".endswith(f"/{called.lstrip('./')}") for path in sources(project)):
        # Compose may start it in another folder; what it writes is read.
        return ""
    path = files(project).image.at(called)
    mounts = (mount for service in services(project) if service.name == start.service for mount in service.mounts)
    is_mounted = path and any(mount.is_bind and mount.target and is_below(path, mount.target) for mount in mounts)
    return called if called and is_mounted else ""


def _of_main(project: Project, found: tuple[Start, ...]) -> Iterator[Obstacle]:
    main = main_command(project)
    if not any(start.role != "probe" for start in found):
        yield Obstacle("what the image runs is not known", is_final=False)
    elif main is not None and not _is_python(project, main):
        yield Obstacle(f"what {main.program or 'the command'} writes is not known", is_final=False)
    bound = bind(project)
    ports = sorted(word.split("/")[0] for word in contract(project).ports)
    low = [port for port in ports if port.isdigit() and int(port) < 1024]
    number = bound.port.number if bound and bound.port else None
    if number is not None and 0 < number < 1024:
        low = [str(number)]
    if low:
        yield Obstacle(
            f"port {low[0]} is below 1024, which another user may bind on Docker but not everywhere",
            is_final=False,
        )


def _is_python(project: Project, main: Start) -> bool:
    """Whether a program is Python's own, a known server, or a script of the project itself."""
    if re.match(r"python|flask|django|manage\.py", main.program) or main.program in SERVERS:
        return True
    return is_own_program(project, main.program)


def _of_files(project: Project) -> Iterator[Obstacle]:
    workdir = contract(project).workdir
    if "$" in workdir:
        yield Obstacle("the work directory is not known")
    if workdir == "/" and any(posixpath.normpath(copied.target) == "/" for copied in copies(project, project.final)):
        yield Obstacle("the code lies in /, where nothing can be given to a user")
    if workdir == "/root" or workdir.startswith("/root/"):
        yield Obstacle("the work directory is under /root, which no other user may enter")
    for stage in project.lineage(project.final):
        for instruction in stage.of("COPY", "ADD"):
            target = instruction.words[-1].text if instruction.words else ""
            if target.startswith(("/root", "~", "$HOME")):
                yield Obstacle(f"{target} is under /root, which no other user may enter")
        for run in stage.of("RUN"):
            if owner := _other_owner(project, run):
                yield Obstacle(f"line {run.number} gives files to {owner}, so the image is meant for that user")
    yield from _of_home(project)
    home = contract(project).environment.get("HOME", "")
    if home is None:
        yield Obstacle("HOME is set to what only the build tells", is_final=False)
    values = [value or "" for value in contract(project).environment.values()]
    if home == "/root" or any("/root/" in value for value in values):
        yield Obstacle("the environment points into /root, which no other user may enter")


def _other_owner(project: Project, run: Instruction) -> str:
    """Whom a RUN gives files to, where the file makes no such user."""
    user = created_user(project, project.final)
    for call in read_steps(project).commands_in(run):
        owner = call.line.operands[0].value or "" if call.program == "chown" and call.line.operands else ""
        name = owner.split(":")[0].split(".")[0]
        if not is_root(name) and (user is None or name != user.name):
            return owner
    return ""


def _of_home(project: Project) -> Iterator[Obstacle]:
    """Files that commands leave below /root; what packages keep there for the service is told by `caches`."""
    build = read_steps(project)
    for stage in project.lineage(project.final):
        for step in build.of_stage(stage.index):
            if step.keyword == "RUN" and (place := _at_home(step, build.final)):
                yield Obstacle(f"line {step.line} puts files into root's home ({place})", is_final=False)


def _at_home(step: Step, final: State) -> str:
    """A place below /root where a command leaves files, "" for none."""
    provided = () if step.is_tool else step.provides
    made = [thing.path for thing in provided if isinstance(thing, File | Folder) and final.makers(thing)]
    opened = [place for opens in step.opens if Kind.FILE in opens.kinds for place in opens.places]
    places = (place for place in (*made, *opened) if is_below(place, _HOME) and place != _HOME)
    return next((place for place in places if not any(is_below(place, other) for other in _kept_at_home())), "")


@cache
def _kept_at_home() -> tuple[str, ...]:
    """Where libraries and tools keep files in root's home."""
    caches = (each.home.replace("~", _HOME, 1) for each in library_files() if each.home)
    return (*caches, *(f"{_HOME}/{name}" for name in _OF_TOOLS))


def _of_compose(project: Project) -> Iterator[Obstacle]:
    # What a file on top says nothing of is told of the one below.
    told: dict[tuple[str, Obstacle], str] = {}
    for service in services(project):
        for found in _of_service(service):
            told.setdefault((service.name, found), service.origin)
    yield from (replace(found, why=f"{origin} {found.why}") for (_, found), origin in told.items())
    for mount in documented_mounts(project):
        if is_below(mount.target, _HOME):
            yield Obstacle(f"{mount.origin} mounts {mount.target}, which no other user may enter", is_final=False)


def _of_service(service: Service) -> Iterator[Obstacle]:
    if service.user:
        yield Obstacle("sets the user")
    for name, value in service.environment:
        if name == "HOME":
            yield Obstacle(f"sets HOME to {value}, which the user may not write", is_final=False)
        elif is_below(str(value or ""), _HOME):
            yield Obstacle(f"sets {name} to {value}, which no other user may enter")
    if any("docker.sock" in str(mount.source) for mount in service.mounts):
        yield Obstacle("talks to docker.sock, which belongs to root")
    if target := next((each.target for each in service.mounts if each.target and is_below(each.target, _HOME)), ""):
        yield Obstacle(f"mounts {target}, which no other user may enter")
