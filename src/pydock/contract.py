"""What a container started from the final stage can rely on, as far as the Dockerfile tells."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from pydock.dockerfile import Dockerfile, Instruction, Stage
from pydock.shell import script
from pydock.words import expand, unquote

Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Contract:
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
        """The contract of the last stage, with what it inherits from earlier ones."""
        if dockerfile.final is None:
            return cls()
        return of_stage(dockerfile, dockerfile.final)

    def differs(self, other: Contract) -> frozenset[str]:
        """The names of the fields that are not equal."""
        return frozenset(
            entry.name for entry in fields(self) if getattr(self, entry.name) != getattr(other, entry.name)
        )


@dataclass
class _State:
    """What has been seen so far, while a stage is walked."""

    values: dict[str, object]
    environment: dict[str, str | None]
    arguments: dict[str, str | None]
    sets: dict[str, set[object]]

    def known(self) -> dict[str, str | None]:
        return {**self.arguments, **self.environment}


def of_stage(dockerfile: Dockerfile, stage: Stage) -> Contract:
    """The contract of one stage."""
    state = _walk(dockerfile, stage)
    return Contract(
        **state.values,  # type: ignore[arg-type]
        environment=state.environment,
        **{name: frozenset(found) for name, found in state.sets.items()},  # type: ignore[arg-type]
    )


def environment_before(dockerfile: Dockerfile, stage: Stage, instruction: Instruction | None = None) -> Values:
    """ENV and ARG values in force just before an instruction, or at the end of the stage.

    None stands for a value that is only known when the image is built.
    """
    return _walk(dockerfile, stage, instruction).known()


def workdir_before(dockerfile: Dockerfile, stage: Stage, instruction: Instruction | None = None) -> str | None:
    """The absolute work directory in force, or None when a variable hides it."""
    workdir = _walk(dockerfile, stage, instruction).values.get("workdir", "/")
    return None if "$" in str(workdir) else str(workdir)


def user_before(dockerfile: Dockerfile, stage: Stage, instruction: Instruction | None = None) -> str:
    """The user in force, "" when nothing has set one."""
    return str(_walk(dockerfile, stage, instruction).values.get("user", ""))


def _walk(dockerfile: Dockerfile, stage: Stage, until: Instruction | None = None) -> _State:
    parent = dockerfile.stage_named(stage.base)
    if parent is not None and parent.index < stage.index:
        state = _walk(dockerfile, parent)
        state.arguments.clear()
    else:
        state = _State({"base": expand(stage.base, dockerfile.global_arguments) or stage.base}, {}, {}, _empty_sets())
    for instruction in stage.instructions[1:]:
        if instruction is until:
            break
        _take(dockerfile, state, instruction)
    return state


def _empty_sets() -> dict[str, set[object]]:
    return {name: set() for name in ("ports", "volumes", "labels", "packages", "system_packages", "files")}


def _take(dockerfile: Dockerfile, state: _State, instruction: Instruction) -> None:
    value = instruction.value
    match instruction.keyword:
        case "ENV":
            known = state.known()
            state.environment.update(
                (entry.name, expand(entry.value or "", known)) for entry in instruction.assignments
            )
        case "ARG":
            _take_argument(dockerfile, state, instruction)
        case "WORKDIR":
            here = expand(unquote(value), state.known())
            path = here if here is not None else value
            state.values["workdir"] = posixpath.normpath(posixpath.join(str(state.values.get("workdir", "/")), path))
        case "USER" | "SHELL" as keyword:
            state.values[keyword.lower()] = expand(value, state.known()) or value
        case "ENTRYPOINT":
            state.values |= {"entrypoint": value, "cmd": ""}
        case "CMD" | "HEALTHCHECK" as keyword:
            state.values[keyword.lower()] = " ".join(
                [*(f"{flag.name}={flag.value}" for flag in instruction.flags), value]
            )
        case "STOPSIGNAL":
            state.values["stop_signal"] = value
        case "LABEL":
            state.sets["labels"] |= {(entry.name, entry.value) for entry in instruction.assignments}
        case "EXPOSE" | "VOLUME" as keyword:
            name = "ports" if keyword == "EXPOSE" else "volumes"
            state.sets[name] |= {expand(word.text, state.known()) or word.text for word in instruction.words}
        case "COPY" | "ADD":
            _take_copy(state, instruction)
        case "RUN":
            _take_run(state, instruction)
        case _:
            pass


def _take_argument(dockerfile: Dockerfile, state: _State, instruction: Instruction) -> None:
    for entry in instruction.assignments:
        default = (
            dockerfile.global_arguments.get(entry.name) if entry.value is None else expand(entry.value, state.known())
        )
        state.arguments[entry.name] = default


def _take_copy(state: _State, instruction: Instruction) -> None:
    *sources, target = [word.text for word in instruction.words] or [""]
    workdir = str(state.values.get("workdir", "/"))
    target = expand(unquote(target), state.known()) or target
    origin = instruction.flag("from")
    for source in sources:
        name = f"{origin}:{source}" if origin else posixpath.normpath(unquote(source))
        state.sets["files"].add((name, posixpath.normpath(posixpath.join(workdir, target))))


def _take_run(state: _State, instruction: Instruction) -> None:
    for command in script(instruction).commands:
        values = command.values
        if command.program in {"apt-get", "apt", "aptitude"} and "install" in values:
            state.sets["system_packages"] |= {
                word for word in values[1:] if word and word[0] != "-" and word != "install"
            }
        elif values and "pip" in values[0] and "install" in values:
            named = values[values.index("install") + 1 :]
            state.sets["packages"] |= {word for word in named if word and not word.startswith("-")}
