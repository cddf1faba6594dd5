"""Programs that ask pydock again and again: an editor as somebody types, and agents."""

from __future__ import annotations

from pydock.server.desk import Desk, is_alive

__all__ = ["Desk", "is_alive"]
