"""make, compilers, cargo, go, java: they read and write where they run; `make install` writes below /usr/local."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import joined, path_of
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.shell import Argv
from pydock.state import Effect, Need, Open, State
from pydock.state.needs import Below, File, Toolchain
from pydock.values import replace


@effect("make", "gmake", "cmake", "ninja", "meson", "scons", "bazel", "configure", "autoreconf", "autoconf", "automake")
@effect("gcc", "g++", "cc", "c++", "clang", "clang++", "ld", "gfortran", "nvcc", "swig", "protoc")
def compile_(line: Argv, state: State) -> Iterable[Effect]:
    folder = line.value("-C", "--directory", "--build", "--install") if _is_make(line) else None
    where = path_of(folder, state) if folder else state.workdir
    found = unknown(line, state, is_library=False)
    more = [where] if where else []
    if any(word.head.startswith(("install", "altinstall")) for word in line.operands) or line.has("--install"):
        more += ["/usr/local", "/usr/lib", "/usr/include", "/usr/bin"]
    takes: tuple[Need, ...] = (*found.takes, Toolchain())
    if where and where != "/":
        takes = (*takes, Below(where))
    return (replace(found, takes=tuple(dict.fromkeys(takes)), opens=_wider(found.opens, more)),)


def _is_make(line: Argv) -> bool:
    return line.program in {"make", "gmake", "cmake", "ninja", "meson"}


def _wider(opens: Open | None, places: list[str]) -> Open | None:
    known = opens.places if opens else ()
    both = tuple(dict.fromkeys((*known, *(place for place in places if place != "/"))))
    return replace(opens, places=both) if opens else None


@effect("cargo", "rustc", "rustup", "go", "java", "javac", "mvn", "gradle")
@effect("ruby", "gem", "bundle", "php", "composer", "perl")
def language(line: Argv, state: State) -> Iterable[Effect]:
    """Build tools of other languages: what they install goes below HOME or /usr/local."""
    found = unknown(line, state, is_library=True)
    takes = (*found.takes, Toolchain(), File(joined(state.home, ".cargo/config.toml")))
    installs = line.verb in {"install", "get"} or any(word.value == "install" for word in line.operands)
    return (replace(found, takes=takes, opens=_wider(found.opens, ["/usr/local"] if installs else [])),)
