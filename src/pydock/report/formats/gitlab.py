"""Findings as a Code Quality report, which GitLab shows in merge requests.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydock.report.answer import Answer
from pydock.report.fingerprints import Known, identified
from pydock.report.places import located
from pydock.rule import Level
from pydock.terminal import Style, printable

_SEVERITIES = {Level.ERROR: "critical", Level.WARNING: "minor", Level.NOTE: "info"}


def written(answers: Sequence[Answer], style: Style) -> str:
    """An array of findings; what has no answer is told on standard error only, for there is no place for it here."""
    del style
    found = [_issue(known) for _, each in identified(answers) for known in each]
    return json.dumps(found, indent=2) + "\n"


def _issue(known: Known) -> dict[str, object]:
    entry = known.entry
    return {
        "description": printable(entry.message),
        "check_name": f"{entry.code} {entry.name}",
        "fingerprint": known.fingerprint,
        "severity": _SEVERITIES[entry.level],
        "location": {"path": located(entry.path), "lines": {"begin": entry.line, "end": entry.end_line}},
    }
