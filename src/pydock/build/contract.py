"""What can be relied on in a container: a view on the image that the final stage leaves, and on its steps."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydock.build.model import Step
from pydock.build.steps import read_steps
from pydock.build.views import user_set
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.state import State
from pydock.state.needs import Package
from pydock.text import expand, unquote
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

    def differs(self, other: Contract) -> frozenset[str]:
        """The names of the fields that are not equal."""
        return frozenset(name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name))


@remembered
def contract(project: Project) -> Contract:
    """The contract of the stage that is built, with what it inherits from earlier ones."""
    if project.dockerfile.final is None:
        return Contract()
    build, line = read_steps(project), project.lineage(project.final)
    found, seen = _Declared(), None
    for stage in reversed(line):
        for step in build.of_stage(stage.index):
            if step.instruction is not seen:
                seen = step.instruction
                found.take(seen, step.before)
            found.install(step)
    last = build.stages[project.final.index]
    made = Contract(
        base=project.reference(project.final) or line[-1].base,
        user=user_set(project, project.final),
        workdir=last.workdir or _written_workdir(line),
        environment={name: last.variables.get(name) for name in found.names},
    )
    return replace(made, **found.texts, **{name: frozenset(values) for name, values in found.sets.items()})


def _written_workdir(line: Iterable[Stage]) -> str:
    """The work directory in its own words, where a variable hides it."""
    return next((found.value for stage in line if (found := stage.last("WORKDIR")) is not None), "/")


@dataclass
class _Declared:
    """Fields of the contract as instructions declare them, one after the other."""

    texts: dict[str, str] = field(default_factory=dict)
    sets: dict[str, set[Any]] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)

    def add(self, name: str, values: Iterable[object]) -> None:
        self.sets.setdefault(name, set()).update(values)

    def take(self, instruction: Instruction, before: State) -> None:
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
            case "ENV":
                self.names |= dict.fromkeys(entry.name for entry in instruction.assignments)
            case "LABEL":
                self.add("labels", ((entry.name, entry.value) for entry in instruction.assignments))
            case "EXPOSE":
                self.add("ports", _expanded(instruction, before))
            case "VOLUME":
                self.add("volumes", _expanded(instruction, before))
            case "COPY" | "ADD":
                self.add("files", _copied(instruction, before))
            case _:
                return

    def install(self, step: Step) -> None:
        """The package that a step is about, as the file names it."""
        if step.keyword != "RUN" or step.operand is None:
            return
        if step.installs is not None or step.is_tool:
            self.add("packages", [step.operand.head])
        elif any(isinstance(thing, Package) for thing in step.provides):
            self.add("system_packages", [step.operand.head])


def _expanded(instruction: Instruction, before: State) -> set[str]:
    return {expand(word.text, before.variables) or word.text for word in instruction.words}


def _copied(instruction: Instruction, before: State) -> set[tuple[str, str]]:
    *sources, target = [word.text for word in instruction.words] or [""]
    target = expand(unquote(target), before.variables) or target
    place = posixpath.normpath(posixpath.join(before.workdir or "/", target))
    origin = instruction.flag("from")
    return {(f"{origin}:{source}" if origin else posixpath.normpath(unquote(source)), place) for source in sources}
