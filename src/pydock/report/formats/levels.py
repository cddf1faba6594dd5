"""How grave a finding is, for programs that sort findings by it."""

from __future__ import annotations

from enum import StrEnum

# What is broken already, or gives a secret away.
_ERRORS = frozenset({"PYD107", "PYD108", "PYD210", "PYD415", "PYD501", "PYD502"})
_NOTES = frozenset({"PYD001"})


class Level(StrEnum):
    """The three levels that every one of these programs has in some form."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


def level(code: str) -> Level:
    """The level of a rule's findings."""
    if code in _ERRORS:
        return Level.ERROR
    return Level.NOTE if code in _NOTES else Level.WARNING
