"""What is known from earlier runs."""

from __future__ import annotations

from pydock.migrate.store.database import Store, alone, opened

__all__ = ["Store", "alone", "opened"]
