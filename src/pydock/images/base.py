"""What a base image has before the first instruction, as far as the tables tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache

from pydock.data import rows, rows_of
from pydock.images.debian import full_image_libraries, full_image_packages, kind_of, program
from pydock.images.tags import debian_suite, python_image, slim_tag
from pydock.images.users import image_user
from pydock.patterns import regex
from pydock.values import Value

# CPython itself links to these, so every Python image has them.
_LINKED_BY_PYTHON = frozenset(
    {"libc6", "libstdc++6", "libgcc-s1", "zlib1g", "libffi7", "libffi8", "libssl3", "libssl3t64", "libssl1.1"}
    | {"libbz2-1.0", "liblzma5", "libsqlite3-0", "libexpat1", "libuuid1", "libreadline8", "libreadline8t64"}
    | {"libncursesw6", "libtinfo6", "libgdbm6", "libgdbm6t64", "libnsl2", "libtirpc3", "libtirpc3t64"}
)
# Packages of the slim image, beyond what every Debian has: the image's own Dockerfile installs them
# (https://github.com/docker-library/python, read 2026-11).
_IN_SLIM = frozenset({"ca-certificates", "netbase", "tzdata"})
_OWN_PROGRAM = regex(r"(python|pip|idle|pydoc)(\d(\.\d+)?)?")
_COMMON_FOLDERS = """
    / /bin /boot /dev /dev/shm /etc /etc/apt /etc/apt/apt.conf.d /etc/apt/keyrings /etc/apt/sources.list.d
    /etc/apt/trusted.gpg.d /etc/cron.d /etc/cron.daily /etc/default /etc/init.d /etc/profile.d /etc/ssl /etc/ssl/certs
    /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin /usr/lib /usr/local /usr/local/bin
    /usr/local/etc /usr/local/include /usr/local/lib /usr/local/sbin /usr/local/share /usr/local/src /usr/sbin
    /usr/share /usr/share/keyrings /usr/src /var /var/cache /var/cache/apt /var/lib /var/lib/apt /var/lib/apt/lists
    /var/lib/dpkg /var/log /var/mail /var/spool /var/tmp
"""
FOLDERS = frozenset(_COMMON_FOLDERS.split())
# The users and groups of Debian's base-passwd, which Alpine and others share in the main.
_COMMON_USERS = """
    root daemon bin sys adm tty disk lp mail news uucp man proxy www-data backup list irc nobody nogroup _apt games
    staff users sudo audio video dialout shadow utmp plugdev cdrom tape voice kmem src operator sync gnats
