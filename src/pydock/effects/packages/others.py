"""apk, dnf, yum, microdnf, zypper: packages that no table knows, so programs of their own names and open folders.

Facts: https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper, https://dnf.readthedocs.io/en/latest/command_ref.html,
read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.packages.apt import FOREIGN
from pydock.effects.paths import needed
from pydock.effects.registry import effect
from pydock.patterns import regex
from pydock.shell import Argv, Word
from pydock.state import Effect, Need, Purpose, State
from pydock.state.needs import Below, File, Library, Package, PackageLists, Thing, Toolchain

_NAME = regex(r"[^=<>~@]+")
_BUILDS = regex(
    r".*-(?:dev|devel)|build-base|gcc|g\+\+|gcc-c\+\+|clang\d*|make|cmake|musl-dev|cargo|rust|go|git|alpine-sdk"
)
_GROUPS = ("-t", "--virtual")


@effect("apk")
def apk(line: Argv, state: State) -> Iterable[Effect]:
    reads: tuple[Need, ...] = (Below("/etc/apk"),)
    match line.verb:
        case "update":
            return (Effect(takes=reads, provides=(PackageLists(),), purpose=Purpose.UPKEEP),)
        case "add":
            # With --no-cache, and in any case where there are none, apk fetches the lists itself.
            group = line.value(*_GROUPS)
            own = (Package(group.value),) if group and group.value else ()
            return tuple(_added(word, (*reads, PackageLists()), state, own) for word in line.operands) or (
                Effect(takes=reads, provides=own, opens=FOREIGN),
            )
        case "del":
            return tuple(_gone(word) for word in line.operands) or (Effect(),)
        case "cache":
            return (Effect(removes=(Below("/var/cache/apk"),), purpose=Purpose.UPKEEP),)
        case _:
            return (Effect(takes=reads),)


@effect("dnf", "yum", "microdnf", "zypper", "rpm", "tdnf")
def rpm(line: Argv, state: State) -> Iterable[Effect]:
    reads: tuple[Need, ...] = (Below("/etc/yum.repos.d"), Below("/etc/pki"), Below("/etc/zypp"))
    is_rpm = line.program == "rpm"
    if is_rpm and line.has("--import"):
        return (Effect(takes=reads, provides=(File("/etc/pki/rpm-gpg/imported"),)),)
    verb = ("install" if line.has("-i", "-U", "--install", "--upgrade") else None) if is_rpm else line.verb
    match verb:
        case "install" | "in" | "localinstall" | "groupinstall" | "reinstall":
            return tuple(_added(word, reads, state) for word in line.operands) or (Effect(takes=reads, opens=FOREIGN),)
        case "remove" | "erase" | "rm":
            return tuple(_gone(word) for word in line.operands) or (Effect(),)
        case "clean":
            places = ("/var/cache/yum", "/var/cache/dnf", "/var/cache/zypp")
            return (Effect(removes=tuple(Below(place) for place in places), purpose=Purpose.UPKEEP),)
        case "makecache" | "refresh" | "ref" | "check-update":
            return (Effect(takes=reads, provides=(PackageLists(),), purpose=Purpose.UPKEEP),)
        case _:
            return (Effect(takes=reads, opens=None if is_rpm else FOREIGN),)


def _added(word: Word, takes: tuple[Need, ...], state: State, own: tuple[Package, ...] = ()) -> Effect:
    """One package: its name, a program of that name, and whatever else it brings."""
    text = word.value
    if not text or "://" in text:
        return Effect(takes=takes, provides=own, opens=FOREIGN, operand=word)
    if text.startswith((".", "/", "~")) and (text.endswith((".apk", ".rpm")) or "/" in text):
        return Effect(needed(word, state, File), takes=takes, provides=own, opens=FOREIGN, operand=word)
    found = _NAME.match(text.lstrip("@."))
    name = found[0] if found else text
    made: list[Thing] = [Package(name), Library(name), File(f"/usr/bin/{name}"), *own]
    if _BUILDS.fullmatch(name):
        made.append(Toolchain())
    return Effect(takes=takes, provides=tuple(made), opens=FOREIGN, operand=word)


def _gone(word: Word) -> Effect:
    name = word.value
    gone = (Package(name), Library(name), File(f"/usr/bin/{name}")) if name else ()
    return Effect(removes=gone, operand=word)
