"""A question put to each project, and what is answered."""

from __future__ import annotations

from pydock.questions.ask import (
    Question,
    one,
    outcome,
    plan,
    project_of,
    proof,
    refuse_unknown_rules,
    rewritten,
    unchanged,
)
from pydock.questions.many import Ask, Paused, answers, asking, served

__all__ = [
    "Ask",
    "Paused",
    "Question",
    "answers",
    "asking",
    "one",
    "outcome",
    "plan",
    "project_of",
    "proof",
    "refuse_unknown_rules",
    "rewritten",
    "served",
    "unchanged",
]
