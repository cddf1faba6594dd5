"""The command line."""

from __future__ import annotations

from pydock.cli.commands import main

__all__ = ["main"]
