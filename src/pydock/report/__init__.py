"""What a run has to say about one Dockerfile, as plain values that every format is written from.

An Answer holds no project and no rule, so it can cross a process boundary. What is said in it
has gone through the mask for secrets, so no format can print one by accident.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pydock.edits import Safety
from pydock.engine import Report
from pydock.errors import PydockError
from pydock.lines import Span
from pydock.project import Project
from pydock.project.secrets import mask
from pydock.rule import Finding
from pydock.values import Value

if TYPE_CHECKING:
    from pydock.bench.outcome import Proof

MOST_LINES = 3
# The same few sentences are said about every project.
_masked = lru_cache(maxsize=4096)(mask)


class Offer(Value):
    """The fix of a finding, in words."""

    title: str
    safety: Safety
    doubts: tuple[str, ...]
    notes: tuple[str, ...]


class Entry(Value):
    """A finding with its place, from 1, and the source lines it stands on.

    `end_column` is the column behind the last character; `source` is cut after a few lines.
    """

    code: str
    name: str
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

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Changed(Value):
    """One file with its text before, None where there was no file, and after.

    `path` is what a patch calls it. These texts and the new Dockerfile are not masked.
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

    After `check` only `findings` are filled, after `fix` also what was settled, what remains,
    the changed files and the Dockerfile's new text, after `fix --verify` its proof.
    """

    path: str
    findings: tuple[Entry, ...] = ()
    settled: tuple[Entry, ...] = ()
    remaining: tuple[Entry, ...] = ()
    changes: tuple[Changed, ...] = ()
    text: str = ""
    failure: Failure | None = None
    proof: Proof | None = None

    @property
    def is_unproven(self) -> bool:
        """Whether a proof was asked for and nothing could be compared, so that nothing was applied."""
        return self.proof is not None and self.proof.is_unknown

    @property
    def is_partly_refused(self) -> bool:
        """Whether fixes were left out because they make a difference."""
        return self.proof is not None and bool(self.proof.left_out)


def checked(project: Project, shown: str, findings: Iterable[Finding]) -> Answer:
    """The answer of `check`."""
    return Answer(shown, tuple(_entry(project, shown, finding) for finding in findings))


def fixed(report: Report, shown: str, patch: str, proof: Proof | None = None) -> Answer:
    """The answer of `fix`; `patch` is put before the paths of changed files."""
    before, after = report.project.tree, report.result.tree
    return Answer(
        shown,
        tuple(_entry(report.project, shown, finding) for finding in report.findings),
        tuple(
            _entry(report.project.again(step.before), shown, finding)
            for step in report.rounds
            for finding in step.settled
        ),
        tuple(_entry(report.result, shown, finding) for finding in report.remaining),
        tuple(
            Changed(patch + path, before.text(path), after.changes[path])
            for path in sorted(report.changed, key=lambda path: (path != report.project.path, path))
        ),
        report.result.dockerfile.text,
        proof=proof,
    )


def failed(shown: str, error: PydockError, path: str = "") -> Answer:
    """The answer where there is none; `path`, where a message begins with it, becomes the shown one."""
    message = error.message
    if path and message.startswith(f"{path}:"):
        message = shown + message.removeprefix(path)
    elif not message.startswith(shown):
        message = f"{shown}: {message}"
    return Answer(shown, failure=Failure(_masked(message), _masked(error.hint)))


def _entry(project: Project, shown: str, finding: Finding) -> Entry:
    path = finding.path or project.path
    text = project.tree.text(path) or ""
    line, column = _position(text, finding.span.start)
    end_line, end_column = _position(text, _last(text, finding.span))
    fix = finding.fix
    offer = (
        Offer(_masked(fix.title), fix.safety, tuple(map(_masked, fix.doubts)), tuple(map(_masked, fix.notes)))
        if fix
        else None
    )
    return Entry(
        finding.rule.code,
        finding.rule.name,
        _masked(finding.message),
        shown if path == project.path else _beside(project.path, shown, path),
        line,
        column,
        end_line,
        end_column,
        _lines(_masked(text), line, end_line),
        _masked(finding.cost),
        _masked(finding.advice),
        offer,
    )


def _beside(own: str, shown: str, path: str) -> str:
    """Another file of the context, named the way the Dockerfile was."""
    return f"{shown.removesuffix(own)}{path}" if shown.endswith(own) else path


def _last(text: str, span: Span) -> int:
    """The end of a span without the line end it may finish with."""
    end = span.end
    while end > span.start and text[end - 1] in "\r\n":
        end -= 1
    return end


def _position(text: str, offset: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1


def _lines(text: str, first: int, last: int) -> tuple[str, ...]:
    lines = text.split("\n")[first - 1 : min(last, first + MOST_LINES - 1)]
    return tuple(line.rstrip("\r") for line in lines)
