"""Both versions built and run on a real engine; what came of comparing them."""

from __future__ import annotations

from pydock.bench.outcome import Difference, Omission, Outcome, Promotion, Proof, Verdict

__all__ = ["Difference", "Omission", "Outcome", "Promotion", "Proof", "Verdict"]
