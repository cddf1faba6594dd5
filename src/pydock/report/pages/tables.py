"""Tables for people. The only door to tabulate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydock.rule import Rule
from pydock.text import Safety

if TYPE_CHECKING:
    from pydock.codemods.codemod import Codemod

# The columns that a whole row of a rule takes, those of its code and name, and the fewest for what it finds.
_WIDE, _NAMES, _NARROWEST = 190, 46, 14


def rules_table(rules: Iterable[Rule], form: str = "simple", columns: int = 0) -> str:
    """One row a rule; `form` is a tabulate format, "github" for a README. On few columns it says less."""
    if 0 < columns < _WIDE:
        rows = [(code, name, said) for code, name, _, said, *_ in rule_rows(rules)]
        return _tabulate(rows, ("Code", "Name", "Smell"), form, [None, None, max(_NARROWEST, columns - _NAMES)])
    return _tabulate(rule_rows(rules), ("Code", "Name", "Level", "Smell", "Fix", "hadolint"), form, [None])


def codemods_table(codemods: Iterable[Codemod], form: str = "simple") -> str:
    """One row a codemod: its name, what it writes, and the rule whose smell it cures."""
    rows = [(each.name, smell(each.rule(is_named=True)), each.cures) for each in codemods]
    return _tabulate(rows, ("Name", "Writes", "Cures"), form, [None])


def rule_rows(rules: Iterable[Rule]) -> list[tuple[str, str, str, str, str, str]]:
    """(code, name, level, smell, fix, same as) of each rule, by code; the fix is what its examples show."""
    ordered = sorted(rules, key=lambda rule: rule.code)
    return [
        (rule.code, rule.name, str(rule.level), smell(rule), fix_of(rule), ", ".join(rule.same_as)) for rule in ordered
    ]


def smell(rule: Rule) -> str:
    """The first sentence of a rule's docs."""
    first, _, _ = rule.docs.strip().partition("\n\n")
    return " ".join(first.split()).rstrip(".")


def plan_table(rows: Sequence[tuple[str, str, str]], form: str = "simple") -> str:
    """A plan's rows: which instruction goes where, and why."""
    return _tabulate(rows, ("Instruction", "Goes where", "Why"), form, [60, None, 60])


def data_table(lines: Sequence[Sequence[str]]) -> str:
    """A table of facts: the first line holds the names of the columns, cells are text and stay as they are."""
    from tabulate import tabulate

    return tabulate(lines[1:], headers=lines[0], tablefmt="simple", disable_numparse=True)


def bench_table(rows: Sequence[Sequence[str]], headers: Sequence[str], form: str = "simple") -> str:
    """A name, a cell for each version, and the change; cells are text and stay as they are."""
    from tabulate import tabulate

    alignment = ("left", *("right" for _ in headers[1:]))
    return tabulate(rows, headers=headers, tablefmt=form, colalign=alignment, disable_numparse=True)


def _tabulate(rows: Sequence[Sequence[str]], headers: Sequence[str], form: str, widths: list[int | None]) -> str:
    from tabulate import tabulate  # takes a tenth of a second, and most runs print no table

    return tabulate(rows, headers=headers, tablefmt=form, maxcolwidths=widths)


def fix_of(rule: Rule) -> str:
    """The kinds of fixes that the examples of a rule show."""
    shown = sorted({example.allow for example in rule.examples if example.after is not None})
    return ", ".join(safety.label for safety in shown if safety is not Safety.DISPLAY_ONLY) or "by hand"
