"""Which services there are, and what each of them is built from."""

from __future__ import annotations

from pydock.migrate.find.manifest import read
from pydock.migrate.find.services import Found, find

__all__ = ["Found", "find", "read"]
