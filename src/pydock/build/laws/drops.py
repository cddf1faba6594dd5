"""Steps that are in no stage of a result any more, and the reasons that a rewrite may have for it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build.keys import list_stem
from pydock.build.laws.identity import by_identity, identity
from pydock.build.laws.violation import Declared, Violation, quoted
from pydock.build.model import Build, Step
from pydock.effects.python.installing import TOOLS
from pydock.state import Answer, Kind
from pydock.state.needs import Below, Distribution, File, Folder, Place

# Instructions whose part is told by the image and its processes.
_TOLD_ELSEWHERE = frozenset({"FROM", "ARG", "ENV", "WORKDIR", "USER", "CMD", "ENTRYPOINT", "HEALTHCHECK", "LABEL"})
_TOLD_ELSEWHERE |= {"EXPOSE", "VOLUME", "STOPSIGNAL", "SHELL", "MAINTAINER"}
_KINDS = frozenset({"apt", "apk", "dnf", "yum", "microdnf"})


def gone(before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    """A step that is in no stage of the result, and no reason for it."""
    known = by_identity(after)
    brought = [thing for state in after.stages for thing in state.things]
    # What an `if` installs is in no image for sure.
    brought += [thing for step in after.steps if step.installs is not None for thing in step.provides]
    installed = {thing.name for thing in brought if isinstance(thing, Distribution)}
    for step in before.steps:
        if identity(step) in known or step.keyword in _TOLD_ELSEWHERE:
            continue
        if step.installs is not None:
            yield from _uninstalled(step, after, installed, declared)
        elif not _has_reason(step, after):
            is_doubt = _has_kin(step, after)
            yield Violation(11, None, f"{quoted(step)} of line {step.line} is in no stage any more", is_doubt)


def _has_reason(step: Step, after: Build) -> bool:
    if step.is_tool or step.is_setting or step.is_upkeep or step.only_removes:
        return True
    if step.key[0] == "COPY" and step.key[1:] == ("", "."):
        return _lands(step, after)
    if step.keyword in {"COPY", "ADD"}:
        return not step.opens or bool(step.provides) or _covers(step, after)
    if step.key[0] in _KINDS and step.operand is not None:
        # Packages of the system are compared by name.
        return True
    if not (step.opens or step.changes):
        return True
    things = [thing for thing in step.provides if not isinstance(thing, Folder)]
    if things and not step.opens and all(after.final.find(thing).answer is Answer.YES for thing in things):
        return True
    # What was changed is there no longer: the law about the image tells of it.
    paths = [thing for thing in step.changes if isinstance(thing, File | Folder)]
    return bool(paths) and not step.opens and all(path not in after.final.things for path in paths)


def _lands(step: Step, after: Build) -> bool:
    """Whether what a COPY of the whole context brings is in the final image all the same."""
    paths = [thing for thing in step.provides if isinstance(thing, File)]
    is_read = any(each.key[:2] == ("COPY", "") for each in after.steps)
    return is_read and all(thing in after.final.things for thing in paths if "Dockerfile" not in thing.path)


def _covers(step: Step, after: Build) -> bool:
    """Whether a COPY of what lies above brings the same."""
    source = posixpath.normpath(step.key[2] if len(step.key) > 2 else step.word or "")
    above = {step.key[2] for step in after.steps if step.key[0] == "COPY" and len(step.key) > 2}
    return "." in above or any(source.startswith(f"{path}/") for path in above)


def _has_kin(step: Step, after: Build) -> bool:
    """Whether a step of the result begins as this one does: a loop or a list of alternatives that was edited."""
    words = identity(step)[1:4] if step.key[0] == "RUN" else identity(step)[:2]
    return any(identity(other)[1 : 1 + len(words)] == words for other in after.steps if other.keyword == step.keyword)


def _uninstalled(step: Step, after: Build, installed: set[str], declared: Declared) -> Iterator[Violation]:
    """An install whose packages are in no environment of the result."""
    names = {thing.name for thing in step.provides if isinstance(thing, Distribution)}
    missing = frozenset() if declared.drops_development else names - installed - TOOLS
    if missing:
        text = f"nothing installs {', '.join(sorted(missing)[:5])} any more, as {quoted(step)} of line {step.line} did"
        yield Violation(11, None, text)
    elif not names and any(Kind.DISTRIBUTION in opened.kinds for opened in step.opens):
        lists = _lists(step)
        if not any(other.installs is not None and (_lists(other) & lists or not lists) for other in after.steps):
            yield Violation(11, None, f"{quoted(step)} of line {step.line} is in no stage any more")


def _lists(step: Step) -> frozenset[str]:
    """The names of the lists and folders that an install reads, without endings."""
    paths = [need.path for need, _ in step.needs if isinstance(need, File | Place | Below)]
    return frozenset(posixpath.splitext(list_stem(posixpath.basename(path)))[0] for path in paths)
