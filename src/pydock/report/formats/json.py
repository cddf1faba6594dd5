"""Findings, or what a fix does, for programs: one JSON object.

Its schema is `data/schemas/report.json`, which `pydock schema` prints. The number in `schema` grows when a field goes
or changes its meaning; a new field does not change it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from pydock import __version__
from pydock.report.answer import Answer, Changed, Entry, Offer
from pydock.report.fingerprints import Known, identified
from pydock.report.formats.diff import unified
from pydock.terminal import Style, in_json
from pydock.text import Safety
from pydock.values import to_builtins

SCHEMA = 1


def written(answers: Sequence[Answer], style: Style) -> str:
    """The object that the schema describes; colours play no part in it."""
    del style
    document = {
        "schema": SCHEMA,
        "version": __version__,
        "projects": [_project(answer, found) for answer, found in identified(answers)],
        "summary": _summary(answers),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return in_json(text.encode("utf-8", "replace").decode("utf-8")) + "\n"


def _project(answer: Answer, found: Sequence[Known]) -> dict[str, object]:
    failure = answer.failure
    project: dict[str, object] = {
        "path": answer.path,
        "error": {"message": failure.message, "hint": failure.hint} if failure else None,
        "findings": [{**_finding(known.entry), "fingerprint": known.fingerprint} for known in found],
    }
    if answer.text:
        project["settled"] = [_finding(entry) for entry in answer.settled]
        project["refused"] = [
            {**_finding(each.entry), "broken": list(map(to_builtins, each.broken))} for each in answer.refused
        ]
        project["remaining"] = [_finding(entry) for entry in answer.remaining]
        project["changes"] = list(map(_change, answer.shown))
    return project


def _finding(entry: Entry) -> dict[str, object]:
    return {
        "code": entry.code,
        "name": entry.name,
        "level": str(entry.level),
        "message": entry.message,
        "path": entry.path,
        "line": entry.line,
        "column": entry.column,
        "end_line": entry.end_line,
        "end_column": entry.end_column,
        "cost": entry.cost,
        "advice": entry.advice,
        "fix": _fix(entry.fix) if entry.fix else None,
    }


def _fix(fix: Offer) -> dict[str, object]:
    edits = [to_builtins(edit) for edit in fix.edits]
    return {
        "title": fix.title,
        "safety": fix.safety.label,
        "doubts": fix.doubts,
        "notes": fix.notes,
        "edits": edits or None,
    }


def _change(change: Changed) -> dict[str, object]:
    """A file's difference, secrets masked as everywhere."""
    return {"path": change.path, "is_new": change.before is None, "diff": "".join(unified(change))}


def _summary(answers: Sequence[Answer]) -> dict[str, int]:
    entries = [entry for answer in answers for entry in answer.findings]
    safeties = Counter(entry.fix.safety for entry in entries if entry.fix)
    safe, unsafe = safeties[Safety.SAFE], safeties[Safety.UNSAFE]
    return {
        "findings": len(entries),
        "safe": safe,
        "unsafe": unsafe,
        "yours": len(entries) - safe - unsafe,
        "known": sum(answer.known for answer in answers),
        "failed": sum(answer.failure is not None for answer in answers),
    }
