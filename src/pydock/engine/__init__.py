"""Rounds of fixes: findings chosen, applied, and held against the promises of rules and the laws."""

from __future__ import annotations

from pydock.engine.rounds import Refused, Report, Round, check, choose, rewrite, rewrite_one

__all__ = ["Refused", "Report", "Round", "check", "choose", "rewrite", "rewrite_one"]
