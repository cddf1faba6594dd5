"""Build arguments that hold secrets, passed as secrets of the build instead.

A RUN that mounts one sees it as a file, and leaves it in no layer and no history; the variable keeps its name, so that
the command does. https://docs.docker.com/build/building/secrets/, read 2026-11.
"""

from __future__ import annotations

from pydock.build.containers.entry_point import is_windows
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.text import Edit, Fix, Safety, Span, variables


def as_build_secret(project: Project, stage: Stage, declared: Instruction) -> Fix | None:
    """The secret mounts in place of an ARG, in each RUN that names it.

    None where something else than a RUN names the argument, where no RUN does, for each of them may read it from its
    environment then, and where a RUN is no plain shell command.
    """
    if project.options.portable or len(declared.assignments) != 1 or declared.assignments[0].value:
        return None
    name = declared.assignments[0].name
    named = [entry for entry in _below(stage, declared) if _names(entry, name)]
    if not named or not all(_is_plain(project, entry) for entry in named) or _is_taken_elsewhere(project, stage, name):
        return None
    secret = name.lower()
    edits = [Edit(project.path, declared.span, "")]
    for run in named:
        flag, at = run.span.start + len(run.keyword), run.value_span.start
        mount = project.dockerfile.written(f" --mount=type=secret,id={secret}")
        exported = project.dockerfile.written(f'export {name}="$(cat /run/secrets/{secret})" \\\n    && ')
        edits += [Edit(project.path, Span(flag, flag), mount), Edit(project.path, Span(at, at), exported)]
    doubt = f"the build has to pass it in another way: docker build --secret id={secret},env={name} ..."
    note = "compose and workflows pass it by `secrets` of the build: https://docs.docker.com/build/building/secrets/"
    return Fix(f"pass {name} as a secret of the build", Safety.UNSAFE, tuple(edits), doubts=(doubt,), notes=(note,))


def _below(stage: Stage, declared: Instruction) -> tuple[Instruction, ...]:
    return stage.instructions[stage.instructions.index(declared) + 1 :]


def _names(entry: Instruction, name: str) -> bool:
    return any(name in variables(text) for text in (entry.logical.text, *entry.documents))


def _is_plain(project: Project, entry: Instruction) -> bool:
    """Whether it is a RUN that a POSIX shell reads, without heredocs."""
    return entry.keyword == "RUN" and not (entry.heredocs or entry.exec_form or is_windows(project))


def _is_taken_elsewhere(project: Project, stage: Stage, name: str) -> bool:
    """Whether a stage on top of this one sees the argument, too, or one above FROM gives it a value."""
    inherited = (each for each in project.dockerfile.stages if each is not stage and stage in project.lineage(each))
    return name in project.dockerfile.global_arguments or any(
        _names(entry, name) for each in inherited for entry in each.instructions
    )
