"""Tools for agents, in the Model Context Protocol; the only door to mcp."""

from __future__ import annotations

from pydock.server.agent.tools import serve

__all__ = ["serve"]
