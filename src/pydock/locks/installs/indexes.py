"""Where an install takes its packages from: its options, variables, pip's configuration files.

Options: https://pip.pypa.io/en/stable/cli/pip_install/, configuration and its order:
https://pip.pypa.io/en/stable/topics/configuration/, uv's variables:
https://docs.astral.sh/uv/reference/environment/, read 2026-11.
"""

from __future__ import annotations

import configparser
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydock.build.commands import CommandLine
from pydock.build.installs import Install, pip_line
from pydock.build.steps import read_steps
from pydock.dockerfile import mounts
from pydock.packages.requirements import Kind, RequirementSet
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.pins import Indexes
from pydock.project.secrets import url_with_password
from pydock.values import Value

_CONFIGURATIONS = (
    "/etc/pip.conf",
    "/root/.pip/pip.conf",
    "/root/.config/pip/pip.conf",
    "/usr/local/pip.conf",
    "/opt/venv/pip.conf",
)
_KEYS = {
    "i": "index-url",
    "default-index": "index-url",
    "index": "extra-index-url",
    "f": "find-links",
    "c": "constraint",
}
# What a variable of this name sets; the rest of pip's options have no say in where versions come from.
_KNOWN = frozenset(
    ["index-url", "extra-index-url", "find-links", "no-index", "pre", "prefer-binary", "only-binary", "no-binary"]
)
_FLAGS = frozenset({"no-index", "pre", "prefer-binary"})
_OPTION = regex(r"(--[\w-]+|-[a-zA-Z])[ =]*(.*)", re.DOTALL)
_UV_VARIABLES = {
    "UV_DEFAULT_INDEX": "index-url",
    "UV_INDEX_URL": "index-url",
    "UV_INDEX": "extra-index-url",
    "UV_EXTRA_INDEX_URL": "extra-index-url",
    "UV_FIND_LINKS": "find-links",
    "UV_NO_INDEX": "no-index",
    "UV_PRERELEASE": "pre",
}
_FALSE = frozenset({"", "0", "false", "no", "off", "n", "f"})


class Supply(Value):
    """Where packages come from and which of their files are taken.

    `lines` are options of the requirements files that a lock has to repeat. `is_carried` for an
    install from a folder of the image alone: whatever filled it has decided on the versions.
    `why_not` names what cannot be known here, or must not be copied.
    """

    indexes: Indexes = Indexes()
    prereleases: bool = False
    only_binary: bool = False
    no_binary: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    is_carried: bool = False
    why_not: str = ""


@dataclass
class _Settings:
    """Options as they are met, from the weakest place to the strongest."""

    index: str = ""
    extra: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    is_closed: bool = False
    prereleases: bool = False
    only_binary: bool = False
    no_binary: list[str] = field(default_factory=list)
    local: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def take(self, key: str, value: str | None, where: str) -> None:
        """Put one option on top of what is known; `value` is None where only the build knows it."""
        if value is None or "$" in value:
            # A variable in an address is not looked up here: it would tell any address any secret of this machine.
            self.problems.append(f"{where} is known only when the image is built")
            return
        match key:
            case "index-url":
                self.index = value or self.index
            case "extra-index-url":
                self.extra += value.split()
            case "find-links":
                self.links += [link for link in value.split() if "://" in link]
                self.local += [link for link in value.split() if "://" not in link]
            case "only-binary" | "prefer-binary":
                self._take_wheels(key, value, where)
            case "no-binary":
                self.no_binary += [name for name in value.split(",") if name and name != ":none:"]
            case "no-index":
                self.is_closed = value.lower() not in _FALSE
            case "pre":
                self.prereleases = value.lower() not in {*_FALSE, "disallow", "if-necessary-or-explicit"}

    def _take_wheels(self, key: str, value: str, where: str) -> None:
        if key == "only-binary" and value not in {":all:", ":none:"}:
            self.problems.append(f"{where} asks for wheels of some packages only")
        self.only_binary = value != ":none:" and (key == "only-binary" or value.lower() not in _FALSE)


