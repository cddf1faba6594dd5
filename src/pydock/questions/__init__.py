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
from pydock.questions.service_facts import Known, known_facts

__all__ = [
    "Ask",
    "Known",
    "Paused",
    "Question",
    "answers",
    "asking",
    "known_facts",
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
