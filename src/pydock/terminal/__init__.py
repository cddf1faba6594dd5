"""What a person reads: standard output and error, colours, and text that cannot steer a terminal."""

from __future__ import annotations

from pydock.terminal import console, wishes
from pydock.terminal.style import Style, columns_of, in_json, named, printable, style_for, width

__all__ = ["Style", "columns_of", "console", "in_json", "named", "printable", "style_for", "width", "wishes"]
