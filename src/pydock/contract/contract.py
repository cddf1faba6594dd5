"""What a container started from the final stage can rely on, as far as the Dockerfile tells."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydock.contract.moments import Both, Moment, Record, Values
from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.shell import script
from pydock.text import Span, expand, unquote
from pydock.values import Value, replace
from pydock.values import field as value_field


class Contract(Value):
    """Fields named as `Fix.changes` names them; two contracts are compared field by field."""

    base: str = ""
    user: str = ""
    workdir: str = "/"
    entrypoint: str = ""
    cmd: str = ""
    healthcheck: str = ""
    stop_signal: str = ""
    shell: str = ""
    environment: Mapping[str, str | None] = value_field(default_factory=dict)
    ports: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    labels: frozenset[tuple[str, str | None]] = frozenset()
    packages: frozenset[str] = frozenset()
    system_packages: frozenset[str] = frozenset()
    files: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, dockerfile: Dockerfile) -> Contract:
        """The contract of the stage that is built, with what it inherits from earlier ones."""
        if dockerfile.final is None:
            return cls()
        return of_stage(dockerfile, dockerfile.final)

    def differs(self, other: Contract) -> frozenset[str]:
        """The names of the fields that are not equal."""
        return frozenset(name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name))


class Setting(Value):
    """What is in force at one place of a stage; None stands for a value only known at build time."""

    environment: Values
    arguments: Values
    workdir: str = "/"
    user: str = ""

    @property
    def known(self) -> Values:
        """ARG and ENV together; ENV wins."""
        return Both(self.environment, self.arguments)


class _Stage(Value):
    """The settings of a stage: before each instruction, by where that begins, and at the end."""

    before: Mapping[Span, Setting]
    end: Setting


def environment_before(dockerfile: Dockerfile, stage: Stage, instruction: Instruction | None = None) -> Values:
    """ENV and ARG values in force just before an instruction, or at the end of the stage.

    None stands for a value that is only known when the image is built.
    """
    return _setting(dockerfile, stage, instruction).known


def workdir_before(dockerfile: Dockerfile, stage: Stage, instruction: Instruction | None = None) -> str | None:
    """The absolute work directory in force, or None when a variable hides it."""
    workdir = _setting(dockerfile, stage, instruction).workdir
    return None if "$" in workdir else workdir


def user_before(dockerfile: Dockerfile, stage: Stage, instruction: Instruction | None = None) -> str:
    """The user in force, "" when nothing has set one."""
    return _setting(dockerfile, stage, instruction).user


def _setting(dockerfile: Dockerfile, stage: Stage, instruction: Instruction | None) -> Setting:
    found = _settings(dockerfile, dockerfile.stages[stage.index])
    return found.end if instruction is None else found.before.get(instruction.span, found.end)


def _settings(dockerfile: Dockerfile, stage: Stage) -> _Stage:
    """The settings of a stage, those of the stages it is built on worked out first."""
    known: dict[int, _Stage] = vars(dockerfile).setdefault("contract.settings", {})
    if stage.index not in known:
        for each in reversed(lineage(dockerfile, stage)):
            if each.index not in known:
                parent = _parent(dockerfile, each)
                inherited = known[parent.index].end if parent else Setting({}, {})
                known[each.index] = _settled(dockerfile, each, inherited)
    return known[stage.index]


def _settled(dockerfile: Dockerfile, stage: Stage, inherited: Setting) -> _Stage:
    environment, arguments = Record(inherited.environment), Record({})
    given = dict(dockerfile.given)
    current = replace(inherited, environment=Moment(environment), arguments=Moment(arguments))
    found = {}
    for instruction in stage.instructions:
        found[instruction.span] = current
        match instruction.keyword:
            case "ENV":
                known = current.known
                environment.change({each.name: expand(each.value or "", known) for each in instruction.assignments})
                current = replace(current, environment=Moment(environment))
            case "ARG":
                for entry in instruction.assignments:
                    default = (
                        dockerfile.global_arguments.get(entry.name)
                        if entry.value is None
                        else expand(entry.value, Both(current.environment, Moment(arguments)))
                    )
                    arguments.change({entry.name: given.get(entry.name, default)})
                current = replace(current, arguments=Moment(arguments))
            case "WORKDIR":
                here = expand(unquote(instruction.value), current.known)
                path = here if here is not None else instruction.value
                current = replace(current, workdir=posixpath.normpath(posixpath.join(current.workdir, path)))
            case "USER":
                current = replace(current, user=expand(instruction.value, current.known) or instruction.value)
    # A stage on this one begins with a plain mapping: what changes nothing hands on the very same.
    end = current if environment.now else replace(current, environment=inherited.environment)
    return _Stage(found, replace(end, environment=dict(end.environment)) if environment.now else end)


def lineage(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """The stage and the stages of this file that it is built on, itself first."""
    found = [stage]
    while parent := _parent(dockerfile, found[-1]):
        found.append(parent)
    return tuple(found)


def _parent(dockerfile: Dockerfile, stage: Stage) -> Stage | None:
    """The stage of the same file that a stage is built on."""
    parent = dockerfile.stage_named(stage.base)
    return parent if parent is not None and parent.index < stage.index else None


def of_stage(dockerfile: Dockerfile, stage: Stage) -> Contract:
    """The contract of one stage, with what it inherits from the stages it is built on."""
    line = lineage(dockerfile, stage)
    bottom = line[-1]
    found = _Declared()
    for each in reversed(line):
        settings = _settings(dockerfile, each).before
        for instruction in each.instructions:
            found.take(instruction, settings[instruction.span])
    last = _settings(dockerfile, stage).end
    contract = Contract(
        base=expand(bottom.base, dockerfile.global_arguments) or bottom.base,
        user=last.user,
        workdir=last.workdir,
        environment=dict(last.environment),
    )
    sets = {name: frozenset(values) for name, values in found.sets.items()}
    return replace(contract, **found.texts, **sets)


@dataclass
class _Declared:
    """Fields of the contract as instructions declare them, one after the other."""

    texts: dict[str, str] = field(default_factory=dict)
    sets: dict[str, set[Any]] = field(default_factory=dict)

    def add(self, name: str, values: Iterable[object]) -> None:
        self.sets.setdefault(name, set()).update(values)

    def take(self, instruction: Instruction, setting: Setting) -> None:
        value = instruction.value
        match instruction.keyword:
            case "SHELL" | "CMD":
                self.texts[instruction.keyword.lower()] = value
            case "STOPSIGNAL":
                self.texts["stop_signal"] = value
            case "ENTRYPOINT":
                self.texts |= {"entrypoint": value, "cmd": ""}
            case "HEALTHCHECK":
                flags = (f"{flag.name}={flag.value}" for flag in instruction.flags)
                self.texts["healthcheck"] = " ".join([*flags, value])
            case "LABEL":
                self.add("labels", ((entry.name, entry.value) for entry in instruction.assignments))
            case "EXPOSE":
                self.add("ports", _expanded(instruction, setting))
            case "VOLUME":
                self.add("volumes", _expanded(instruction, setting))
            case "COPY" | "ADD":
                self.add("files", _copied(instruction, setting))
            case "RUN":
                packages, system = _installed(instruction)
                self.add("packages", packages)
                self.add("system_packages", system)
            case _:
                return


def _expanded(instruction: Instruction, setting: Setting) -> set[str]:
    return {expand(word.text, setting.known) or word.text for word in instruction.words}


def _copied(instruction: Instruction, setting: Setting) -> set[tuple[str, str]]:
    *sources, target = [word.text for word in instruction.words] or [""]
    target = expand(unquote(target), setting.known) or target
    place = posixpath.normpath(posixpath.join(setting.workdir, target))
    origin = instruction.flag("from")
    return {(f"{origin}:{source}" if origin else posixpath.normpath(unquote(source)), place) for source in sources}


def _installed(instruction: Instruction) -> tuple[set[str], set[str]]:
    """The packages that a RUN names for pip, and those for apt."""
    packages: set[str] = set()
    system: set[str] = set()
    for command in script(instruction).commands:
        values = command.values
        if "install" not in values:
            continue
        named = {word for word in values[values.index("install") + 1 :] if word and not word.startswith("-")}
        if command.program in {"apt-get", "apt", "aptitude"}:
            system |= named
        elif "pip" in values[0] or values[1:3] == ("-m", "pip"):
            packages |= named
    return packages, system
