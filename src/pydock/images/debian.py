"""Debian packages behind Python packages and programs: what compiles, what has to be there at run time.

Facts are the dated tables `debian_build_packages`, `debian_dev_packages`, `debian_programs`,
`native_packages`, `full_image_libraries` and `full_image_packages` under `data/`, with a source per row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from packaging.version import InvalidVersion, Version

from pydock.data import rows, rows_of
from pydock.patterns import regex
from pydock.values import Value

# Shared libraries that CPython itself links to, so the slim image has them.
_IN_SLIM = frozenset({"libbz2-1.0", "libc6", "libexpat1", "libffi7", "libffi8", "libgcc-s1", "libgdbm6", "libgdbm6t64"})
_IN_SLIM |= {"liblzma5", "libncursesw6", "libreadline8", "libreadline8t64", "libsqlite3-0", "libssl1.1", "libssl3"}
_IN_SLIM |= {"libssl3t64", "libstdc++6", "libtinfo6", "libuuid1", "zlib1g", "libnsl2", "libtirpc3", "libtirpc3t64"}


_LIBRARY = regex(r"lib([\w.+-]+?)\.so(?:\.([\d.]+))?|([\w+-][\w.+-]*)(?<!\.dll)(?<!\.dylib)(?<!\.so)")
# What glibc, the compiler's run time and CPython itself need, by the names of their libraries.
_IN_EVERY_IMAGE = frozenset(
    {"c", "m", "dl", "rt", "pthread", "util", "resolv", "gcc_s", "stdc++", "z", "bz2", "lzma", "ssl", "crypto", "ffi"}
    | {"sqlite3", "uuid", "expat", "readline", "kernel32", "user32", "msvcrt", "System", "objc"}
)
# Build tools by the tables that services call, too.
_EITHER = frozenset({"nodejs", "npm", "jq", "pandoc", "gettext", "file", "patch", "xz-utils", "unzip"})


class Need(Value):
    """A Debian package that a Python package needs at run time, and why."""

    package: str
    wanted_by: str
    why: str
    was_compiled: bool = False


_END_OF_NAME = regex(r"[=:/]")
_JAVA_KIT = regex(r"(default|openjdk-\d+)-jdk(?:-headless)?")


def is_archive(argument: str) -> bool:
    """Whether apt is given a package as a file: `./tool.deb`."""
    return argument.startswith((".", "/", "~"))


def package_name(argument: str) -> str:
    """The name in `name=version`, `name:architecture` or `name/release`; files stay as they are."""
    return argument if is_archive(argument) else _END_OF_NAME.split(argument, maxsplit=1)[0]


def kind_of(package: str) -> str:
    """What a Debian package serves: compiler, build-tool, headers, version-control, fetcher, or ""."""
    for row in rows_of("debian_build_packages", package):
        return row["kind"]
    return "headers" if package.endswith("-dev") else ""


def serves_building(package: str) -> bool:
    """Whether a package is of no use once everything is compiled."""
    return kind_of(package) in {"compiler", "build-tool", "headers"} and not is_either(package)


def is_either(package: str) -> bool:
    """Whether a package that builds front ends and pages may as well be called by the service."""
    return package in _EITHER


def programs_in(package: str) -> frozenset[str]:
    """The programs that a build package brings, as far as the table knows."""
    return frozenset(name for row in rows_of("debian_build_packages", package) for name in row["programs"].split())


def runtime_of(development: str, suite: str) -> tuple[str, ...] | None:
    """The shared libraries that a -dev package stands for in a Debian release, without those in slim.

    None when the table does not know the package there.
    """
    for row in rows_of("debian_dev_packages", development):
        if row["suite"] == suite:
            return tuple(name for name in row["runtime"].split() if name not in _IN_SLIM)
    return None


def java_runtime(package: str) -> str | None:
    """The package that runs what a kit for Java compiles: default-jdk -> default-jre-headless; None for no kit."""
    kit = _JAVA_KIT.fullmatch(package)
    return f"{kit[1]}-jre-headless" if kit else None


# The package that brings what another one loads, inside of its wheel
# (https://www.psycopg.org/psycopg3/docs/basic/install.html, read 2026-11).
_WITH_LIBRARIES = {"psycopg": "psycopg-binary"}


class Program(Value):
    """A program: the Debian package that brings it and the releases whose Python images have it.

    Both sets hold every release where nothing else is known.
    """

    name: str
    package: str
    slim_suites: frozenset[str]
    full_suites: frozenset[str]

    def only_in_full(self, suite: str) -> bool:
        """Whether the full image has it and slim does not."""
        return suite in self.full_suites and suite not in self.slim_suites


def _suites(row: dict[str, str], variant: str) -> frozenset[str]:
    if row[f"in_{variant}"] == "yes":
        return frozenset(known["codename"] for known in rows("debian_releases"))
    return frozenset(row[f"{variant}_suites"].split())


def program(name: str) -> Program | None:
    for row in rows_of("debian_programs", name):
        return Program(name, row["package"], _suites(row, "slim"), _suites(row, "full"))
    return None


@cache
def full_image_libraries(suite: str) -> frozenset[str]:
    """The run-time packages that the full image has beyond slim."""
    return frozenset(row["package"] for row in rows_of("full_image_libraries", suite))


@cache
def full_image_packages(suite: str) -> frozenset[str]:
    """The packages by name that an `apt-get install` in the full image finds there already."""
    is_known = bool(rows_of("full_image_libraries", suite))
    return frozenset(row["package"] for row in rows("full_image_packages")) if is_known else frozenset()


def needs(
    names: Iterable[str], suite: str, *, compiled: Iterable[str] = (), with_doubtful: bool = False
) -> tuple[Need, ...]:
    """What these Python packages need at run time in a Debian release.

    A package without a wheel, or one of `compiled`, needs the libraries it is compiled
    against; some need a library or a program however they were installed. What only some of them may need, such as
    those that are compiled where the full image has headers, is left out unless it is asked for.
    """
    from_source, wanted = frozenset(compiled), frozenset(names)
    found = []
    for name in sorted(wanted):
        row = _row(name, suite)
        is_doubtful = row is not None and "doubt" in row["note"] and not with_doubtful
        if row is None or is_doubtful or _WITH_LIBRARIES.get(name) in wanted:
            continue
        verb = "calls" if row["program"] == "yes" else "loads"
        found += [Need(package, name, f"{verb} {package}") for package in row["always"].split()]
        if row["wheel"] == "no" or name in from_source:
            libraries = row["runtime"].split()
            found += [
                Need(package, name, f"was compiled against {package}", was_compiled=True) for package in libraries
            ]
    return tuple(need for need in found if need.package not in _IN_SLIM and not need.package.startswith("libtiffxx"))


def has_wheels(name: str) -> bool:
    """Whether a package is known to have wheels for some releases, or not known to have none."""
    return all(row["wheel"] != "no" for row in rows_of("native_packages", name))


def build_packages(name: str, suite: str) -> tuple[str, ...]:
    """What a package without wheels is compiled with in a Debian release, () where it has wheels or that is not known.

    One that also starts a program, or of which there is a doubt, is left out.
    """
    row = _row(name, suite)
    is_known = row is not None and row["wheel"] == "no" and "doubt" not in row["note"]
    return tuple(row["build"].split()) if row is not None and is_known else ()


def from_full_image(found: Iterable[Need], suite: str) -> list[Need]:
    """What the full image brought along and slim lacks; all of it in a release whose images no table lists."""
    brought = full_image_libraries(suite)
    return [need for need in found if not brought or need.package in brought or is_only_in_full(need.package, suite)]


def is_only_in_full(package: str, suite: str) -> bool:
    """Whether the package of a program of the same name, such as git, came with the full image."""
    known = program(package)
    return known is not None and known.only_in_full(suite)


class Library(Value):
    """A shared library as the source names it: `stem` is the name of its Debian package without the version.

    `needs_headers`: the file of this name, `libpq.so` without a version, is in the -dev package.
    """

    stem: str
    version: str = ""
    needs_headers: bool = False

    def packages(self, among: Iterable[str]) -> tuple[str, ...]:
        """Those of some Debian packages that have it."""
        version = re.escape(self.version) if self.version else r"[\d.]*"
        named = re.compile(rf"{re.escape(self.stem)}-?{version}(?:t64)?\Z", re.I)
        return tuple(sorted(name for name in among if named.match(name)))


def library(text: str) -> Library | None:
    """`libmagic.so.1` or `magic` as CDLL and find_library take them; None for what every image has.

    Debian names the package after both parts:
    https://www.debian.org/doc/debian-policy/ch-sharedlibs.html, read 2026-11.
    """
    match = _LIBRARY.fullmatch(text.rpartition("/")[2])
    name = match[1] or match[3] if match else ""
    if not match or name in _IN_EVERY_IMAGE:
        return None
    known = rows_of("shared_libraries", name)
    needs_headers = bool(match[1]) and not match[2]
    return (
        Library(known[0]["stem"], "", needs_headers) if known else Library(f"lib{name}", match[2] or "", needs_headers)
    )


def is_older_than_wheels(name: str, version: str, minor: str) -> bool:
    """Whether this release of a package has no Linux wheel for a Python version, by `first_wheels`.

    The table is for x86-64; packages that it does not list count as having wheels.
    """
    listed = rows_of("first_wheels", name)
    first = next((row["version"] for row in listed if row["minor"] == minor), None)
    if first is None:
        return bool(listed)
    try:
        return Version(version) < Version(first)
    except InvalidVersion:
        return False


def _row(name: str, suite: str) -> dict[str, str] | None:
    found = rows_of("native_packages", name)
    exact = [row for row in found if row["suite"] == suite]
    return next(iter(exact or [row for row in found if row["suite"] == "*"]), None)
