"""Laws 11 and 12 see broken rewrites, and say by name what is missing."""

from __future__ import annotations

import pytest

from pydock.build.laws import broken
from pydock.state import Answer
from tests.laws.good import SERVICES, Service
from tests.laws.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("service", SERVICES, ids=[service.name for service in SERVICES])
def test_a_good_service_keeps_all_it_has(service: Service) -> None:
    assert broken(service.build(), service.build()) == ()


@pytest.mark.parametrize("service", SERVICES, ids=[service.name for service in SERVICES])
def test_a_good_service_lacks_nothing(service: Service) -> None:
    build = service.build()
    needs = [met for step in build.steps for met in step.needs]
    needs += [met for process in build.processes for met in process.needs]
    assert not [need for need, found in needs if found.answer is Answer.NO]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.what for mutant in MUTANTS])
def test_a_broken_rewrite_is_caught_by_the_name_of_what_is_missing(mutant: Mutant) -> None:
    found = broken(mutant.service.build(), mutant.service.build(mutant.text))
    certain = [each.what for each in found if not each.is_doubt]
    assert any(mutant.names in what for what in certain), certain
