"""What a person wants, from the command line and from `[tool.pydock]` in pyproject.toml or from pydock.toml."""

from __future__ import annotations

from pydock.config.choices import GIT, VENDORED, Choices, Grade, Installer, LockFormat, Pin, Settings, Spared, Table
from pydock.config.files import FOUND, NAMES, Decided, File, Sources, exclusions, origins, settings, unmatched
from pydock.config.keys import Key, keys
from pydock.config.names import chosen, level_of, matching, of_peer, suggestion, words
from pydock.config.schema import schema
from pydock.errors import ConfigurationError

__all__ = [
    "FOUND",
    "GIT",
    "NAMES",
    "VENDORED",
    "Choices",
    "ConfigurationError",
    "Decided",
    "File",
    "Grade",
    "Installer",
    "Key",
    "LockFormat",
    "Pin",
    "Settings",
    "Sources",
    "Spared",
    "Table",
    "chosen",
    "exclusions",
    "keys",
    "level_of",
    "matching",
    "of_peer",
    "origins",
    "schema",
    "settings",
    "suggestion",
    "unmatched",
    "words",
]
