"""apt-get, apt, aptitude: package lists and packages, one effect for each package.

Facts: https://manpages.debian.org/bookworm/apt/apt-get.8.en.html, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydock.effects.paths import joined, needed
from pydock.effects.registry import effect
from pydock.images.base import brought_by, is_debian_package, name_in_suite, programs_of
from pydock.images.debian import is_either, kind_of, runtime_of
from pydock.patterns import regex
from pydock.shell import Argv, Word
from pydock.state import BASE, Effect, Kind, Need, Open, Purpose, State
from pydock.state.needs import (
    Below,
    File,
    InSuite,
    Library,
    Matching,
    Package,
    PackageLists,
    Source,
    Thing,
    Toolchain,
)

ANSWERS = File("/var/cache/debconf/config.dat")
# What a package from elsewhere may bring: programs and libraries, and packages that it depends on.
FOREIGN = Open(frozenset({Kind.FILE, Kind.PACKAGE, Kind.LIBRARY}), ("/usr/bin", "/usr/lib", "/usr/share", "/opt"))
# git and ssh are asked for where something goes through them.
_BUILDING = frozenset({"compiler", "build-tool", "headers"})
_SETTINGS = (Below("/etc/apt/apt.conf.d"), Below("/etc/apt/preferences.d"), Below("/etc/dpkg"), ANSWERS)
_ELSEWHERE = (Below("/etc/apt"), Below("/usr/share/keyrings"))
# Without them apt reads no https source and no signature.
_FETCHING = (Package("ca-certificates"), Package("apt-transport-https"), Package("gnupg"), Package("gpg"))
_RECOMMENDS_OFF = regex(r"APT::Install-Recommends(?:\s*=\s*|\s+)\"?(?:0|false|no|off)\b")
_NAME = regex(r"[^=:/]+")


@effect("apt-get", "apt", "aptitude")
def apt(line: Argv, state: State) -> Iterable[Effect]:
    match line.verb:
        case "update":
            return (_update(),)
        case "install" | "reinstall":
            return tuple(_installs(line, state)) or (Effect((PackageLists(),), takes=_SETTINGS, opens=_anything(line)),)
        case "build-dep":
            return (Effect((PackageLists(),), takes=_ELSEWHERE, provides=(Toolchain(),), opens=FOREIGN),)
        case "remove" | "purge" | "autoremove" | "auto-remove" | "autopurge":
            return tuple(_removal(word) for word in line.operands) or (Effect(purpose=Purpose.UPKEEP),)
        case "upgrade" | "dist-upgrade" | "full-upgrade" | "safe-upgrade":
            # Without lists it upgrades nothing, and says nothing of it.
            return (Effect((PackageLists(),), takes=_SETTINGS),)
        case "clean" | "autoclean" | "auto-clean":
            return (Effect(removes=(Below("/var/cache/apt/archives"),), purpose=Purpose.UPKEEP),)
        case "download" | "source":
            return (Effect((PackageLists(),), opens=Open(frozenset({Kind.FILE}), (state.workdir or "/",))),)
        case _:
            return (Effect(),)


def _update() -> Effect:
    # Sources, keys and what fetched them follow from what is read here.
    takes = (*_ELSEWHERE, *_FETCHING)
    return Effect(takes=takes, provides=(PackageLists(),), purpose=Purpose.UPKEEP)


def _anything(line: Argv) -> Open | None:
    return None if line.has("-f", "--fix-broken") else FOREIGN


def _installs(line: Argv, state: State) -> Iterator[Effect]:
    settings = [word.head for word in line.values("-o", "--option")]
    recommends = not line.has("--no-install-recommends", "--without-recommends", "-R")
    recommends &= not any(_RECOMMENDS_OFF.search(text) for text in settings)
    suite = line.value("-t", "--target-release", "--default-release")
    for word in line.operands:
        yield _package(word, state, suite, with_recommended=recommends)


def _package(word: Word, state: State, release: Word | None, *, with_recommended: bool) -> Effect:
    text = word.value
    if text is None:
        return Effect((PackageLists(),), takes=(*_ELSEWHERE, *_SETTINGS), opens=FOREIGN, operand=word)
    if text.startswith((".", "/", "~")) or text.endswith(".deb"):
        own = (PackageLists(), *needed(word, state, File))
        return Effect(own, takes=_SETTINGS, opens=FOREIGN, operand=word)
    found = _NAME.match(text)
    name = found[0] if found else text
    suite = text.partition("/")[2] or (release.head if release else "")
    is_debians = bool(is_debian_package(name))
    needs: list[Need] = [PackageLists()]
    if suite:
        needs.append(Source(suite))
    elif not _has_own_sources(state):
        needs.append(InSuite(name))
    return Effect(
        tuple(needs),
        takes=_SETTINGS if is_debians and not suite else (*_ELSEWHERE, *_SETTINGS),
        provides=tuple(dict.fromkeys(_provided(name, state, with_recommended=with_recommended))),
        opens=None if is_debians else FOREIGN,
        operand=word,
    )


def _has_own_sources(state: State) -> bool:
    """Whether packages may come from more than the image's own release."""
    own = (File("/etc/apt/sources.list"), File("/etc/apt/sources.list.d/debian.sources"))
    is_added = bool(state.find(Matching("/etc/apt/sources.list.d/*")).makers.without(BASE))
    return is_added or any(state.makers(each) for each in own) or any(kind is Kind.LISTS for kind, _ in state.opened)


def _provided(name: str, state: State, *, with_recommended: bool) -> Iterator[Thing]:
    named = [name, *sorted(brought_by(name, state.base.suite, with_recommended=with_recommended))]
    # libmagic1 is another name of libmagic1t64 in trixie.
    for each in dict.fromkeys((*named, *(name_in_suite(each, state.base.suite) for each in named))):
        yield Package(each)
        if each.startswith("lib") and kind_of(each) != "headers":
            yield Library(each)
        for program in sorted(programs_of(each)):
            yield File(joined("/usr/bin", program))
    if kind_of(name) in _BUILDING and not is_either(name):
        yield Toolchain()
    for each in runtime_of(name, state.base.suite) or ():
        yield from (Package(each), Library(each))


def _removal(word: Word) -> Effect:
    if not word.value or set("*?^$") & set(word.value):
        return Effect(operand=word)
    found = _NAME.match(word.value)
    name = found[0] if found else word.value
    gone: list[Thing] = [Package(name), *(File(joined("/usr/bin", program)) for program in sorted(programs_of(name)))]
    if name.startswith("lib"):
        gone.append(Library(name))
    if kind_of(name) == "compiler":
        gone.append(Toolchain())
    return Effect(removes=tuple(gone), operand=word)
