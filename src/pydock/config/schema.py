"""The JSON Schema of a configuration, for editors and for checks in CI."""

from __future__ import annotations

import json

from pydock.config.choices import Table
from pydock.values import json_schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> str:
    """The schema of pydock.toml, which is that of `[tool.pydock]` too."""
    found = json_schema(Table)
    return json.dumps({"$schema": _DIALECT, "title": "Configuration of pydock", **found}, indent=2) + "\n"
