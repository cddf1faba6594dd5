"""Debian packages divided between the stages: what compiles, what runs, what stands for what."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.images.debian import (
    Need,
    brings_programs,
    full_image_packages,
    kind_of,
    programs_in,
    runtime_of,
    serves_building,
)
from pydock.project.apt import AptKind, AptStep, package_name
from pydock.split_old.roles import Role, RoledStep
from pydock.values import Value, replace

# Only called or loaded when the service runs; nothing is compiled with them.
_RUNTIME_ONLY = frozenset(
    [
        "bash",
        "chromium",
        "chromium-driver",
        "cron",
        "curl",
        "dnsutils",
        "dumb-init",
        "ffmpeg",
        "firefox-esr",
        "fonts-dejavu",
        "fonts-liberation",
        "gettext",
        "gosu",
        "htop",
        "imagemagick",
        "iproute2",
        "iputils-ping",
        "jq",
        "less",
        "libgl1",
        "libgl1-mesa-glx",
        "libglib2.0-0",
        "libsm6",
        "libxext6",
        "libxrender1",
        "locales",
        "lsof",
        "mime-support",
        "media-types",
        "nano",
        "net-tools",
        "netcat",
        "netcat-openbsd",
        "netcat-traditional",
        "nginx",
        "nodejs",
        "npm",
        "openssh-server",
        "poppler-utils",
        "postgresql-client",
        "procps",
        "redis-tools",
        "rsync",
        "screen",
        "sqlite3",
        "sudo",
        "supervisor",
        "tesseract-ocr",
        "telnet",
        "tini",
        "tmux",
        "tree",
        "tzdata",
        "vim",
        "vim-tiny",
        "wait-for-it",
        "wkhtmltopdf",
        "xvfb",
        "zip",
    ]
)
# Options that ask for another version than the one that is there.
_VERSIONED = frozenset({"-t", "--target-release", "--default-release", "-a", "--host-architecture", "--reinstall"})
_FETCHERS = frozenset({"fetcher", "version-control"})


class Division(Value):
    """Where one package goes; `instead` is what the runtime stage gets for it."""

    package: str
    builder: bool
    runtime: bool
    instead: tuple[str, ...] = ()


class Demand(Value):
    """What is known about the use of system packages: programs called in the runtime stage, programs
    called by the steps of the builder, whether pip fetches from version control, and the packages
    that the builder's image has before anything is installed."""

    suite: str
    called_at_runtime: frozenset[str]
    called_in_builder: frozenset[str]
    installs_from_repositories: bool
    in_builder_image: frozenset[str] = frozenset()


def divide(package: str, demand: Demand) -> Division:
    """The stages a package has to be installed in. What is not known to be for one of them goes to both."""
    found = _needed(package, demand)
    return replace(found, builder=False) if package in demand.in_builder_image else found


def _needed(package: str, demand: Demand) -> Division:
    kind = kind_of(package)
    if package in _RUNTIME_ONLY:
        return Division(package, package in demand.called_in_builder, True)
    if serves_building(package):
        needed = bool(programs_in(package) & demand.called_at_runtime)
        instead = runtime_of(package, demand.suite) if kind == "headers" else ()
        # Headers of a package the table does not know: the package itself, rather than a guess.
        return Division(package, True, needed or instead is None, instead or ())
    if kind in _FETCHERS:
        programs = programs_in(package) or {package}
        called = bool(programs & demand.called_at_runtime)
        explained = bool(programs & demand.called_in_builder)
        explained = explained or (kind == "version-control" and demand.installs_from_repositories)
        return Division(package, explained or not called, called or not explained)
    is_runtimes = package.startswith("lib") or brings_programs(package)
    return Division(package, not is_runtimes, True)


def already_there(steps: Iterable[RoledStep], suite: str) -> frozenset[str]:
    """The packages of these installs that the full image has; one asked for in a certain version is not."""
    installs = [apt for entry in steps for apt in entry.apt if apt.kind is AptKind.INSTALL]
    certain = {
        word.value for apt in installs if {name for name, _ in apt.options} & _VERSIONED for word in apt.packages
    }
    asked = {word.value for apt in installs for word in apt.packages if word.value}
    exact = {package_name(name) for name in asked if package_name(name) != name}
    return (full_image_packages(suite) & asked) - certain - exact


class SystemPlan(Value):
    """The divisions of all literal apt-get install lines of a stage, and what is added at run time."""

    divisions: tuple[Division, ...]
    added: tuple[Need, ...]

    def of(self, argument: str) -> Division:
        name = package_name(argument)
        return next((entry for entry in self.divisions if entry.package == name), Division(name, True, True))

    def builder_has(self, step: AptStep) -> bool:
        return not step.is_literal or any(self.of(word.value or "").builder for word in step.packages)

    def runtime_has(self, step: AptStep) -> bool:
        return not step.is_literal or any(
            self.of(word.value or "").runtime or self.of(word.value or "").instead for word in step.packages
        )


def plan_system(steps: Iterable[RoledStep], demand: Demand, needs: tuple[Need, ...]) -> SystemPlan:
    """Divide every package of a stage; `needs` that nothing else brings are added."""
    divisions: dict[str, Division] = {}
    for entry in steps:
        for apt in entry.apt if entry.role is Role.SYSTEM else ():
            if apt.kind is AptKind.INSTALL:
                for name in apt.names:
                    divisions.setdefault(name, divide(name, demand))
    present = {name for entry in divisions.values() for name in ((entry.package,) if entry.runtime else ())}
    present |= {name for entry in divisions.values() for name in entry.instead}
    present |= {"media-types"} if present & {"mime-support", "mailcap", "nginx"} else set()
    added: dict[str, Need] = {}
    for need in needs:
        if need.package not in present:
            added.setdefault(need.package, need)
    return SystemPlan(tuple(divisions.values()), tuple(added.values()))
