"""Tables made again from their sources, and kept in the user's own folder (`pydock data --refresh`)."""

from __future__ import annotations

from pydock.refresh.run import Refresh, refreshed

__all__ = ["Refresh", "refreshed"]
