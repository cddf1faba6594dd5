"""The move of a file to the next supported Python: its edits, and what a resolver says about the packages there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.installs import RESOLVING, installs_of
from pydock.images.tags import tagged, version_order
from pydock.locks.installs.build_tools import is_build_tool
from pydock.locks.installs.lock_installs import syncs
from pydock.locks.installs.requests import Wanted, wanted
from pydock.locks.python.upgrade import Step, next_step
from pydock.locks.stale_locks import at_source
from pydock.project import Project
from pydock.project.bases import released, roots
from pydock.project.pins import Answer, Request
from pydock.project.python import release
from pydock.project.retag import retagged
from pydock.text import Edit
from pydock.values import Value


class Move(Value):
    """What can be said of a step: `edits` take the file there, and are empty where something stands in the way.

    `verdict` is a full sentence about the packages, or about what hinders; `doubts` are those of the edits.
    """

    verdict: str
    edits: tuple[Edit, ...] = ()
    tags: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def questions(project: Project) -> tuple[Request, ...]:
    """What a resolver should be asked where the Python has come to its end: the packages today, and on the next one."""
    found: list[Request] = []
    for minor in sorted({image.minor for _, image in roots(project) if image.version}):
        life = release(minor)
        step = next_step(project, minor) if life and life.end_of_life <= project.options.today else None
        path = _path(project, step) if step else None
        if isinstance(path, Move):
            entries = (*_asked(project), *_asked(_over(project, path)))
            found += [entry.request for entry in entries if entry.request]
    return tuple(dict.fromkeys(found))


def move(project: Project, step: Step) -> Move:
    """What a step would mean, by files and by what a resolver has answered."""
    path = _path(project, step)
    if isinstance(path, str):
        return Move(path)
    after = _over(project, path)
    if unknown := next(_unknown(after), ""):
        return Move(unknown)
    answers = [entry.answer(after) for entry in _asked(after)]
    known = [answer for answer in answers if answer is not None]
    if len(known) < len(answers):
        return Move("`pydock fix` asks a resolver whether its packages exist there.")
    for answer in known:
        if answer.why_not and not answer.is_final:
            return Move(f"Whether its packages exist there is not known: {answer.why_not}.")
        if answer.why_not:
            return Move(f"Its packages do not resolve there: {answer.why_not}.")
    before = [today for entry in _asked(project) if (today := entry.answer(project))]
    if new := sorted(_compiled(known) - _compiled(before)):
        return Move(f"There {', '.join(new)} would have to be compiled, for no wheel fits.")
    count = len({pin.name for answer in known for pin in answer.pins})
    verdict = f"All {count} packages resolve there, and what has wheels today has wheels there." if count else ""
    return Move(verdict or "It installs no packages.", path.edits, path.tags, path.doubts)


def _asked(project: Project) -> tuple[Wanted, ...]:
    """What installs ask for: not the pins of a lock, which were found for the Python that has come to its end."""
    return tuple(at_source(project, entry) for entry in wanted(project))


def _over(project: Project, path: Move) -> Project:
    return project.again(project.tree.edited(path.edits))


def _path(project: Project, step: Step) -> Move | str:
    """The edits that name the next version in every FROM, or what stands in the way."""
    edits: list[Edit] = []
    tags: list[str] = []
    doubts: list[str] = []
    for stage, image in roots(project):
        if image.minor != step.before:
            continue
        codename = image.suite_meant
        found = released(project, image, step.after.minor, codename) if image.is_debian else frozenset()
        if image.image.digest or not found:
            return f"There is no {step.after.minor} image to take the place of {image.image}."
        tag = tagged(max(found, key=version_order), image.variant, codename)
        retag = retagged(project, stage, tag)
        if retag is None:
            return f"The argument in the FROM of line {stage.start.number} has to be changed by hand."
        edits += retag.edits
        tags.append(tag)
        doubts += [retag.doubt] if retag.doubt else []
    if named := _names_version(project, step.before):
        return f"Line {named} names Python {step.before} itself."
    return Move("", tuple(dict.fromkeys(edits)), tuple(dict.fromkeys(tags)), tuple(doubts))


def _names_version(project: Project, minor: str) -> int:
    """The first line that names a minor version and is no FROM, 0 where there is none."""
    pattern = re.compile(rf"(?:python|pip|cp|py)-?{re.escape(minor)}\b|\bcp{minor.replace('.', '')}\b", re.I)
    for entry in project.dockerfile.instructions:
        if entry.keyword != "FROM" and pattern.search(project.dockerfile.slice(entry.span)):
            return entry.number
    return 0


def _unknown(project: Project) -> Iterator[str]:
    """Installs that no resolver can be asked about."""
    if not project.tree.known:
        yield "What it installs and runs is not known without its folder."
    entries = _asked(project)
    yield from (_unaskable(entry) for entry in entries if entry.request is None)
    covered = {entry.install.command for entry in entries}
    for stage in project.dockerfile.stages:
        for sync in syncs(project, stage):
            yield f"Its packages are locked by {sync.tool}, whose lock has to be made again for it."
        for install in installs_of(project, stage, RESOLVING):
            named = any(not is_build_tool(word.value or "") for word in install.packages)
            if install.command not in covered and (install.files or install.editables or named):
                yield f"What line {install.instruction.number} installs is not known to a resolver."


def _unaskable(entry: Wanted) -> str:
    why = entry.why_not or "its interpreter is not known"
    return f"What line {entry.install.instruction.number} installs is not known to a resolver: {why}."


def _compiled(answers: list[Answer]) -> set[str]:
    return {pin.name for answer in answers for pin in answer.pins if pin.is_compiled and not pin.place}
