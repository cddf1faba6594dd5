"""What a run has to say about one Dockerfile, as plain values that every format is written from.

An Answer holds no project and no rule, so it can cross a process boundary. What is said in it
has gone through the mask for secrets, so no format can print one by accident.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pydock.engine import Report
from pydock.errors import ConfigurationError, PydockError
from pydock.project import Project
from pydock.project.secrets import Mask
from pydock.rule import Finding, Level, Rule
from pydock.service.files import secret_values
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import Value

if TYPE_CHECKING:
    from pydock.bench import Proof

MOST_LINES = 3
_MARK = "\ufeff"


class Replacement(Value):
    """One edit of a fix: what stands from a line and column, from 1, up to another gives way to a text.

    Columns are characters, a byte order mark is none of them; the first and the last place are
    the same where something is inserted, and 1, 1 in a file that is new.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Offer(Value):
    """The fix of a finding, in words.

    `edits` are all of it, or none: where nobody asked for them, where one would show a secret, and
    where one writes bytes that are not UTF-8.
    """

    title: str
    safety: Safety
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    edits: tuple[Replacement, ...] = ()


class Entry(Value):
    """A finding with its place, from 1, and the source lines it stands on.

    `end_column` is the column behind the last character; `source` is cut after a few lines.
    `anchor` is what the finding stands on, in words that stay the same wherever its line moves.
    """

    code: str
    name: str
    level: Level
    message: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    source: tuple[str, ...]
    cost: str
    advice: str
    fix: Offer | None
    anchor: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Broken(Value):
    """One thing that a fix would have broken: `line` is one of the file it would have made, None for what is gone."""

    law: int
    line: int | None
    what: str


class NotApplied(Value):
    """A finding whose fix was left out, since it would have broken the service."""

    entry: Entry
    broken: tuple[Broken, ...]


class Changed(Value):
    """One file with its text before, None where there was no file, and after.

    `path` is what a patch calls it. These texts and the new Dockerfile are not masked; `Answer.shown` are.
    """

    path: str
    before: str | None
    after: str


class Failure(Value):
    """Why there is no answer."""

    message: str
    hint: str


class Answer(Value):
    """Everything that is said about one Dockerfile; `path` is what the person called it.

    After `check` only `findings` are filled, after `fix` also what was settled, refused and what remains,
    the changed files and the Dockerfile's new text, after `fix --verify` its proof. `rules` are the
    codes of those that were asked, `known` counts the findings that a baseline leaves out, `fail_level` is the least
    that a person wants to fail for. `losses` say what
    could not be kept of files that were written: their owner, other names of them. `mask` hides
    what was found to be secret.
    """

    path: str
    findings: tuple[Entry, ...] = ()
    settled: tuple[Entry, ...] = ()
    refused: tuple[NotApplied, ...] = ()
    remaining: tuple[Entry, ...] = ()
    changes: tuple[Changed, ...] = ()
    text: str = ""
    failure: Failure | None = None
    proof: Proof | None = None
    rules: tuple[str, ...] = ()
    known: int = 0
    fail_level: Level = Level.NOTE
    losses: tuple[str, ...] = ()
    mask: Mask = Mask()

    @property
    def shown(self) -> tuple[Changed, ...]:
        """The changes for the eye: without secrets."""
        return tuple(
            Changed(each.path, None if each.before is None else self.mask(each.before), self.mask(each.after))
            for each in self.changes
        )

    @property
    def is_failing(self) -> bool:
        """Whether there is a finding of the level that a person wants to fail for."""
        return any(entry.level.rank <= self.fail_level.rank for entry in self.findings)

    @property
    def is_unproven(self) -> bool:
        """Whether a proof was asked for and nothing could be compared, so that nothing was applied."""
        return self.proof is not None and self.proof.is_unknown

    @property
    def is_partly_refused(self) -> bool:
        """Whether fixes were left out because they make a difference."""
        return self.proof is not None and bool(self.proof.left_out)


@lru_cache(maxsize=4096)
def _masked(mask: Mask, text: str) -> str:
    """The same few sentences are said about every project."""
    return mask(text)


def checked(
    project: Project, shown: str, findings: Iterable[Finding], rules: Iterable[Rule] = (), *, is_detailed: bool = False
) -> Answer:
    """The answer of `check` by these rules; a detailed one has the edits of the fixes."""
    mask = secret_values.mask(project)
    entries = tuple(_entry(project, shown, finding, mask, is_detailed=is_detailed) for finding in findings)
    return Answer(shown, entries, rules=tuple(rule.code for rule in rules), mask=mask)


def fixed(report: Report, shown: str, patch: str, proof: Proof | None = None, *, is_detailed: bool = False) -> Answer:
    """The answer of `fix`; `patch` is put before the paths of changed files."""
    before, after = report.project.tree, report.result.tree
    mask = mask_of(report)

    def entry(project: Project, finding: Finding) -> Entry:
        return _entry(project, shown, finding, mask, is_detailed=is_detailed)

    return Answer(
        shown,
        tuple(entry(report.project, finding) for finding in report.findings),
        tuple(entry(report.project.again(step.before), finding) for step in report.rounds for finding in step.settled),
        tuple(
            NotApplied(
                entry(report.project.again(each.before), each.finding),
                tuple(Broken(one.law, one.line, _masked(mask, one.what)) for one in each.violations),
            )
            for each in report.refused
        ),
        tuple(entry(report.result, finding) for finding in report.remaining),
        tuple(
            Changed(patch + path, before.text(path), after.changes[path])
            for path in sorted(report.changed, key=lambda path: (path != report.project.path, path))
        ),
        report.result.dockerfile.text,
        proof=mask.over(proof) if proof else None,
        mask=mask,
    )


