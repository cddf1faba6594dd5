"""Programs that ask pydock again and again: an editor, as it types."""

from __future__ import annotations

from pydock.server.editor import serve

__all__ = ["serve"]
