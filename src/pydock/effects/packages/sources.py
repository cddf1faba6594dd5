"""What stands beside apt: keys, sources, dpkg, and the answers that packages ask for."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.packages.apt import ANSWERS, FOREIGN
from pydock.effects.paths import needed, taken
from pydock.effects.registry import effect
from pydock.images.base import programs_of
from pydock.shell import Argv
from pydock.state import Effect, Kind, Need, Open, Purpose, State
from pydock.state.needs import Below, File, Package, PackageLists, Program, Thing

_KEYRING = File("/etc/apt/trusted.gpg")


@effect("apt-key")
def apt_key(line: Argv, state: State) -> Iterable[Effect]:
    if line.verb not in {"add", "adv", None}:
        return (Effect(changes=(_KEYRING,)),)
    files = [need for word in line.operands if word.value != "-" for need in needed(word, state, File)]
    files = files if line.verb == "add" else []
    # It says "gnupg, gnupg2 and gnupg1 do not seem to be installed" and stops without one of them.
    return (Effect((Program("gpg"), *files), takes=(Program("dirmngr"),), provides=(_KEYRING,)),)


@effect("add-apt-repository", "apt-add-repository", "extrepo")
def add_repository(line: Argv, state: State) -> Iterable[Effect]:
    takes = (Program("gpg"), Package("ca-certificates"), Package("gnupg"))
    opens = Open(frozenset({Kind.FILE, Kind.LISTS}), ("/etc/apt",))
    has_lists = line.program != "extrepo" and not line.has("-n", "--no-update")
    return (Effect(takes=takes, provides=(PackageLists(),) if has_lists else (), opens=opens),)


@effect("dpkg")
def dpkg(line: Argv, state: State) -> Iterable[Effect]:
    if line.has("-i", "--install", "--unpack"):
        return tuple(Effect(needed(word, state, File), opens=FOREIGN, operand=word) for word in line.operands)
    if line.has("-r", "--remove", "-P", "--purge"):
        names = [word.value for word in line.operands if word.value]
        gone: list[Thing] = [Package(name) for name in names]
        gone += [File(f"/usr/bin/{program}") for name in names for program in sorted(programs_of(name))]
        return (Effect(removes=tuple(gone)),)
    if line.has("-x", "--extract", "-X", "--vextract") and len(line.operands) > 1:
        archive, folder = line.operands[:2]
        where = state.at(folder.value) if folder.value else None
        return (Effect(needed(archive, state, File), opens=Open(frozenset({Kind.FILE}), (where or "/",))),)
    if line.has("--add-architecture"):
        return (Effect(provides=(File("/var/lib/dpkg/arch"),)),)
    return (Effect(),)


@effect("debconf-set-selections")
def debconf(line: Argv, state: State) -> Iterable[Effect]:
    """The answers that later installs read."""
    return (Effect(tuple(need for word in line.operands for need in needed(word, state, File)), provides=(ANSWERS,)),)


@effect("apt-mark")
def apt_mark(line: Argv, state: State) -> Iterable[Effect]:
    return (Effect(purpose=Purpose.UPKEEP if line.verb in {"auto", "manual", "showmanual"} else Purpose.SERVICE),)


@effect("apt-cache", "apt-config", "dpkg-query", "dpkg-architecture", "apt-ftparchive", "dpkg-divert")
def ask(line: Argv, state: State) -> Iterable[Effect]:
    takes: list[Need] = [need for word in line.operands if "/" in word.head for need in taken(word, state)]
    if line.program == "apt-cache":
        takes.append(PackageLists())
    return (Effect(takes=tuple(takes)),)


@effect("dpkg-reconfigure", "update-alternatives", "locale-gen", "update-locale", "localedef")
def configure(line: Argv, state: State) -> Iterable[Effect]:
    """Links and settings of what is installed, below /etc and where its programs and locales lie."""
    takes = [need for word in line.words[1:] if word.head.startswith("/") for need in taken(word, state)]
    if line.program in {"locale-gen", "localedef", "update-locale"}:
        takes.append(File("/etc/locale.gen"))
    own = [word.value for word in line.operands[:1] if word.value and line.program == "update-alternatives"]
    made = [File(path) for path in own if path.startswith("/") and line.has("--install")]
    places = ("/etc", "/usr/lib/locale", "/usr/share/locale")
    return (Effect(takes=tuple(takes), provides=tuple(made), opens=Open(frozenset({Kind.FILE}), places)),)


@effect("update-ca-certificates")
def certificates(line: Argv, state: State) -> Iterable[Effect]:
    own = (Below("/usr/local/share/ca-certificates"), File("/etc/ca-certificates.conf"))
    return (Effect(takes=own, provides=(File("/etc/ssl/certs/ca-certificates.crt"),)),)


LIBRARY_CACHE = File("/etc/ld.so.cache")


@effect("ldconfig")
def linker(line: Argv, state: State) -> Iterable[Effect]:
    """The cache of shared libraries, without which those in folders of /etc/ld.so.conf.d are not found."""
    own = (Below("/etc/ld.so.conf.d"), File("/etc/ld.so.conf"), Below("/usr/local/lib"))
    takes = (*own, *(need for word in line.operands for need in taken(word, state)))
    return (Effect(takes=takes, provides=(LIBRARY_CACHE,)),)
