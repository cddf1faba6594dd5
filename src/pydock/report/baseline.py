"""A baseline: the findings that are known already, so that an old estate can start with no new ones.

A known finding is recognised by its fingerprint, else by its identity: its line may move, and be edited. A finding that
is gone is told, so that the baseline only ever gets shorter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydock.context import LARGEST_TEXT
from pydock.errors import UnreadableError
from pydock.report.answer import Answer
from pydock.report.fingerprints import Identity, Known, identified
from pydock.report.places import located
from pydock.values import Value, replace, to_builtins

SCHEMA = 1
_ABOUT = "Findings that `pydock check --baseline` leaves out, written by `pydock check --write-baseline`."
_HINT = "`pydock check --write-baseline FILE` makes one"


class Record(Value):
    """A known finding as the file holds it."""

    project: str
    path: str
    code: str
    message: str
    fingerprint: str

    @property
    def identity(self) -> Identity:
        return Identity(self.project, self.path, self.code, re.sub(r"\d+", "0", self.message))


class Compared(Value):
    """Answers without what is known, the records that still hold, and those that no longer do.

    A record about a Dockerfile or a rule that was not asked this time still holds.
    """

    answers: tuple[Answer, ...]
    held: tuple[Record, ...]
    gone: tuple[Record, ...]


def read(path: Path) -> tuple[Record, ...]:
    """The records of a baseline.

    Raises UnreadableError for a file that is none.
    """
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise UnreadableError(f"{path}: too large for a baseline", _HINT)
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise UnreadableError(f"{path}: a baseline of another version of pydock", _HINT)
        return tuple(Record(**entry) for entry in document["findings"])
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", _HINT) from error
    except (ValueError, LookupError, TypeError) as error:
        raise UnreadableError(f"{path}: not a baseline", _HINT) from error


def written(records: Iterable[Record]) -> str:
    """The text of a baseline; equal records give equal texts."""
    ordered = sorted(records, key=lambda record: (record.project, record.path, record.code, record.fingerprint))
    document = {"schema": SCHEMA, "about": _ABOUT, "findings": [to_builtins(record) for record in ordered]}
    return json.dumps(document, indent=2) + "\n"


def recorded(answers: Iterable[Answer]) -> tuple[Record, ...]:
    """A record of every finding."""
    return tuple(_record(known) for _, found in identified(answers) for known in found)


def compared(answers: Sequence[Answer], records: Iterable[Record]) -> Compared:
    """The answers without the findings that are on record; each record stands for one finding."""
    left = {record.fingerprint: record for record in records}
    listed = [(answer, found, tuple(_fresh(found, left))) for answer, found in identified(answers)]
    edited: dict[Identity, list[Record]] = {}
    for record in left.values():
        edited.setdefault(record.identity, []).append(record)
    held: list[Record] = []
    new: list[Answer] = []
    for answer, found, unseen in listed:
        fresh = tuple(known for known in unseen if not _is_edited(known, edited, left))
        held += [_record(known) for known in found if known not in fresh]
        entries = tuple(known.entry for known in fresh)
        new.append(replace(answer, findings=entries, known=len(found) - len(fresh)))
    judged = {located(answer.path): answer.rules for answer in answers if not answer.failure}
    gone = tuple(record for record in left.values() if record.code in judged.get(record.project, ()))
    return Compared(tuple(new), (*held, *(record for record in left.values() if record not in gone)), gone)


def _fresh(found: Iterable[Known], left: dict[str, Record]) -> Iterator[Known]:
    """The findings whose fingerprint is not on record; records that are found are taken out of `left`."""
    for known in found:
        if left.pop(known.fingerprint, None) is None:
            yield known


def _is_edited(known: Known, edited: Mapping[Identity, list[Record]], left: dict[str, Record]) -> bool:
    """Whether a record is left that says the same of the same file: its line has been edited, not its smell."""
    records = edited.get(known.identity)
    if not records:
        return False
    del left[records.pop(0).fingerprint]
    return True


def _record(known: Known) -> Record:
    who = known.identity
    return Record(who.project, who.path, who.code, known.entry.message, known.fingerprint)
