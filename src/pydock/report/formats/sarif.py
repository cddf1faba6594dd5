"""Findings as SARIF 2.1.0, with the fixes, for code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html, section 3.30, read 2026-11: columns
are code points from 1, the last one is behind the region, a byte order mark is no character.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence

from pydock import __version__
from pydock.report.answer import Answer, Entry, Offer, Replacement
from pydock.report.fingerprints import Known, identified
from pydock.report.pages.rules import url
from pydock.report.pages.tables import smell
from pydock.report.places import uri
from pydock.rule import Rule
from pydock.rules import RULES
from pydock.terminal import Style, printable
from pydock.text import Safety

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_TOP = "%SRCROOT%"
_FINGERPRINT = "pydock/v1"


def written(answers: Sequence[Answer], style: Style) -> str:
    """One log with one run; a Dockerfile without an answer is a notification of it."""
    del style
    failures = [answer for answer in answers if answer.failure]
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_TOP: {"description": {"text": "The top of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": not failures,
                "toolExecutionNotifications": [_notification(answer) for answer in failures],
            }
        ],
        "results": [_result(known) for _, found in identified(answers) for known in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver() -> dict[str, object]:
    return {"name": "pydock", "semanticVersion": __version__, "rules": [_rule(rule) for rule in RULES]}


def _rule(rule: Rule) -> dict[str, object]:
    docs = inspect.cleandoc(rule.docs)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{smell(rule)}."},
        "fullDescription": {"text": " ".join(docs.split("\n\n")[0].split())},
        "helpUri": url(rule.code),
        "help": {"text": docs, "markdown": docs},
        "defaultConfiguration": {"level": str(rule.level)},
        "properties": {"tags": ["docker", "python"]},
    }


def _result(known: Known) -> dict[str, object]:
    entry = known.entry
    found: dict[str, object] = {
        "ruleId": entry.code,
        "ruleIndex": next(at for at, rule in enumerate(RULES) if rule.code == entry.code),
        "level": str(entry.level),
        "message": {"text": _message(entry)},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(entry.path), "region": _region(entry)}}],
        "partialFingerprints": {_FINGERPRINT: known.fingerprint},
    }
    if entry.fix and entry.fix.edits and entry.fix.safety is not Safety.DISPLAY_ONLY:
        found["fixes"] = [_fix(entry.fix)]
    return found


def _message(entry: Entry) -> str:
    return printable(" ".join(map(_sentence, filter(None, (entry.message, entry.cost, entry.advice)))))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def _fix(fix: Offer) -> dict[str, object]:
    words = [f"{fix.title} ({fix.safety.label})", *(f"doubt: {doubt}" for doubt in fix.doubts)]
    by_path: dict[str, list[Replacement]] = {}
    for edit in fix.edits:
        by_path.setdefault(edit.path, []).append(edit)
    changes = [
        {"artifactLocation": _artifact(path), "replacements": [_replacement(edit) for edit in edits]}
        for path, edits in by_path.items()
    ]
    return {"description": {"text": printable("; ".join(words))}, "artifactChanges": changes}


def _replacement(edit: Replacement) -> dict[str, object]:
    return {"deletedRegion": _region(edit), "insertedContent": {"text": edit.text}}


def _region(place: Entry | Replacement) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _artifact(path: str) -> dict[str, str]:
    reference = uri(path)
    return {"uri": reference} if reference.startswith("file:") else {"uri": reference, "uriBaseId": _TOP}


def _notification(answer: Answer) -> dict[str, object]:
    failure = answer.failure
    assert failure
    text = " ".join(map(_sentence, filter(None, (failure.message, failure.hint))))
    place = {"physicalLocation": {"artifactLocation": _artifact(answer.path)}}
    return {"level": "error", "message": {"text": printable(text)}, "locations": [place]}
