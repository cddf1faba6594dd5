"""A bench, written for people and for programs."""

from __future__ import annotations

from importlib import import_module

from pydock.bench.measure import History
from pydock.report.bench.table import Bench, figure_text

__all__ = ["Bench", "figure_text", "written"]


def written(form: str, result: Bench, earlier: History = ()) -> str:
    """The bench in the format of that name; only its file is loaded, and only a page shows earlier rows."""
    module = import_module(f"{__name__}.{form}")
    text = module.written(result, earlier) if form == "html" else module.written(result)
    assert isinstance(text, str)
    return text
