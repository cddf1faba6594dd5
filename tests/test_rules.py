"""Every rule keeps what its docs and examples say."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from pydock import rules as rules_package
from pydock.context import Tree
from pydock.engine import check, choose, rewrite
from pydock.project import Project
from pydock.rule import Example, Rule
from pydock.rules import RULES
from pydock.text import Safety
from tests.laws import accepted, comments

EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code} {rule.name} {number}")
    for rule in RULES
    for number, example in enumerate(rule.examples, 1)
]
EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=[f"{rule.code} {rule.name}" for rule in RULES])


def _project(example: Example, end: str = "\n") -> Project:
    return Project(Tree.of({"Dockerfile": example.before.replace("\n", end), **example.files}))


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_becomes_what_it_says(rule: Rule, example: Example) -> None:
    project = _project(example)
    report = rewrite(project, (rule,), example.allow)
    assert report.result.dockerfile.text == (example.before if example.after is None else example.after)
    assert accepted(report.result.dockerfile.text)
    if example.after is None:
        assert bool(report.findings) == example.finds


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_a_fix_settles_its_own_finding(rule: Rule, example: Example) -> None:
    report = rewrite(_project(example), (rule,), example.allow)
    assert not choose(report.remaining, example.allow)
    assert not rewrite(report.result, (rule,), example.allow).changed


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_written_on_windows_becomes_the_same_with_its_line_ends(rule: Rule, example: Example) -> None:
    if example.after is None or "<<" in example.before:
        return
    report = rewrite(_project(example, "\r\n"), (rule,), example.allow)
    assert report.result.dockerfile.text == example.after.replace("\n", "\r\n")


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_unsafe_example_is_left_alone_by_the_safe_mode(rule: Rule, example: Example) -> None:
    if example.allow is Safety.SAFE or example.after is None:
        return
    report = rewrite(_project(example), (rule,), Safety.SAFE)
    assert not report.changed or report.result.dockerfile.text != example.after
    assert report.findings


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_all_rules_together_lose_no_comment_of_an_example(rule: Rule, example: Example) -> None:
    report = rewrite(_project(example), RULES, Safety.SAFE)
    assert not comments(example.before) - comments(report.result.dockerfile.text)
    assert not rewrite(report.result, RULES, Safety.SAFE).changed


@EACH_RULE
def test_a_rule_has_examples_of_what_it_changes_and_of_what_it_leaves_alone(rule: Rule) -> None:
    assert len(rule.examples) >= 2
    assert any(example.after is None for example in rule.examples)
    has_fix = any(
        finding.fix and finding.fix.safety is not Safety.DISPLAY_ONLY
        for example in rule.examples
        for finding in check(_project(example), (rule,))
    )
    assert has_fix == any(example.after is not None for example in rule.examples)


@EACH_RULE
def test_docs_say_the_smell_in_one_line_then_what_it_costs_and_the_cure(rule: Rule) -> None:
    first, _, rest = rule.docs.strip().partition("\n\n")
    assert first.endswith(".")
    assert len(" ".join(first.split())) < 120
    assert len(rest.split()) >= 25


@EACH_RULE
def test_what_a_rule_says_can_be_read(rule: Rule) -> None:
    for example in rule.examples:
        for finding in check(_project(example), (rule,)):
            assert finding.message
            assert not re.match(r"[A-Z][a-z]", finding.message) or finding.message.split()[0] in {"Python", "Debian"}
            assert not finding.message.endswith(".")
            assert finding.fix is not None or finding.advice
            assert not finding.fix or finding.fix.title


@EACH_RULE
def test_a_rule_lives_in_the_file_of_its_name_in_the_folder_of_its_family(rule: Rule) -> None:
    (file,) = Path(rules_package.__file__).parent.glob(f"*/{rule.name.replace('-', '_')}.py")
    family = import_module(f"pydock.rules.{file.parent.name}")
    assert (family.__doc__ or "").startswith(f"{rule.code[:4]}xx: ")
    assert re.fullmatch(r"PYD[0-6]\d\d", rule.code)
    assert re.fullmatch(r"[a-z][a-z-]+", rule.name)


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_file_of_a_family_is_a_rule() -> None:
    files = {path.stem for path in Path(rules_package.__file__).parent.glob("*/*.py")} - {"__init__"}
    assert files == {rule.name.replace("-", "_") for rule in RULES}


def test_one_rule_of_hadolint_has_one_owner() -> None:
    owners = [code for rule in RULES for code in rule.same_as]
    assert len(owners) == len(set(owners))
