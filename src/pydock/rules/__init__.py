"""The one list of rules; each file next to this one holds one of them."""

from __future__ import annotations

from pydock.rule import Rule
from pydock.rules import pip_cache

RULES: tuple[Rule, ...] = (pip_cache.RULE,)
