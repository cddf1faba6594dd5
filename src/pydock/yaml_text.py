"""Texts in YAML as data: the only door to PyYAML, and how much of it a text may take.

Aliases make a short text as large as one likes, and nesting ends the process, because the parser
in C calls itself (https://en.wikipedia.org/wiki/Billion_laughs_attack, read 2026-11). So the events of a text
are counted before anything is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from pydock.patterns import regex
from pydock.values import Value

# The largest compose files of public repositories have some thousands of nodes, eight deep.
MOST_NODES = 200_000
DEEPEST = 100


class Reset(Value):
    """What `!reset` stands at: the key goes, also where a file below has it."""


class Override(Value):
    """What `!override` stands at: it takes the place of what a file below has, and is merged with nothing."""

    value: Any


def document(text: str) -> Mapping[str, Any]:
    """The mapping that a text holds; nothing where it holds another thing, cannot be read, or is beyond all measure."""
    found = documents(text)
    return found[0] if len(found) == 1 else {}


@lru_cache(maxsize=64)
def documents(text: str) -> tuple[Mapping[str, Any], ...]:
    """The mappings that a text holds one after another, as `document` gives the only one."""
    # Loading the library costs more than most checks, so only texts that say something pay for it.
    if not text.strip():
        return ()
    import yaml

    loader = _loader()
    try:
        if not is_modest(yaml.parse(text, Loader=loader)):
            return ()
        found = [each for each in yaml.load_all(text, Loader=loader) if each is not None]
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        # What tags such as !!bool and !!timestamp are put on may be anything.
        return ()
    return tuple(found) if all(isinstance(each, dict) for each in found) else ()


@cache
def _loader() -> Any:
    """A loader to which a plain word is what it is to the readers in Go: `on` and `22:22` are no boolean and no number.

    https://pkg.go.dev/gopkg.in/yaml.v3#section-readme, read 2026-11.
    """
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers = {  # noqa: RUF012 (of the class that is extended)
            letter: [(tag, _PLAIN.get(tag, pattern)) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
            for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    def overriding(loader: Any, node: Any) -> Override:
        if isinstance(node, yaml.MappingNode):
            return Override(loader.construct_mapping(node, deep=True))
        if isinstance(node, yaml.SequenceNode):
            return Override(loader.construct_sequence(node, deep=True))
        tag = loader.resolve(yaml.ScalarNode, node.value, (not node.style, False))
        return Override(loader.construct_object(yaml.ScalarNode(tag, node.value)))

    Loader.add_constructor("!reset", lambda loader, node: Reset())
    Loader.add_constructor("!override", overriding)
    return Loader


_PLAIN = {
    "tag:yaml.org,2002:bool": regex(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    "tag:yaml.org,2002:int": regex(r"(?:[-+]?(?:0|[1-9][0-9]*|0[0-7]+)|0x[0-9a-fA-F]+|0o[0-7]+)\Z"),
    # A number with a 0 in front of it is octal; one that cannot be is one with a fraction.
    "tag:yaml.org,2002:float": regex(
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)|0[0-9]*[89][0-9]*)"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
    ),
}


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
