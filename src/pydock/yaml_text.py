"""Texts in YAML as data: the only door to PyYAML, and how much of it a text may take.

Aliases make a short text as large as one likes, and nesting ends the process, because the parser
in C calls itself (https://en.wikipedia.org/wiki/Billion_laughs_attack, read 2026-11). So the events of a text
are counted before anything is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

# The largest compose files of public repositories have some thousands of nodes, eight deep.
MOST_NODES = 200_000
DEEPEST = 100


@lru_cache(maxsize=64)
def document(text: str) -> Mapping[str, Any]:
    """The mapping that a text holds; nothing where it holds another thing, cannot be read, or is beyond all measure."""
    # Loading the library costs more than most checks, so only texts that say something pay for it.
    if not text.strip():
        return {}
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if not is_modest(yaml.parse(text, Loader=loader)):
            return {}
        found = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        # What tags such as !!bool and !!timestamp are put on may be anything.
        return {}
    return found if isinstance(found, dict) else {}


def nodes(text: str) -> Any:
    """The nodes of a text with their marks, as PyYAML composes them; None where `document` has nothing."""
    import yaml

    return yaml.compose(text, Loader=yaml.SafeLoader) if document(text) else None


def is_block(node: Any, *, is_mapping: bool = False) -> bool:
    """Whether a node is a list or a mapping that has something in it, each entry on lines of its own."""
    import yaml

    kind = yaml.MappingNode if is_mapping else yaml.CollectionNode
    return isinstance(node, kind) and not node.flow_style and bool(node.value)


def is_modest(events: Iterator[Any]) -> bool:
    """Whether a document is neither too deep nor, with every alias written out, too large."""
    import yaml

    # The collections around, each with the name it is known by and how many nodes it has so far.
    around: list[tuple[str | None, int]] = [(None, 0)]
    known: dict[str, int] = {}
    for event in events:
        match event:
            case yaml.CollectionStartEvent():
                around.append((event.anchor, 1))
                if len(around) > DEEPEST:
                    return False
                if event.anchor:
                    # Until it is closed an alias for it is a circle.
                    known[event.anchor] = MOST_NODES
                continue
            case yaml.CollectionEndEvent():
                name, size = around.pop()
            case yaml.ScalarEvent():
                name, size = event.anchor, 1
            case yaml.AliasEvent():
                name, size = None, known.get(event.anchor or "", 1)
            case _:
                continue
        if name:
            known[name] = size
        outer, before = around[-1]
        around[-1] = (outer, before + size)
        if before + size >= MOST_NODES:
            return False
    return True
