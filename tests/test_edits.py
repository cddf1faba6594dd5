"""Edits replace spans and nothing else; fixes that could disturb one another clash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.text import Edit, Fix, Safety, Span, apply


def _fix(*spans: tuple[int, int], path: str = "Dockerfile") -> Fix:
    return Fix("x", Safety.SAFE, tuple(Edit(path, Span(*span), "") for span in spans))


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([(2, 3, "X")], "abXdef"),
        ([(0, 0, "X")], "Xabcdef"),
        ([(6, 6, "X")], "abcdefX"),
        ([(1, 5, "")], "af"),
        ([(4, 5, "E"), (0, 1, "AAA")], "AAAbcdEf"),
    ],
    ids=["replace", "insert in front", "insert behind", "delete", "offsets are those of the text before"],
)
def test_apply(edits: list[tuple[int, int, str]], expected: str) -> None:
    assert apply("abcdef", [Edit("f", Span(start, end), text) for start, end, text in edits]) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (_fix((0, 3)), _fix((2, 5)), True),
        (_fix((0, 3)), _fix((3, 5)), True),
        (_fix((3, 3)), _fix((3, 3)), True),
        (_fix((0, 2)), _fix((3, 5)), False),
        (_fix((0, 3)), _fix((0, 3), path="requirements.txt"), False),
        (_fix((0, 1), (8, 9)), _fix((9, 10)), True),
    ],
    ids=["overlap", "meet", "two insertions at one place", "apart", "other files", "any of the edits"],
)
def test_clashes(one: Fix, other: Fix, expected: bool) -> None:
    assert one.clashes(other) is expected
    assert other.clashes(one) is expected


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.text(max_size=3))))
def test_the_order_of_edits_does_not_matter(text: str, raw: list[tuple[int, int, str]]) -> None:
    edits: list[Edit] = []
    for start, end, new in raw:
        edit = Edit("f", Span(min(start, end, len(text)), min(max(start, end), len(text))), new)
        if not any(edit.span.touches(other.span) for other in edits):
            edits.append(edit)
    assert apply(text, edits) == apply(text, reversed(edits))
    kept = len(text) - sum(edit.span.end - edit.span.start for edit in edits)
    assert len(apply(text, edits)) == kept + sum(len(edit.text) for edit in edits)
