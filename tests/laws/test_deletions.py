"""Each line of a good file that is deleted is missed by somebody, or stands on a short list of harmless ones."""

from __future__ import annotations

from functools import cache

import pytest

from tests.laws.deletions import HARMLESS, every, good, shares

# The least share of deletions that is seen, by keyword; `python -m tests.laws.deletions --show RUN` lists the others.
LEAST = {
    "RUN": 0.88,
    "COPY": 0.88,
    "WORKDIR": 0.85,
    "CMD": 0.95,
    "ENV": 0.95,
    "USER": 1.0,
    "FROM": 1.0,
    "HEALTHCHECK": 0.95,
    "ENTRYPOINT": 1.0,
    "ARG": 1.0,
}


@cache
def _shares() -> dict[str, tuple[int, int]]:
    return shares(every())


@pytest.mark.parametrize("keyword", LEAST)
def test_the_laws_see_that_an_instruction_is_gone(keyword: str) -> None:
    seen, number = _shares()[keyword]
    assert seen >= LEAST[keyword] * number, f"{seen} of {number}"


def test_every_keyword_of_the_good_files_has_a_least_share() -> None:
    assert set(_shares()) <= set(LEAST)


def test_there_are_a_hundred_good_files_and_few_harmless_kinds() -> None:
    assert len(good()) >= 100
    assert len(HARMLESS) <= 12