"""
USERS = frozenset(_COMMON_USERS.split())
# The releases whose contents the tables list; of older ones only what a newer one has as well is known.
_LISTED = frozenset({"buster", "bullseye", "bookworm", "trixie"})


class Base(Value, dict=True):
    """A base image. Answers are True, False, or None where no table knows.

    `reference` is None where an argument without a default hides it; `environment` are the variables
    that the image itself sets, where they matter to a build.
    """

    reference: str | None = None

    @cached_property
    def _image(self) -> tuple[str, str, str]:
        """(variant: "full", "slim" or "other"; Debian codename; Python minor version)."""
        found = python_image(self.reference) if self.reference else None
        if found is None or not found.is_debian:
            return "other", debian_suite(self.reference or ""), found.minor if found else ""
        return found.variant or "full", found.suite_meant, found.minor

    @property
    def variant(self) -> str:
        return self._image[0]

    @property
    def is_known(self) -> bool:
        """Whether the tables list what the image has."""
        return self.variant != "other"

    @property
    def suite(self) -> str:
        """The Debian codename, "" where there is none or it is not known."""
        return self._image[1]

    @property
    def minor(self) -> str:
        """X.Y of the image's Python, "" for an image that is not Python's own."""
        return self._image[2]

    @property
    def is_empty(self) -> bool:
        """Whether it is `scratch`, which has nothing."""
        return self.reference == "scratch"

    @property
    def user(self) -> str | None:
        """Whom its commands run as before the first USER; None where no table names the image."""
        if self.reference is None:
            return None
        return "root" if self.is_known or self.is_empty else image_user(self.reference)

    def slimmed(self) -> Base:
        """The slim image of the same tag; the image itself where it is none of the full ones."""
        if self.variant != "full" or self.reference is None:
            return self
        return base_image(slim_tag(self.reference.partition("@")[0], self.suite))

    def has_program(self, name: str) -> bool | None:
        if self.is_empty:
            return False
        if not self.is_known:
            return True if name in {"sh", "cat", "ls", "echo"} else None
        if _OWN_PROGRAM.fullmatch(name):
            return True
        found = program(name)
        if found is None:
            return False
        suites = found.full_suites if self.variant == "full" else found.slim_suites
        is_there = self.suite in suites or (self.suite in {"buster", "stretch"} and "bullseye" in suites)
        return None if not is_there and self.suite not in _LISTED else is_there

    def has_library(self, package: str) -> bool | None:
        """Whether the image has a shared library, by the Debian package that it is in."""
        if not self.is_known:
            return False if self.is_empty else None
        if package in _LINKED_BY_PYTHON:
            return True
        return self._in_full(package) if self.variant == "full" else False

    def has_package(self, package: str) -> bool | None:
        """Whether the image has a Debian package that Dockerfiles ask for by name."""
        if not self.is_known:
            return False if self.is_empty else None
        if package in _LINKED_BY_PYTHON or package in _IN_SLIM:
            return True
        return self._in_full(package) if self.variant == "full" else False

    def _in_full(self, package: str) -> bool | None:
        """Whether the full image has a package; None where no table lists what it has."""
        libraries, packages = full_image_libraries(self.suite), full_image_packages(self.suite)
        if package in libraries or package in packages:
            return True
        return False if libraries else None

    def has_folder(self, path: str) -> bool | None:
        if self.is_empty:
            return path == "/"
        return True if path in FOLDERS else None if not self.is_known else False

    def has_user(self, name: str) -> bool | None:
        if name.isdigit():
            return True
        if name in USERS and not self.is_empty:
            return True
        return None if not self.is_known else False


@lru_cache(maxsize=256)
def base_image(reference: str | None) -> Base:
    """The image of a reference, shared between callers."""
    return Base(reference)


@cache
def in_suite(package: str, suite: str) -> bool | None:
    """Whether a Debian release has a package of this name; None where no table names it."""
    found = rows_of("suite_package_names", package)
    if not found or suite not in _LISTED or any(f"{suite} unknown" in row["source"] for row in found):
        return None
    return any(suite in row["suites"].split() or f"{suite}=" in row["virtual"] for row in found)


@cache
def name_in_suite(package: str, suite: str) -> str:
    """What a release calls a package that another one calls so: libgl1-mesa-glx is libgl1 in trixie."""
    for row in rows_of("suite_package_names", package):
        known = dict(pair.partition("=")[::2] for pair in row["virtual"].split())
        return known.get(suite, package)
    return package


@cache
def is_debian_package(package: str) -> bool | None:
    """True for a package of Debian itself, None for one that no table names: it may come from another source."""
    if kind_of(package) or package in _packages_with_programs() or package in _named_packages():
        return True
    return True if package.startswith(("lib", "fonts-", "python3", "locales")) else None


@cache
def _packages_with_programs() -> frozenset[str]:
    return frozenset(row["package"] for row in rows("debian_programs"))


@cache
def _named_packages() -> frozenset[str]:
    tables = ("full_image_packages", "full_image_libraries", "suite_package_names", "debian_recommends")
    common = {"ca-certificates", "tzdata", "gnupg", "apt-transport-https", "apt-utils", "software-properties-common"}
    return frozenset(row["package"] for table in tables for row in rows(table)) | common


@cache
def _programs_by_package() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in rows("debian_programs"):
        found.setdefault(row["package"], []).append(row["program"])
    return {package: tuple(programs) for package, programs in found.items()}


@cache
def programs_of(package: str) -> frozenset[str]:
    """The programs that a Debian package brings, as far as the tables know."""
    found = {*_programs_by_package().get(package, ())}
    found |= {name for row in rows_of("debian_build_packages", package) for name in row["programs"].split()}
    if not found and (plain := re.sub(r"-\d[\d.]*\Z", "", package)) != package:
        return programs_of(plain)
    return frozenset(found)


@cache
def is_debian_program(name: str) -> bool:
    """Whether a program comes from Debian and from no Python package of the tables."""
    found = program(name)
    if found is None or found.package.startswith("python3-"):
        return False
    return not rows_of("package_requires", name) and not rows_of("native_packages", name)


def is_of_suite(row: Mapping[str, str], suite: str) -> bool:
    """Whether a row with a column of suites holds in one: no suites are all of them."""
    return not suite or not row["suites"] or suite in row["suites"].split()


@cache
def brought_by(package: str, suite: str, *, with_recommended: bool = True) -> frozenset[str]:
    """Other packages that apt brings along with one: what it recommends and what it depends on, where it matters."""
    known = [row for row in rows_of("debian_recommends", package) if is_of_suite(row, suite)]
    found = {name for row in known for name in row["brings"].split()}
    if with_recommended:
        for row in known:
            found |= {*row["add"].split(), *row["offers"].split()}
    return frozenset(found)
