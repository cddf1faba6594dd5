"""Laws 11 and 12: no step and no process of a rewritten file lacks what it had, and the image loses nothing unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydock.build.laws.drops import gone
from pydock.build.laws.identity import Comparison, by_identity, identity, in_all
from pydock.build.laws.losses import lost
from pydock.build.laws.readings import readings_lost, values_lost
from pydock.build.laws.violation import Declared, Violation, named, quoted, why_missing
from pydock.build.model import Build, Step
from pydock.patterns import regex
from pydock.state import BASE, Answer, Found, Need
from pydock.state.needs import Below, PackageLists
from pydock.values import Value

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
    both = Comparison(before, after)
    found = [*_lacking(both), *_reading(both, allowed), *readings_lost(both), *values_lost(before, after)]
    found += [*gone(before, after, allowed), *lost(before, after, allowed)]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.is_doubt, each.law, each.line or 0)))


class _Old(Value):
    """What steps of the file before had that are known again by the same words."""

    had: Mapping[Need, Found]
    lacked: frozenset[Need]


def _lacking(both: Comparison) -> Iterator[Violation]:
    """Steps with a need that is not met; a new step has to have all it needs."""
    steps = by_identity(both.before)
    old = {known: _Old(in_all(each.needs for each in own), _unmet(own)) for known, own in steps.items()}
    new = _Old({}, _unmet(both.before.steps))
    for step in both.after.steps:
        yield from _from_nowhere(both.before, both.after, step)
        was = old.get(identity(step), new)
        for need, found in step.needs:
            if found.answer is Answer.NO and need not in was.lacked:
                why = why_missing(both.after, step, need)
                yield Violation(11, step.line, f"line {step.line} {quoted(step)} needs {named(need)}, {why}")
            elif found.answer is Answer.UNKNOWN and need in was.had:
                yield from _less_sure(both, step, need, was.had[need], found)


def _unmet(steps: Iterable[Step]) -> frozenset[Need]:
    return frozenset(need for step in steps for need, found in step.needs if found.answer is Answer.NO)


def _from_nowhere(before: Build, after: Build, step: Step) -> Iterator[Violation]:
    """A COPY from what was a stage, and is none any more: the builder would look for an image of that name."""
    origin = step.instruction.flag("from") if step.keyword in {"COPY", "ADD"} else None
    if origin is None or before.dockerfile.stage_named(origin) is None:
        return
    stage = after.dockerfile.stage_named(origin)
    if stage is None or stage.index >= step.stage:
        text = f"line {step.line} {quoted(step)} needs the stage {origin}, which is not above it"
        yield Violation(11, step.line, text)


def _less_sure(both: Comparison, step: Step, need: Need, was: Found, found: Found) -> Iterator[Violation]:
    place = f"line {step.line} {quoted(step)}"
    if was.answer is Answer.YES:
        yield Violation(11, step.line, f"{place} had {named(need)}, and may lack it", is_doubt=True)
    elif missing := both.missing([was], [found]):
        maker = " ".join(min(missing))
        yield Violation(11, step.line, f"{place} may have had {named(need)} of `{maker}`, not above it", is_doubt=True)


def _reading(both: Comparison, declared: Declared) -> Iterator[Violation]:
    """Steps that read a folder as a whole, and find fewer files in it; and installs with older package lists."""
    known = by_identity(both.before)
    for step in both.after.steps:
        old = known.get(identity(step), ())
        for need, image in step.reads.items() if old else ():
            read = [frozenset(each.reads[need].files_below(need.path)) for each in old if need in each.reads]
            if not read:
                continue
            lost = frozenset.intersection(*read).difference(image.files_below(need.path))
            missing = _wanted(lost, old[0], declared)
            if missing:
                names = ", ".join(sorted(missing)[:3])
                text = f"line {step.line} {quoted(step)} read {names}, which is not above it"
                yield Violation(11, step.line, text)
        yield from _older_lists(both, step, old)


def _wanted(paths: frozenset[str], step: Step, declared: Declared) -> frozenset[str]:
    return frozenset(
        path for path in paths if not GENERATED.fullmatch(path) and step.before.origins.get(path) not in declared.unsent
    )


def _older_lists(both: Comparison, step: Step, old: tuple[Step, ...]) -> Iterator[Violation]:
    """An install from sources that the last update of the package lists did not know."""
    if not old or not any(need == Below("/etc/apt") for need, _ in step.takes):
        return
    knows = _sources(both.after, step)
    if missing := frozenset.intersection(*(both.missing(_sources(both.before, each), knows) for each in old)):
        maker = " ".join(min(missing))
        text = f"line {step.line} {quoted(step)} needs the source of `{maker}`, which the package lists do not know"
        yield Violation(11, step.line, text)


def _sources(build: Build, step: Step) -> list[Found]:
    """The steps whose apt settings the lists that an install reads know."""
    lists = next((found for need, found in step.needs if need == PackageLists()), None)
    update = max(lists.makers, default=BASE) if lists is not None else BASE
    if update == BASE:
        return []
    return [found for need, found in build.steps[update].takes if isinstance(need, Below) and _is_source(need)]


def _is_source(need: Below) -> bool:
    return need.path in {"/etc/apt", "/usr/share/keyrings"}