def supply(project: Project, install: Install, sets: Iterable[RequirementSet]) -> Supply:
    """Where the packages of one install come from."""
    settings = _Settings()
    for key, value, where in (*_configured(project, install), *_variables(install), *_options(install)):
        settings.take(key, value, where)
    lines: list[str] = []
    for path, line, text in _lines(sets):
        match = _OPTION.match(text)
        key, value = _key(match[1]) if match else "", match[2].strip() if match else ""
        if key in _KNOWN:
            settings.take(key, value or "yes", f"line {line} of {path}")
            lines.append(text)
        if url_with_password(text):
            settings.problems.append(f"line {line} of {path} holds a password, which no lock may repeat")
    if settings.local and not settings.is_closed:
        settings.problems.append(f"archives are taken from {settings.local[0]}, a folder of the image, too")
    indexes = Indexes(settings.index, tuple(settings.extra), tuple(settings.links), settings.is_closed)
    return Supply(
        indexes,
        settings.prereleases,
        settings.only_binary,
        tuple(settings.no_binary),
        tuple(dict.fromkeys(lines)),
        settings.is_closed and bool(settings.local),
        settings.problems[0] if settings.problems else "",
    )


def _key(option: str) -> str:
    name = option.lstrip("-").lower()
    return _KEYS.get(name, name)


def _lines(sets: Iterable[RequirementSet]) -> Iterator[tuple[str, int, str]]:
    for found in sets:
        for entry in found.entries:
            if entry.kind is Kind.OPTION:
                yield entry.path, entry.line, entry.text


def _options(install: Install) -> Iterator[tuple[str, str | None, str]]:
    for name, word in ((option.name, option.value) for option in install.line.options):
        if (key := _key(name)) in _KNOWN:
            value = word.value if word is not None and word.is_written else None
            yield key, "yes" if key in _FLAGS else value, f"{name} of this install"


def _variables(install: Install) -> Iterator[tuple[str, str | None, str]]:
    values = dict(install.call.before.variables)
    for word in install.command.assignments:
        name, _, text = word.text.partition("=")
        values[name] = None if word.value is None else text.strip("'\"")
    for mount in mounts(install.instruction, "secret"):
        if mount.variable:
            values[mount.variable] = None
    for name, value in values.items():
        key = _UV_VARIABLES.get(name, "") if install.tool == "uv" else _pip_key(name)
        if key and value != "":
            yield key, value, name


def _pip_key(name: str) -> str:
    key = name.removeprefix("PIP_").lower().replace("_", "-") if name.startswith("PIP_") else ""
    return key if key in _KNOWN else ""


def _configured(project: Project, install: Install) -> Iterator[tuple[str, str | None, str]]:
    """What pip's configuration says, files of the context and `pip config set` alike; uv reads neither."""
    if install.tool == "uv":
        return
    named = install.call.before.variables.get("PIP_CONFIG_FILE", "")
    for mount in mounts(install.instruction, "secret"):
        if posixpath.basename(mount.target) in {"pip.conf", posixpath.basename(named or "pip.conf")}:
            yield "index-url", None, "the package index is in a build secret, so it"
    for path in (*_CONFIGURATIONS, *([named] if named else [])):
        origin = install.origin(project, path)
        text = project.tree.text(origin) if origin else None
        if origin and text is not None:
            yield from _sections(origin, text)
    stages = {stage.index for stage in project.lineage(install.stage)}
    for call, found in _set(project):
        if call.stage in stages and call.number < install.call.number:
            yield found


def _sections(path: str, text: str) -> Iterator[tuple[str, str | None, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        yield "index-url", None, f"what {path} says"
        return
    for section in ("global", "install"):
        for name, value in parser.items(section) if parser.has_section(section) else ():
            if (key := name.replace("_", "-")) in _KNOWN:
                yield key, value, f"{name} in {path}"


@remembered
def _set(project: Project) -> tuple[tuple[CommandLine, tuple[str, str | None, str]], ...]:
    """What `pip config set` says, with the command that says it."""
    build, found = read_steps(project), []
    for call in (call for stage in project.dockerfile.stages for call in build.commands_of(stage.index)):
        line = pip_line(call)
        words = line.operands if line is not None and line.verb == "config" else ()
        if len(words) == 3 and words[0].value == "set" and (key := (words[1].value or "").rpartition(".")[2]) in _KNOWN:
            found.append((call, (key, words[2].value, f"pip config set {words[1].value}")))
    return tuple(found)
