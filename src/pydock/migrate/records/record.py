"""What is known of one service after it was examined: plain values, the same in every process and run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum

from pydock.values import Value, convert, field, to_builtins


class State(StrEnum):
    """Where a service stands, as a person works with it.

    READY: the patch can be reviewed and merged. DECISION: something has to be decided first.
    REFUSED: the rewrite was refused, smaller fixes may be in the patch. GOOD: nothing to do.
    FAILED: there is no answer. OTHER: no Python in it, so it is no service of a report.
    """

    READY = "ready"
    DECISION = "decision"
    REFUSED = "refused"
    GOOD = "good"
    FAILED = "failed"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _LABELS.get(self, str(self))


_LABELS = {State.DECISION: "ready after a decision", State.GOOD: "already good", State.OTHER: "no Python"}
SHOWN = (State.READY, State.DECISION, State.REFUSED, State.GOOD, State.FAILED)


class Inventory(Value):
    """What the service is made of; "" and None stand for what the files do not say.

    Dates are ISO 8601, `user` is "root" where nothing else is set, `is_pinned` whether every
    requirement that was found has one version.
    """

    base: str = ""
    python: str = ""
    python_end: str = ""
    is_python_over: bool = False
    distribution: str = ""
    distribution_end: str = ""
    is_distribution_over: bool = False
    framework: str = ""
    server: str = ""
    manager: str = ""
    is_pinned: bool | None = None
    user: str = ""
    stages: int = 0
    has_healthcheck: bool = False


class Remark(Value):
    """A finding and what became of it: "fixed", "held" for want of a decision, or "yours".

    `line` is that of the file before its fix, or of the new file where it is left.
    """

    outcome: str
    code: str
    name: str
    message: str
    path: str
    line: int
    cost: str = ""
    advice: str = ""
    title: str = ""
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Change(Value):
    """A file with its text before, None where there was none, and after; `path` is relative to the repository.

    The texts are not masked, so they go into patches and repositories and nowhere else.
    """

    path: str
    before: str | None
    after: str


class Reason(Value):
    """Why there is no rewrite, with its place where it has one (line 0 for none)."""

    message: str
    hint: str = ""
    line: int = 0


class Measured(Value):
    """Figures of both versions by name, in bytes, seconds or counts; and what a comparison said, "" for none."""

    before: Mapping[str, float | None] = field(default_factory=dict)
    after: Mapping[str, float | None] = field(default_factory=dict)
    failure: str = ""
    verdict: str = ""
    differences: tuple[str, ...] = ()

    @property
    def saved(self) -> float | None:
        """Bytes that the image is smaller by; less than nothing where it grew."""
        before, after = self.before.get("size"), self.after.get("size")
        return None if before is None or after is None else before - after


class Record(Value):
    """The answer for one service; `withheld` says why its changes are not written as a patch.

    `patch` is what git takes, `diff` the same for the eye, without secrets.
    `fingerprint` is that of the files after they were read, "" where they were not. What says nothing
    about the service itself, such as an engine that went away, is not kept for the next run.
    """

    state: State
    inventory: Inventory = field(default_factory=Inventory)
    reason: Reason | None = None
    decisions: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    changes: tuple[Change, ...] = ()
    patch: str = ""
    diff: str = ""
    withheld: str = ""
    measured: Measured = field(default_factory=Measured)
    fingerprint: str = ""
    is_kept: bool = True

    def written(self) -> str:
        """As ASCII JSON: bytes that are not UTF-8 survive as lone surrogates."""
        return json.dumps(to_builtins(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: object) -> Record:
        """What `written` wrote.

        Raises ValueError for anything else: another type, a path that leads out of the repository or into `.git`.
        """
        if not isinstance(text, str):
            raise ValueError("no text")
        try:
            record = convert(json.loads(text), cls)
        except RecursionError as error:
            raise ValueError("too deep") from error
        for change in record.changes:
            if not is_inside(change.path):
                raise ValueError(f"{change.path!r} is no path inside of a repository")
        return record


def is_inside(path: str) -> bool:
    """Whether a path with forward slashes stays inside of the folder it is relative to, and out of git's own."""
    parts = path.split("/")
    return not any(part in {"", ".", ".."} or part.lower() == ".git" or "\0" in part for part in parts)


def failed(message: str, hint: str = "", *, is_kept: bool = True) -> Record:
    """The record of a service that has no answer."""
    return Record(State.FAILED, reason=Reason(message, hint), is_kept=is_kept)
