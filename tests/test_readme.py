"""The README shows what is true today."""

from __future__ import annotations

from pydock.rules import RULES
from tests.readme import README, fresh, shell_blocks

TEXT = README.read_text(encoding="utf-8")


def test_its_table_of_rules_and_its_diff_are_what_pydock_prints() -> None:
    assert fresh(TEXT) == TEXT, "python -m tests.readme --write"


def test_it_names_every_rule() -> None:
    assert not [rule.code for rule in RULES if rule.code not in TEXT]


def test_its_first_command_does_the_main_job_and_its_second_runs_the_tests() -> None:
    first, second, *_ = shell_blocks(TEXT)
    assert "pydock fix --diff fixtures/flask-legacy" in first
    assert "pytest" in second


def test_its_first_screen_shows_a_real_diff() -> None:
    assert "<!-- diff: pydock fix --diff" in "".join(TEXT.splitlines(keepends=True)[:40])
