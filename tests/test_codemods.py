"""Every codemod keeps what its docs and examples say, and touches nothing else."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydock import codemods as codemods_package
from pydock.codemods import NAMES, asked_for, codemods
from pydock.codemods.codemod import Codemod, Example
from pydock.context import Tree
from pydock.engine import Report, check, rewrite
from pydock.errors import OptionError
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety

CODEMODS = codemods()
EXAMPLES = [
    pytest.param(codemod, example, id=f"{codemod.name} {number}")
    for codemod in CODEMODS
    for number, example in enumerate(codemod.examples, 1)
]
EACH_EXAMPLE = pytest.mark.parametrize(("codemod", "example"), EXAMPLES)
EACH_CODEMOD = pytest.mark.parametrize("codemod", CODEMODS, ids=[codemod.name for codemod in CODEMODS])


def changed(codemod: Codemod, example: Example, before: str) -> Report:
    """What a codemod that was named makes of an example whose file has this text."""
    project = Project(Tree.of({**example.context, example.path: before}))
    return rewrite(project, (codemod.rule(is_named=True),), Safety.SAFE)


def text_after(codemod: Codemod, example: Example, before: str) -> str:
    return changed(codemod, example, before).result.tree.text(example.path) or ""


@EACH_EXAMPLE
def test_an_example_becomes_what_it_says(codemod: Codemod, example: Example) -> None:
    report = changed(codemod, example, example.before)
    assert report.result.tree.text(example.path) == (example.before if example.after is None else example.after)
    assert bool(report.remaining) == example.refuses
    assert report.changed == (() if example.after is None else (example.path,))


@EACH_EXAMPLE
def test_twice_is_once(codemod: Codemod, example: Example) -> None:
    after = text_after(codemod, example, example.before)
    assert text_after(codemod, example, after) == after


@EACH_EXAMPLE
def test_line_ends_of_windows_and_a_byte_order_mark_stay(codemod: Codemod, example: Example) -> None:
    wanted = example.before if example.after is None else example.after
    before = "\ufeff" + example.before.replace("\n", "\r\n")
    assert text_after(codemod, example, before) == "\ufeff" + wanted.replace("\n", "\r\n")


@EACH_EXAMPLE
def test_tabs_stay_tabs(codemod: Codemod, example: Example) -> None:
    if ":\n    " not in example.before:
        return
    wanted = example.before if example.after is None else example.after
    assert text_after(codemod, example, example.before.replace("    ", "\t")) == wanted.replace("    ", "\t")


@EACH_EXAMPLE
def test_comments_and_another_encoding_stay(codemod: Codemod, example: Example) -> None:
    def commented(text: str) -> str:
        return f"# -*- coding: latin-1 -*-\n# caf\udce9\n{text}# \udcfcber"

    wanted = example.before if example.after is None else example.after
    after = text_after(codemod, example, commented(example.before))
    assert sorted(after.splitlines()) == sorted(commented(wanted).splitlines())
    assert ast.dump(ast.parse(after.encode("utf-8", "surrogateescape"))) == ast.dump(ast.parse(wanted))


_STRANGERS = (
    "# a comment\n",
    "\n\n\n",
    "import json  # for others\n",
    "LIMITS = {'a': 1, **{'b': 2}}\n",
    "def greeting(name, *, loud = False):\n  'says hello'\n  return f'{name!r:>10}' if loud else name\n",
    "class Thing:\n\n    # nothing\n    value: int = 0\n",
    "if LIMITS_ := 3: pass\n",
    "print('caf\u00e9', end = '')\n",
    "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\n",
)


def statements(text: str) -> Counter[str]:
    """Every statement of a file, of a compound one what stands before its blocks."""
    blocks = {"body", "orelse", "finalbody", "handlers"}
    found: Counter[str] = Counter()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            fields = [(name, value) for name, value in ast.iter_fields(node) if name not in blocks]
            parts = [(name, value if not isinstance(value, list) else [*map(_dumped, value)]) for name, value in fields]
            found[f"{type(node).__name__} {[(name, _dumped(value)) for name, value in parts]}"] += 1
    return found


def _dumped(value: object) -> str:
    return ast.dump(value) if isinstance(value, ast.AST) else repr(value)


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_stands_around_it_the_difference_is_the_same(data: st.DataObject) -> None:
    codemod = data.draw(st.sampled_from(CODEMODS))
    example = data.draw(st.sampled_from([example for example in codemod.examples if example.after is not None]))
    lines = example.before.splitlines(keepends=True)
    tops = [node for node in ast.parse(example.before).body if not isinstance(node, ast.Import | ast.ImportFrom)]
    # Behind decorators, and before what starts the service, stands nothing else.
    places = [node.lineno - 1 for node in tops if not getattr(node, "decorator_list", [])]
    drawn = st.lists(st.tuples(st.sampled_from(places), st.sampled_from(_STRANGERS)), max_size=5)
    for place, stranger in sorted(data.draw(drawn), reverse=True):
        lines.insert(place, stranger)
    before = "".join(lines)
    after = text_after(codemod, example, before)
    assert text_after(codemod, example, after) == after
    assert statements(before) - statements(after) == statements(example.before) - statements(example.after or "")
    assert statements(after) - statements(before) == statements(example.after or "") - statements(example.before)


@EACH_EXAMPLE
def test_nothing_happens_unless_it_is_asked_for(codemod: Codemod, example: Example) -> None:
    report = rewrite(Project(Tree.of(example.context)), RULES, Safety.UNSAFE)
    assert example.path not in report.changed


@EACH_EXAMPLE
def test_the_rule_whose_smell_is_cured_names_the_codemod_before_and_not_after(
    codemod: Codemod, example: Example
) -> None:
    if example.after is None:
        return
    report = changed(codemod, example, example.before)
    rules = tuple(rule for rule in RULES if rule.code == codemod.cures)

    def naming(project: Project) -> list[str]:
        advice = [finding.advice for finding in check(project, rules)]
        return [text for text in advice if f"--codemods {codemod.name}" in text]

    assert naming(report.project)
    assert not naming(report.result)


@EACH_CODEMOD
def test_a_codemod_has_examples_of_what_it_changes_leaves_alone_and_refuses(codemod: Codemod) -> None:
    assert any(example.after is not None for example in codemod.examples)
    assert any(example.refuses for example in codemod.examples)
    assert any(example.after is None and not example.refuses for example in codemod.examples)


@EACH_CODEMOD
def test_docs_say_what_is_written_in_one_line_then_why(codemod: Codemod) -> None:
    first, _, rest = codemod.docs.strip().partition("\n\n")
    assert first.endswith(".")
    assert "\n" not in first
    assert len(rest.split()) >= 25
    assert codemod.cures in {rule.code for rule in RULES}


def test_every_file_of_a_codemod_is_in_the_list() -> None:
    folder = Path(codemods_package.__file__).parent
    assert [codemod.name for codemod in CODEMODS] == list(NAMES)
    assert all((folder / f"{name.replace('-', '_')}.py").is_file() for name in NAMES)


def test_a_name_that_no_codemod_has_is_told() -> None:
    with pytest.raises(OptionError, match="handle-sigtrm"):
        asked_for(["handle-sigtrm"])


def test_all_means_all_and_none_is_nothing() -> None:
    assert [rule.name for rule in asked_for(["all"])] == list(NAMES)
    assert [rule.name for rule in asked_for(["handle-sigterm, add-health-route"])] == [
        "add-health-route",
        "handle-sigterm",
    ]
    assert asked_for([]) == ()


def test_the_health_check_asks_the_new_route() -> None:
    example = next(codemod for codemod in CODEMODS if codemod.name == "add-health-route").examples[0]
    report = rewrite(Project(Tree.of(example.context)), (*asked_for(["all"]), *RULES), Safety.SAFE)
    assert '"/health"' in (report.result.tree.text("healthcheck.py") or "")


def test_a_doubtful_change_has_to_be_named() -> None:
    worker = "import queue\n\njobs = queue.Queue()\nwhile True:\n    print(jobs.get())\n"
    example = Example(path="worker.py", before=worker)
    project = Project(Tree.of(example.context))
    assert not rewrite(project, asked_for(["all"]), Safety.SAFE).changed
    assert rewrite(project, asked_for(["handle-sigterm"]), Safety.SAFE).changed
    assert rewrite(project, asked_for(["all"]), Safety.UNSAFE).changed
