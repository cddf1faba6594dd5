"""A run, written for people and for programs: one file a format."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from pydock.report.answer import Answer
from pydock.report.formats import verify
from pydock.report.formats.diff import closing, headed, patch, seen, story, told
from pydock.report.formats.statistics import counts
from pydock.report.formats.text import counted
from pydock.terminal import Style

__all__ = ["closing", "counted", "counts", "headed", "patch", "seen", "story", "told", "verify", "written"]


def written(form: str, answers: Sequence[Answer], style: Style) -> str:
    """The answers in the format of that name; only its file is loaded."""
    text = import_module(f"{__name__}.{form}").written(answers, style)
    assert isinstance(text, str)
    return text
