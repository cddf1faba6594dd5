"""Twice as much of anything is twice the work: counted in calls, so that no clock decides."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date

import pytest

from pydock.context import Tree
from pydock.engine import check
from pydock.project import Options, Project
from pydock.rules import RULES
from tests.growth import GROWTH

SIZE = 48
# Persistent maps are a little deeper where they hold more; what is kept of the last texts makes it less than twice.
MOST = 2.1


def _calls(files: Mapping[str, str]) -> int:
    """How many calls a check makes, those of generators and of functions in C among them."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    project = Project(Tree.of(files), options=Options(today=date(2026, 11, 1), offline=True))
    sys.setprofile(counted)
    try:
        check(project, RULES)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", GROWTH)
def test_work_grows_as_its_cause_does(kind: str) -> None:
    make, _, _ = GROWTH[kind]
    _calls(make(SIZE))
    first, second, third = (_calls(make(SIZE * times)) for times in (1, 2, 4))
    assert third - second <= MOST * (second - first)
