"""Python source as data: syntax trees, and the programs and libraries that the code asks for."""

from __future__ import annotations

from pydock.source.program_calls import called_programs, dotted, may_start_programs, program_calls
from pydock.source.syntax import MOST_SOURCES, children, imports_of, syntax, walk

__all__ = [
    "MOST_SOURCES",
    "called_programs",
    "children",
    "dotted",
    "imports_of",
    "may_start_programs",
    "program_calls",
    "syntax",
    "walk",
]
