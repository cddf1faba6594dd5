"""Texts in YAML as data: the only door to PyYAML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=64)
def document(text: str) -> Mapping[str, Any]:
    """The mapping that a text holds; nothing where it holds another thing or cannot be read."""
    # Loading the library costs more than most checks, so only files that exist pay for it.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def nodes(text: str) -> Any:
    """The nodes of a text with their marks, as PyYAML composes them."""
    import yaml

    return yaml.compose(text, Loader=yaml.SafeLoader)


def is_block(node: Any, *, is_mapping: bool = False) -> bool:
    """Whether a node is a list or a mapping that has something in it, each entry on lines of its own."""
    import yaml

    kind = yaml.MappingNode if is_mapping else yaml.CollectionNode
    return isinstance(node, kind) and not node.flow_style and bool(node.value)
