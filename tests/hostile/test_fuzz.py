"""Every reader takes whatever looks like what it reads, for a few seconds a run; `fuzz.py` goes on for longer."""

from __future__ import annotations

import pytest

from tests.hostile.fuzz import TARGETS, crash, run


@pytest.mark.parametrize("target", TARGETS)
def test_no_text_breaks_a_reader(target: str) -> None:
    assert run(target, 3.0) > 10


def test_what_breaks_a_reader_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.hostile.fuzz.TARGETS", {"broken": int})
    assert "ValueError" in (crash("broken", "x") or "")
