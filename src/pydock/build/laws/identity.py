"""Steps of one version of a file found again in another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from pydock.build.model import Build, Step
from pydock.patterns import regex
from pydock.state import Answer, Found, Need

Identity = tuple[str, ...]
_NOISE = regex(
    r"(?:-y|-qq?|--yes|--no-install-recommends|--no-cache-dir|--no-cache|--quiet|exec|sudo|--disable-pip-version-check"
    r"|--break-system-packages|--system|--root-user-action=\w+|--no-input)\Z"
)
_LIST = regex(r"(?:.*/)?([\w.-]+?)\.(?:txt|in|lock|toml)\Z")


def identity(step: Step) -> Identity:
    """What a step is known again by: its key, without the options and paths that a rewrite may set."""
    if step.key[0] != "RUN" or len(step.key) < 2:
        return step.key
    words = [word for word in step.key[1].split() if not _NOISE.match(word)]
    if words and "/" in words[0] and posixpath.basename(posixpath.dirname(words[0])) == "bin":
        words[0] = posixpath.basename(words[0])
    return ("RUN", *(found[1] if (found := _LIST.match(word)) else word for word in words))


def by_identity(build: Build) -> Mapping[Identity, tuple[Step, ...]]:
    found: dict[Identity, tuple[Step, ...]] = {}
    for step in build.steps:
        known = identity(step)
        found[known] = (*found.get(known, ()), step)
    return found


def makers(build: Build, found: Found) -> frozenset[Identity]:
    """The steps behind an answer, the base image left out; behind a COPY from a stage all that this stage did."""
    steps = [build.steps[number] for number in found.makers if 0 <= number < len(build.steps)]
    known = {identity(step) for step in steps}
    for step in steps:
        origin = step.instruction.flag("from") if step.keyword in {"COPY", "ADD"} else None
        stage = build.dockerfile.stage_named(origin) if origin else None
        known.update(identity(each) for each in (build.of_stage(stage.index) if stage is not None else ()))
    return frozenset(known)


def in_all(entries: Iterable[Iterable[tuple[Need, Found]]]) -> dict[Need, Found]:
    """The needs that each of several steps has, with the weakest answer and the makers that all of them have."""
    each = [dict(pairs) for pairs in entries]
    if not each:
        return {}
    shared = set(each[0]).intersection(*each[1:])
    found = {}
    for need in shared:
        answers = [one[need] for one in each]
        weakest = next((a.answer for a in answers if a.answer is not Answer.YES), Answer.YES)
        found[need] = Found(weakest, frozenset.intersection(*(a.makers for a in answers)))
    return found