def mask_of(report: Report) -> Mask:
    """Hides what is written out before and after a rewrite."""
    before, after = secret_values.mask(report.project), secret_values.mask(report.result)
    return before if before == after else Mask(tuple(dict.fromkeys((*before.exact, *after.exact))))


def failed(shown: str, error: PydockError, path: str = "") -> Answer:
    """The answer where there is none; `path`, where a message begins with it, becomes the shown one."""
    message = error.message
    if path and message.startswith(f"{path}:"):
        message = shown + message.removeprefix(path)
    elif not isinstance(error, ConfigurationError) and not message.startswith(shown):
        message = f"{shown}: {message}"
    return Answer(shown, failure=Failure(_masked(Mask(), message), _masked(Mask(), error.hint)))


def _entry(project: Project, shown: str, finding: Finding, mask: Mask, *, is_detailed: bool) -> Entry:
    path = finding.path or project.path
    text = project.tree.text(path) or ""
    region = _region(text, Span(finding.span.start, _last(text, finding.span)))
    hidden = _masked(mask, text)
    return Entry(
        finding.rule.code,
        finding.rule.name,
        finding.level,
        _masked(mask, finding.message),
        _shown(project, shown, path),
        *region,
        _lines(hidden, region[0], min(region[2], region[0] + MOST_LINES - 1)),
        _masked(mask, finding.cost),
        _masked(mask, finding.advice),
        _offer(project, shown, finding.fix, mask, is_detailed=is_detailed) if finding.fix else None,
        _anchor(project, finding, _lines(hidden, region[0], region[2])),
    )


def _offer(project: Project, shown: str, fix: Fix, mask: Mask, *, is_detailed: bool) -> Offer:
    edits = tuple(_replacement(project, shown, edit) for edit in fix.edits) if is_detailed else ()
    doubts, notes = (tuple(_masked(mask, each) for each in told) for told in (fix.doubts, fix.notes))
    is_told = all(_may_be_told(edit, mask) for edit in edits)
    return Offer(_masked(mask, fix.title), fix.safety, doubts, notes, edits if is_told else ())


def _replacement(project: Project, shown: str, edit: Edit) -> Replacement:
    region = _region(project.tree.text(edit.path) or "", edit.span)
    return Replacement(_shown(project, shown, edit.path), *region, edit.text.removeprefix(_MARK))


def _may_be_told(edit: Replacement, mask: Mask) -> bool:
    return _masked(mask, edit.text) == edit.text and not any("\ud800" <= char <= "\udfff" for char in edit.text)


def _anchor(project: Project, finding: Finding, lines: Iterable[str]) -> str:
    """The words of the lines; for what is said about a whole stage that stage, whatever it is built on."""
    stages = project.dockerfile.stages if finding.path in {"", project.path} else ()
    at = bisect_right(stages, finding.span.start, key=lambda stage: stage.start.whole.start)
    if at and finding.span.start < (stage := stages[at - 1]).start.whole.end:
        return f"FROM {'' if stage is project.final else stage.name or stage.index}".strip()
    words = " ".join(lines).split()
    return " ".join(word for word in words if word != project.dockerfile.escape)


def _shown(project: Project, shown: str, path: str) -> str:
    return shown if path == project.path else _beside(project.path, shown, path)


def _beside(own: str, shown: str, path: str) -> str:
    """Another file of the context, named the way the Dockerfile was."""
    return f"{shown.removesuffix(own)}{path}" if shown.endswith(own) else path


def _last(text: str, span: Span) -> int:
    """The end of a span without the line end it may finish with."""
    end = span.end
    while end > span.start and text[end - 1] in "\r\n":
        end -= 1
    return end


def _region(text: str, span: Span) -> tuple[int, int, int, int]:
    """Line and column of the start, line and column behind the end."""
    mark = len(_MARK) if text.startswith(_MARK) else 0
    return *_position(text, span.start, mark), *_position(text, span.end, mark)


def _position(text: str, offset: int, mark: int) -> tuple[int, int]:
    starts = _starts(text)
    line = bisect_right(starts, offset)
    start = starts[line - 1]
    return line, max(offset - start - (0 if start else mark), 0) + 1


@lru_cache(maxsize=8)
def _starts(text: str) -> tuple[int, ...]:
    """Where each line begins."""
    return (0, *(found.end() for found in re.finditer("\n", text)))


def _lines(text: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(line.rstrip("\r") for line in _split(text)[first - 1 : last])


@lru_cache(maxsize=8)
def _split(text: str) -> tuple[str, ...]:
    return tuple(text.removeprefix(_MARK).split("\n"))
