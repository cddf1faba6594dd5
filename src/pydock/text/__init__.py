"""Text that changes: spans, edits that replace them, and the words of an instruction"s arguments."""

from __future__ import annotations

from pydock.text.edits import Edit, Fix, Safety, Taken, apply
from pydock.text.span import SPACE, Span
from pydock.text.words import Piece, exec_form, expand, in_double_quotes, split, to_exec_form, unquote, variables

__all__ = [
    "SPACE",
    "Edit",
    "Fix",
    "Piece",
    "Safety",
    "Span",
    "Taken",
    "apply",
    "exec_form",
    "expand",
    "in_double_quotes",
    "split",
    "to_exec_form",
    "unquote",
    "variables",
]
