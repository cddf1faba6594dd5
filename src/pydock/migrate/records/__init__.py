"""What is known of a service, as plain values."""

from __future__ import annotations

from pydock.migrate.records.record import State
from pydock.migrate.records.totals import Totals

__all__ = ["State", "Totals"]
