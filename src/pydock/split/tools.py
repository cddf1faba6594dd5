"""Package managers and compilers that something calls in the runtime stage, which has none."""

from __future__ import annotations

from pydock.build.containers.calls import python_calls
from pydock.build.containers.start import Start
from pydock.build.walk import starts, starts_of_service
from pydock.images.debian import serves_building
from pydock.project import Project
from pydock.project.bases import is_on_mirrors
from pydock.project.compose import services_by_image
from pydock.split.draft import Draft
from pydock.split.facts.slices import MANAGERS
from pydock.split.refusal import Refusal, span_of
from pydock.split.text.commands import is_translated, manager
from pydock.state.needs import Program, Toolchain
from pydock.text import Span

_COMPILERS = frozenset(
    {"make", "cmake", "ninja", "meson", "gcc", "g++", "cc", "c++", "clang", "cargo", "rustc", "go", "javac", "nvcc"}
)


def refuse_tools(draft: Draft) -> Refusal | None:
    """The first call that the split does not write without the manager, of a RUN or when the container runs."""
    project = draft.project
    for step in draft.build.of_stage(draft.stage.index):
        if step.number not in draft.slices.runtime or step.member is None:
            continue
        for call in step.commands:
            own = manager(call.command) if call.is_in_file else None
            if own is not None and not is_translated(project, own):
                return _refusal(span_of(step), f"line {step.line}", own.program, "is built")
    at = draft.stage.start.value_span
    for start in starts(project):
        tool = next((name for name in (*start.wrappers, start.program) if name in MANAGERS), None)
        if tool is not None and not _is_translated(draft, start):
            return _refusal(start.span or at, start.origin, tool, "runs")
    if called := _called_by_image(project):
        return _refusal(at, *called, "runs")
    for name, place in python_calls(project):
        if name in MANAGERS:
            return _refusal(at, place, name, "runs")
    return None


def _called_by_image(project: Project) -> tuple[str, str] | None:
    """(place, manager) of a service of compose that starts an image by its name, which may be this one."""
    for service in services_by_image(project):
        for start in starts_of_service(project, service):
            if tool := next((name for name in (*start.wrappers, start.program) if name in MANAGERS), None):
                return service.origin, tool
    return None


def _is_translated(draft: Draft, start: Start) -> bool:
    """Whether the split writes the instruction that a command stands in without the manager."""
    if start.path != draft.project.path or start.instruction is None or start.role == "compose":
        return False
    calls = draft.build.commands_in(start.instruction)
    commands = [own for call in calls if (own := manager(call.command)) is not None]
    return bool(commands) and all(is_translated(draft.project, command) for command in commands)


def _refusal(at: Span, place: str, tool: str, when: str) -> Refusal:
    advice = f"call the program itself instead of `{tool} run`"
    return Refusal(at, "tool at run time", f"{place} calls {tool} when the container {when}", advice)


def refuse_compilers(draft: Draft) -> Refusal | None:
    """A step of the runtime stage that compiles: what it makes belongs into a stage of its own."""
    steps = draft.build.of_stage(draft.stage.index)
    for step in steps:
        if step.number not in draft.slices.runtime or step.member is None:
            continue
        for need, _ in step.needs:
            is_compiler = isinstance(need, Program) and need.name in _COMPILERS
            if is_compiler or isinstance(need, Toolchain):
                name = need.name if isinstance(need, Program) else " ".join(step.text.split())
                return Refusal(
                    span_of(step),
                    "compiles",
                    f"`{name}` makes something that is not a Python package",
                    "make it in a stage of its own and COPY what it makes",
                )
    for needs in draft.system.added.values():
        for wanted in needs:
            if serves_building(wanted.package):
                return Refusal(
                    draft.stage.start.value_span,
                    "compiler at run time",
                    f"{wanted.wanted_by} {wanted.why}, which the slim image does not have",
                    "make what it makes in a stage of its own and COPY it",
                )
    return None


def refuse_archived(draft: Draft) -> Refusal | None:
    """Where slim lacks something that no mirror has any more, and the file does not install packages all the same."""
    added = [need for needs in draft.system.added.values() for need in needs]
    asks = any(member.packages for members in draft.members.values() for member in members)
    if not added or asks or is_on_mirrors(draft.project, draft.image.suite_meant):
        return None
    suite, need = draft.image.suite_meant, added[0]
    return Refusal(
        draft.stage.start.value_span,
        "archived distribution",
        f"{need.wanted_by} {need.why}, which slim lacks, and no mirror has {suite} any more",
        "move to a Debian release that is supported, then split",
    )
