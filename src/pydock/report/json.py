"""Findings for programs, as one JSON object.

schema     1; a field that goes or changes its meaning makes it 2, a new field does not
version    of pydock
projects   one object a Dockerfile, in the order of the command line
    path       as the command line leads to it
    error      null, or {message, hint} where there is no answer
    findings   [] or objects with
        code, name       of the rule
        message          what is wrong
        path             the file it stands in, most often that of the project
        line, column     where it begins, from 1, columns in characters
        end_line, end_column    where it ends, the column behind the last character
        cost, advice     full sentences, or ""
        fix              null, or {title, safety, doubts, notes}; safety is "safe", "unsafe" or "display-only"
summary    {findings, safe, unsafe, yours, failed}: counts over all projects
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from pydock import __version__
from pydock.edits import Safety
from pydock.report import Answer, Entry
from pydock.report.style import Style

SCHEMA = 1


def written(answers: Sequence[Answer], style: Style) -> str:
    """The object described above; colours play no part in it."""
    del style
    document = {
        "schema": SCHEMA,
        "version": __version__,
        "projects": [_project(answer) for answer in answers],
        "summary": _summary(answers),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"


def _project(answer: Answer) -> dict[str, object]:
    failure = answer.failure
    return {
        "path": answer.path,
        "error": {"message": failure.message, "hint": failure.hint} if failure else None,
        "findings": [_finding(entry) for entry in answer.findings],
    }


def _finding(entry: Entry) -> dict[str, object]:
    fix = entry.fix
    return {
        "code": entry.code,
        "name": entry.name,
        "message": entry.message,
        "path": entry.path,
        "line": entry.line,
        "column": entry.column,
        "end_line": entry.end_line,
        "end_column": entry.end_column,
        "cost": entry.cost,
        "advice": entry.advice,
        "fix": {"title": fix.title, "safety": fix.safety.label, "doubts": fix.doubts, "notes": fix.notes}
        if fix
        else None,
    }


def _summary(answers: Sequence[Answer]) -> dict[str, int]:
    entries = [entry for answer in answers for entry in answer.findings]
    safeties = Counter(entry.fix.safety for entry in entries if entry.fix)
    safe, unsafe = safeties[Safety.SAFE], safeties[Safety.UNSAFE]
    return {
        "findings": len(entries),
        "safe": safe,
        "unsafe": unsafe,
        "yours": len(entries) - safe - unsafe,
        "failed": sum(answer.failure is not None for answer in answers),
    }
