"""The language server, for editors; the only door to pygls."""

from __future__ import annotations

from pydock.server.language.editor import serve

__all__ = ["serve"]
