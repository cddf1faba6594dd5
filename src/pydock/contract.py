"""What a container started from the final stage can rely on, as far as the Dockerfile tells."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import lru_cache

from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.shell import script
from pydock.values import Value, field, replace
from pydock.words import expand, unquote

Values = Mapping[str, str | None]


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
    environment: Mapping[str, str | None] = field(default_factory=dict)
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
    def known(self) -> dict[str, str | None]:
        """ARG and ENV together; ENV wins."""
        return {**self.arguments, **self.environment}


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
    settings = _settings(dockerfile, stage.index)
    entries = dockerfile.stages[stage.index].instructions
    at = next((at for at, entry in enumerate(entries) if instruction and entry.span == instruction.span), len(entries))
    return settings[at]


@lru_cache(maxsize=512)
def _settings(dockerfile: Dockerfile, index: int) -> tuple[Setting, ...]:
    """The setting before each instruction of a stage, and the one at its end."""
    stage = dockerfile.stages[index]
    parent = _parent(dockerfile, stage)
    inherited = _settings(dockerfile, parent.index)[-1] if parent else Setting({}, {})
    current = replace(inherited, arguments={})
    found = [current]
    for instruction in stage.instructions:
        current = _after(dockerfile, current, instruction)
        found.append(current)
    return tuple(found)


def _parent(dockerfile: Dockerfile, stage: Stage) -> Stage | None:
    """The stage of the same file that a stage is built on."""
    parent = dockerfile.stage_named(stage.base)
    return parent if parent is not None and parent.index < stage.index else None


def _after(dockerfile: Dockerfile, setting: Setting, instruction: Instruction) -> Setting:
    match instruction.keyword:
        case "ENV":
            known = setting.known
            new = {entry.name: expand(entry.value or "", known) for entry in instruction.assignments}
            return replace(setting, environment={**setting.environment, **new})
        case "ARG":
            arguments, given = dict(setting.arguments), dict(dockerfile.given)
            for entry in instruction.assignments:
                inherited = dockerfile.global_arguments.get(entry.name)
                known = {**arguments, **setting.environment}
                default = inherited if entry.value is None else expand(entry.value, known)
                arguments[entry.name] = given.get(entry.name, default)
            return replace(setting, arguments=arguments)
        case "WORKDIR":
            here = expand(unquote(instruction.value), setting.known)
            path = here if here is not None else instruction.value
            return replace(setting, workdir=posixpath.normpath(posixpath.join(setting.workdir, path)))
        case "USER":
            return replace(setting, user=expand(instruction.value, setting.known) or instruction.value)
        case _:
            return setting


def of_stage(dockerfile: Dockerfile, stage: Stage) -> Contract:
    """The contract of one stage, with what it inherits from the stages it is built on."""
    settings = _settings(dockerfile, stage.index)
    parent = _parent(dockerfile, stage)
    base = expand(stage.base, dockerfile.global_arguments) or stage.base
    contract = of_stage(dockerfile, parent) if parent else Contract(base=base)
    for instruction, setting in zip(stage.instructions, settings, strict=False):
        contract = _declared(contract, instruction, setting)
    last = settings[-1]
    return replace(contract, user=last.user, workdir=last.workdir, environment=last.environment)


def _declared(contract: Contract, instruction: Instruction, setting: Setting) -> Contract:
    value = instruction.value
    match instruction.keyword:
        case "SHELL":
            return replace(contract, shell=value)
        case "STOPSIGNAL":
            return replace(contract, stop_signal=value)
        case "ENTRYPOINT":
            return replace(contract, entrypoint=value, cmd="")
        case "CMD":
            return replace(contract, cmd=value)
        case "HEALTHCHECK":
            text = " ".join([*(f"{flag.name}={flag.value}" for flag in instruction.flags), value])
            return replace(contract, healthcheck=text)
        case "LABEL":
            labels = {(entry.name, entry.value) for entry in instruction.assignments}
            return replace(contract, labels=contract.labels | labels)
        case "EXPOSE":
            return replace(contract, ports=contract.ports | _expanded(instruction, setting))
        case "VOLUME":
            return replace(contract, volumes=contract.volumes | _expanded(instruction, setting))
        case "COPY" | "ADD":
            return replace(contract, files=contract.files | _copied(instruction, setting))
        case "RUN":
            return _installed(contract, instruction)
        case _:
            return contract


def _expanded(instruction: Instruction, setting: Setting) -> set[str]:
    return {expand(word.text, setting.known) or word.text for word in instruction.words}


def _copied(instruction: Instruction, setting: Setting) -> set[tuple[str, str]]:
    *sources, target = [word.text for word in instruction.words] or [""]
    target = expand(unquote(target), setting.known) or target
    place = posixpath.normpath(posixpath.join(setting.workdir, target))
    origin = instruction.flag("from")
    return {(f"{origin}:{source}" if origin else posixpath.normpath(unquote(source)), place) for source in sources}


def _installed(contract: Contract, instruction: Instruction) -> Contract:
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
    if not packages and not system:
        return contract
    return replace(contract, packages=contract.packages | packages, system_packages=contract.system_packages | system)
