"""Where a new instruction belongs: from what rarely changes to what changes often."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydock.build.steps import read_steps
from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.system.apt import apt_runs
from pydock.text import Edit, Span

_USER_PROGRAMS = frozenset({"useradd", "adduser", "groupadd", "addgroup", "usermod"})
_STARTS = frozenset({"CMD", "ENTRYPOINT"})
_PASSED_OVER = frozenset({"ARG", "ENV", "LABEL", "MAINTAINER", "SHELL", "STOPSIGNAL", "EXPOSE", "WORKDIR"})
_PYTHON = regex(r"PYTHON\w+|LANG|LC_ALL")
_SEARCHED = regex(r"PATH|VIRTUAL_ENV|PIP_\w+")
_LIKES = (_PYTHON, _SEARCHED)
_UV_LIKES = (regex(r"UV_\w+"),)
_OLD_STYLE = regex(r"(\w+)(\s+)([\w./:-]+)")


def creates_user(project: Project, run: Instruction) -> bool:
    calls = read_steps(project).commands_in(run) if run.keyword == "RUN" else ()
    return any(call.program in _USER_PROGRAMS for call in calls)


def last_of_system(project: Project, stage: Stage) -> Instruction:
    """The last of the instructions at the top that install system packages or create users, else FROM.

    ARGs and the like that follow it directly are counted in, since something may need them there.
    """
    system = {entry.run for entry in apt_runs(project, stage)}
    found, is_direct = stage.start, True
    for instruction in stage.instructions[1:]:
        if instruction in system or creates_user(project, instruction):
            found, is_direct = instruction, True
        elif instruction.keyword in {"ARG", "LABEL", "MAINTAINER", "SHELL"} and is_direct:
            found = instruction
        elif instruction.keyword in _PASSED_OVER or makes_folder(project, instruction):
            is_direct = False
        else:
            break
    return found


def makes_folder(project: Project, instruction: Instruction) -> bool:
    """Whether it is a RUN that does nothing but `mkdir`."""
    calls = read_steps(project).commands_in(instruction) if instruction.keyword == "RUN" else ()
    return [call.program for call in calls if call.is_alone] == ["mkdir"] and len(calls) == 1


def inserted_after(project: Project, instruction: Instruction, text: str) -> Edit:
    """A new instruction on the line behind another one; `text` has no line end.

    Behind a heredoc comes a blank line first: hadolint cannot read the file otherwise.
    """
    dockerfile = project.dockerfile
    end = instruction.span.end
    gap = "\n" if instruction.heredocs else ""
    is_open = not dockerfile.text[:end].endswith("\n")
    written = dockerfile.written(f"\n{gap}{text}" if is_open else f"{gap}{text}\n")
    return Edit(project.path, Span(end, end), written)


def inserted_above_start(project: Project, stage: Stage, text: str) -> Edit:
    """A new instruction right above CMD and ENTRYPOINT of a stage and the comment that belongs to them.

    At the end of the stage where it has neither; `text` has no line end.
    """
    entries = stage.instructions
    at = next((at for at in range(len(entries) - 1, 0, -1) if entries[at].keyword in _STARTS), None)
    if at is None:
        return inserted_after(project, entries[-1], text)
    while entries[at - 1].keyword in _STARTS:
        at -= 1
    lead, dockerfile = entries[at].lead, project.dockerfile
    place = lead.end
    for line in reversed(dockerfile.text[lead.start : lead.end].split("\n")[:-1]):
        if not line.strip():
            break
        place -= len(line) + 1
    gap = "\n" if entries[at - 1].heredocs and place == lead.start else ""
    return Edit(project.path, Span(place, place), dockerfile.written(f"{gap}{text}\n"))


def environment_edits(
    project: Project, lines: Sequence[str], stage: Stage | None = None, *, above: Instruction | None = None
) -> tuple[Edit, ...]:
    """New variables for a stage, the final one by itself, in the ENV that has its like, else in one of their own.

    Each line holds one or more `NAME=value`. `above`: the instruction that they have to be set for.
    """
    stage = stage or project.final
    entries = stage.instructions[: stage.instructions.index(above)] if above else stage.instructions
    home = _environment_home(entries, _LIKES if above is None else _UV_LIKES)
    if home is None:
        body = " \\\n    ".join(lines)
        place = last_of_system(project, stage)
        place = place if above is None or place in entries else stage.start
        return (inserted_after(project, place, f"ENV {body}"),)
    dockerfile, end = project.dockerfile, home.value_span.end
    indent = _indent(dockerfile.slice(home.value_span))
    body = "".join(f" \\\n{indent}{line}" for line in lines)
    added = Edit(project.path, Span(end, end), dockerfile.written(body))
    old = _OLD_STYLE.fullmatch(home.value)
    if not old:
        return (added,)
    return (Edit(project.path, home.place(old.start(2), old.end(2)), "="), added)


def _indent(value: str) -> str:
    last = value.rpartition("\n")[2]
    return last[: len(last) - len(last.lstrip())] or "    "


def _environment_home(entries: Sequence[Instruction], likes: Sequence[re.Pattern[str]]) -> Instruction | None:
    """The last ENV among instructions that new variables go with, by the names that it sets."""
    for pattern in likes:
        for instruction in reversed([entry for entry in entries if entry.keyword == "ENV"]):
            is_new_style = bool(instruction.words) and "=" in instruction.words[0].text
            if any(pattern.fullmatch(entry.name) for entry in instruction.assignments) and (
                is_new_style or (pattern is not _SEARCHED and _OLD_STYLE.fullmatch(instruction.value))
            ):
                return instruction
    return None
