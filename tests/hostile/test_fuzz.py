"""Every reader takes whatever looks like what it reads, a number of texts a run; `fuzz.py` goes on for longer."""

from __future__ import annotations

import pytest

from tests.hostile.fuzz import TARGETS, crash, run

# As many as take a few seconds.
TEXTS = {"shell": 75, "requirements": 150, "dockerfile": 150, "store": 300, "compose": 300, "python": 300}


@pytest.mark.parametrize("target", TARGETS)
def test_no_text_breaks_a_reader(target: str) -> None:
    assert run(target, most=TEXTS[target]) >= TEXTS[target]


def test_what_breaks_a_reader_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.hostile.fuzz.TARGETS", {"broken": int})
    assert "ValueError" in (crash("broken", "x") or "")
