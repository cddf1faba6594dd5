"""Where a service stands: what has to be decided before its patch can be merged, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from pydock.engine import Report
from pydock.migrate.records.record import Reason, State
from pydock.project import Project
from pydock.project.secrets import mask
from pydock.rule import Finding
from pydock.split import Refusal, split
from pydock.system.distribution import runs_python
from pydock.text import Safety

# The fixes that a migration is about: without one of them the patch is only a part of it.
_HEART = frozenset({"floating-base-image", "single-stage", "mixed-distributions", "musl-base", "root-user"})
_HEART |= {"broken-user-install", "source-before-dependencies", "development-server", "loopback-bind"}
# What no rewrite cures, and what nobody would call good.
GRAVE = frozenset({"end-of-life-python", "secret-in-image", "credentials-in-index-url", "dangling-stage"})


def is_python(project: Project) -> bool:
    """Whether any stage has to do with Python."""
    return any(runs_python(project, stage) for stage in project.dockerfile.stages)


def judged(report: Report, known: Sequence[str]) -> tuple[State, Reason | None, tuple[str, ...]]:
    """The state, the reason of a refusal, and the decisions that are open beside those that are known."""
    open_questions = [*known, *_held(report), *_unbuildable(report)]
    if report.changed and open_questions:
        state = State.DECISION
    elif report.changed:
        state = State.READY
    else:
        open_questions += _offered(report, open_questions) + _grave(report)
        state = State.DECISION if open_questions else State.GOOD
    decisions = tuple(dict.fromkeys(open_questions))
    reason = _refusal(report)
    return (State.REFUSED if reason else state), reason, decisions


def _refusal(report: Report) -> Reason | None:
    """Why the stage is not split and where, in the lines of the original where it was refused there already."""
    if not any(finding.rule.name == "single-stage" and finding.fix is None for finding in report.remaining):
        return None
    for project in (report.project, report.result):
        found = split(project)
        if isinstance(found, Refusal):
            return Reason(mask(found.why), mask(found.advice), project.line(found.span))
    return None


def _held(report: Report) -> list[str]:
    """The fixes at the heart of a migration that wait for a decision, each with its doubts."""
    return [_question(finding) for finding in report.held_back if finding.rule.name in _HEART and _is_unsafe(finding)]


def _unbuildable(report: Report) -> list[str]:
    """What is copied from a stage that is not there: no patch can be tried before that is mended."""
    starts = {stage.start.body for stage in report.result.dockerfile.stages}
    return [
        f"{mask(finding.message)}: {mask(finding.advice)}"
        for finding in report.remaining
        if finding.rule.name == "dangling-stage" and finding.span not in starts
    ]


def _offered(report: Report, known: Sequence[str]) -> list[str]:
    """Where nothing is done, every fix that could be done is a question."""
    asked = [_question(finding) for finding in report.held_back if _is_unsafe(finding)]
    return [question for question in asked if question not in known]


def _grave(report: Report) -> list[str]:
    """Where nothing is done, what is left to a person and keeps the service from being good."""
    left = [finding for finding in report.remaining if not _is_unsafe(finding)]
    return [mask(finding.message) for finding in left if finding.rule.name in GRAVE | _HEART]


def _is_unsafe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safety is Safety.UNSAFE


def _question(finding: Finding) -> str:
    assert finding.fix is not None
    doubts = "; ".join(finding.fix.doubts)
    return mask(f"{finding.fix.title}{f' ({doubts})' if doubts else ''}")
