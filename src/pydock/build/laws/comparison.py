"""Laws 11 and 12: no step and no process of a rewritten file lacks what it had, and the image loses nothing unsaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydock.build.laws.drops import gone
from pydock.build.laws.identity import Identity, by_identity, identity, in_all, makers
from pydock.build.laws.losses import lost
from pydock.build.laws.readings import readings_lost, values_lost
from pydock.build.laws.violation import Declared, Violation, named, quoted, why_missing
from pydock.build.model import Build, Step
from pydock.patterns import regex
from pydock.state import Answer, Found, Need
from pydock.state.needs import Below, File, PackageLists

# What tools generate, tests, and the files of the build itself: of no use to a step that reads a folder whole.
GENERATED = regex(
    r"(?:.*/)?(?:\.git|\.github|\.idea|\.vscode|__pycache__|\.(?:pytest|mypy|ruff)_cache|\.?venv|node_modules|tests?)/.*"
    r"|(?:.*/)?(?:(?:[\w.-]*[.-])?Dockerfile[\w.-]*|[\w.-]*\.dockerignore|\.gitignore|\.env[\w.-]*"
    r"|[\w.-]*\.(?:log|py[cod])"
    r"|\.DS_Store|(?:docker-)?compose[\w.-]*\.ya?ml)"
)


def broken(before: Build, after: Build, declared: Declared | None = None) -> tuple[Violation, ...]:
    """What steps, processes and the final image of `before` had and those of `after` lack, most certain first.

    What lacked before may lack now. Nothing is run: what no table and no effect knows is not seen here.
    """
    allowed = declared or Declared()
    found = [*_lacking(before, after), *_reading(before, after, allowed), *readings_lost(before, after)]
    found += [*values_lost(before, after), *gone(before, after, allowed), *lost(before, after, allowed)]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.is_doubt, each.law, each.line or 0)))


def _lacking(before: Build, after: Build) -> Iterator[Violation]:
    """Steps with a need that is not met; a new step has to have all it needs."""
    known = by_identity(before)
    everywhere = {need for step in before.steps for need, found in step.needs if found.answer is Answer.NO}
    for step in after.steps:
        yield from _from_nowhere(before, after, step)
        old = known.get(identity(step), ())
        had = in_all(each.needs for each in old)
        lacked = {need for each in old for need, found in each.needs if found.answer is Answer.NO} or (
            set() if old else everywhere
        )
        for need, found in step.needs:
            if found.answer is Answer.NO and need not in lacked:
                why = why_missing(after, step, need)
                yield Violation(11, step.line, f"line {step.line} {quoted(step)} needs {named(need)}, {why}")
            elif found.answer is Answer.UNKNOWN and need in had:
                yield from _less_sure(before, after, step, need, had[need], found)


def _from_nowhere(before: Build, after: Build, step: Step) -> Iterator[Violation]:
    """A COPY from what was a stage, and is none any more: the builder would look for an image of that name."""
    origin = step.instruction.flag("from") if step.keyword in {"COPY", "ADD"} else None
    if origin is None or before.dockerfile.stage_named(origin) is None:
        return
    stage = after.dockerfile.stage_named(origin)
    if stage is None or stage.index >= step.stage:
        text = f"line {step.line} {quoted(step)} needs the stage {origin}, which is not above it"
        yield Violation(11, step.line, text)


def _less_sure(before: Build, after: Build, step: Step, need: Need, was: Found, found: Found) -> Iterator[Violation]:
    place = f"line {step.line} {quoted(step)}"
    if was.answer is Answer.YES:
        yield Violation(11, step.line, f"{place} had {named(need)}, and may lack it", is_doubt=True)
    elif missing := makers(before, was) - makers(after, found):
        maker = " ".join(min(missing))
        yield Violation(11, step.line, f"{place} may have had {named(need)} of `{maker}`, not above it", is_doubt=True)


def _reading(before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    """Steps that read a folder as a whole, and find fewer files in it; and installs with older package lists."""
    known = by_identity(before)
    for step in after.steps:
        old = known.get(identity(step), ())
        for need in step.reads if old else ():
            read = [each.reads[need] for each in old if need in each.reads]
            if not read:
                continue
            missing = _wanted(frozenset.intersection(*read) - step.reads[need], old[0], declared)
            if missing:
                names = ", ".join(sorted(missing)[:3])
                text = f"line {step.line} {quoted(step)} read {names}, which is not above it"
                yield Violation(11, step.line, text)
        yield from _older_lists(before, after, step, old)


def _wanted(paths: frozenset[str], step: Step, declared: Declared) -> frozenset[str]:
    return frozenset(
        path for path in paths if not GENERATED.fullmatch(path) and step.before.origins.get(path) not in declared.unsent
    )


def _older_lists(before: Build, after: Build, step: Step, old: tuple[Step, ...]) -> Iterator[Violation]:
    """An install from sources that the last update of the package lists did not know."""
    if not old or not any(need == Below("/etc/apt") for need, _ in step.takes):
        return
    had = frozenset.intersection(*(_sources(before, each) for each in old))
    if missing := had - _sources(after, step):
        maker = " ".join(min(missing))
        text = f"line {step.line} {quoted(step)} needs the source of `{maker}`, which the package lists do not know"
        yield Violation(11, step.line, text)


def _sources(build: Build, step: Step) -> frozenset[Identity]:
    """The steps whose apt settings the lists that an install reads know."""
    lists = next((found for need, found in step.needs if need == PackageLists()), Found(Answer.NO))
    update = max((number for number in lists.makers if number >= 0), default=None)
    if update is None:
        return frozenset()
    takes: Mapping[Need, Found] = dict(build.steps[update].takes)
    return frozenset().union(
        *(makers(build, found) for need, found in takes.items() if isinstance(need, Below) and _is_source(need))
    )


def _is_source(need: Below | File) -> bool:
    return need.path in {"/etc/apt", "/usr/share/keyrings"}
