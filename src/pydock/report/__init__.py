"""What a run has to say about one Dockerfile, as plain values that every format is written from."""

from __future__ import annotations

from pydock.report import baseline
from pydock.report.answer import (
    Answer,
    Changed,
    Entry,
    Failure,
    NotApplied,
    Offer,
    Replacement,
    checked,
    failed,
    fixed,
    mask_of,
)

__all__ = [
    "Answer",
    "Changed",
    "Entry",
    "Failure",
    "NotApplied",
    "Offer",
    "Replacement",
    "baseline",
    "checked",
    "failed",
    "fixed",
    "mask_of",
]
