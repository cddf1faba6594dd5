"""New text for a Dockerfile: a RUN with some of its steps, and a whole file in a new order."""

from __future__ import annotations

from pydock.patches.chains import comment_lines, ended, with_steps, with_words
from pydock.patches.plan import Add, Change, Drop, Keep, Piece, Plan, Repeat

__all__ = [
    "Add",
    "Change",
    "Drop",
    "Keep",
    "Piece",
    "Plan",
    "Repeat",
    "comment_lines",
    "ended",
    "with_steps",
    "with_words",
]
