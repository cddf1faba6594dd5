"""Sets of step numbers: what a set would say, however many of them share what they hold."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from pydock.state import BASE, Numbers

NUMBERS = st.frozensets(st.integers(BASE, 40))
ADDED = st.lists(st.integers(BASE, 40), max_size=20)


@given(ADDED, ADDED)
def test_two_sets_that_go_on_from_one_do_not_meet(first: list[int], second: list[int]) -> None:
    shared = Numbers([3, 5])
    known = [(shared, {3, 5})]
    for added in (first, second):
        numbers, told = shared, {3, 5}
        for each in added:
            numbers, told = numbers.and_of(each), told | {each}
            known.append((numbers, told))
    assert [set(numbers) for numbers, _ in known] == [told for _, told in known]


@given(NUMBERS, NUMBERS, st.integers(BASE, 40))
def test_the_operations_are_those_of_sets(first: frozenset[int], second: frozenset[int], number: int) -> None:
    one, other = Numbers(first), Numbers(second)
    assert set(one | other) == first | second
    assert set(one & other) == first & second
    assert set(one - other) == first - second
    assert (one <= other) == (first <= second)
    assert (one == other) == (first == second)
    assert (hash(one) == hash(other)) or first != second
    assert set(one.without(number)) == first - {number}
    assert set(one.up_to(number)) == {each for each in first if each < number}
    assert (number in one) == (number in first)
    assert (len(one), bool(one), list(one)) == (len(first), bool(first), sorted(first))
    assert Numbers.joined([one, other]) == one | other


@given(st.lists(NUMBERS, max_size=12))
def test_a_union_of_many_has_the_numbers_of_all(sets: list[frozenset[int]]) -> None:
    union = Numbers()
    for each in sets:
        union |= Numbers(each)
    assert set(union) == frozenset().union(*sets)


def test_a_thousand_beginnings_of_one_set_take_the_room_of_one() -> None:
    grown = [Numbers()]
    for number in range(10_000):
        grown.append(grown[-1].and_of(number))
    tracks = {id(track): track for numbers in grown for track, _ in numbers._parts}
    assert sum(sys.getsizeof(track.bits) for track in tracks.values()) < 2_000
    assert [len(numbers) for numbers in grown[::1_000]] == list(range(0, 10_001, 1_000))
