"""The door to tree-sitter: the tree of a shell text, with offsets that are those of the text."""

from __future__ import annotations

from functools import cache, cached_property

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from pydock.dockerfile import Logical
from pydock.patterns import regex
from pydock.text import Span
from pydock.values import Value

Syntax = Node

# Text that is read in two or three seconds at worst; a longer one is not read.
MOST_CHARACTERS = 262_144
_PIECE = 65_536
_BEYOND_ASCII = regex(r"[^\x00-\x7f]")
# A list as a default, `${ORIGINS:-["*"]}`, at whose quotes the grammar stumbles.
_LIST_DEFAULT = regex(r"(\$\{\w+(?:\[\w+\])?:?[-=])(\[\"[^\"$`{}\n]*\"(?:, ?\"[^\"$`{}\n]*\")*\])(?=\})")

# A comment between the lines of one command: the grammar stumbles there, and a shell makes nothing of it.
_INLINE_COMMENT = regex(r"(?<=\s)`[ \t]*#[^`'\"\n]*`(?=\s|\\)")


class Source(Value, dict=True):
    """The text a tree was made of: one byte for each character, so offsets are the same in both."""

    logical: Logical

    @property
    def data(self) -> bytes:
        # The grammar's scanner hands characters to C's isdigit(), which reads outside of its table for
        # large ones and ends the process; to a shell they are letters like any other.
        plain = _LIST_DEFAULT.sub(lambda found: found[1] + "x" * len(found[2]), self.logical.text)
        plain = _INLINE_COMMENT.sub(lambda found: " " * len(found[0]), plain)
        return _BEYOND_ASCII.sub("x", plain).encode("ascii")

    @cached_property
    def root(self) -> Syntax | None:
        """The tree, None where there is an error in it or the text is too long."""
        if len(self.logical.text) > MOST_CHARACTERS:
            return None
        root = _parsed(self.data)
        return None if root is None or root.has_error else root

    def text(self, node: Syntax) -> str:
        return self.logical.text[node.start_byte : node.end_byte]

    def span(self, start: int, end: int) -> Span:
        return self.logical.span(start, end)


def syntax_tree(text: str) -> Syntax | None:
    """The grammar's tree of a shell file, None where there is an error in it; its offsets are those of the text."""
    return Source(Logical(text, ((0, 0),))).root


def _parsed(data: bytes) -> Syntax | None:
    """The tree, None where the grammar comes upon an error: reading on would take the square of the time.

    Data that comes in pieces and progress that is asked about let requests to end through, an alarm among them.
    """
    parser = _parser()
    try:
        tree = parser.parse(lambda at, _: data[at : at + _PIECE], progress_callback=lambda _, has_error: has_error)
    except ValueError:  # it was told to stop
        return None
    except SystemError as error:  # what was raised in a callback
        raise error.__cause__ or error from None
    finally:
        # Else it would go on with this text at the next one.
        parser.reset()
    return tree.root_node if tree else None


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))
