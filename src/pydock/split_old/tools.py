"""Package managers that something calls in the runtime stage, which has none."""

from __future__ import annotations

from pydock.dockerfile import Stage
from pydock.lines import Span
from pydock.project import Project
from pydock.project.calls import python_calls
from pydock.project.start import Start, starts
from pydock.shell import Step, script
from pydock.split_old.commands import is_translated
from pydock.split_old.refusal import Refusal
from pydock.split_old.roles import MANAGERS, Role, RoledStep


def refuse_tools(
    project: Project, stage: Stage, steps: tuple[RoledStep, ...], leaving: frozenset[Step]
) -> Refusal | None:
    """The first call that the split does not write without the manager, of a RUN or when the container runs."""
    for entry in steps:
        if entry.role is Role.OTHER and entry.step not in leaving:
            for command in entry.step.commands:
                if not is_translated(project, command):
                    return _refusal(entry.step.span, f"line {entry.run.number}", command.program, "is built")
    for start in starts(project):
        tool = next((name for name in (*start.wrappers, start.program) if name in MANAGERS), "")
        if tool and not _is_translated(project, start):
            return _refusal(start.span or stage.start.value_span, start.origin, tool, "runs")
    for name, place in python_calls(project):
        if name in MANAGERS:
            return _refusal(stage.start.value_span, place, name, "runs")
    return None


def _is_translated(project: Project, start: Start) -> bool:
    """Whether the split writes the instruction that a command stands in without the manager."""
    if start.path != project.path or start.instruction is None or start.role == "compose":
        return False
    commands = [command for command in script(start.instruction).commands if command.program in MANAGERS]
    return bool(commands) and all(is_translated(project, command) for command in commands)


def _refusal(at: Span, place: str, tool: str, when: str) -> Refusal:
    advice = f"call the program itself instead of `{tool} run`"
    return Refusal(at, "tool at run time", f"{place} calls {tool} when the container {when}", advice)
