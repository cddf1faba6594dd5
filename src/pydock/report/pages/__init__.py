"""What pydock knows, for people and for programs: rules, codemods, tables, facts, plans."""

from __future__ import annotations

from pydock.report.pages import data, facts, rules
from pydock.report.pages.explain import PRIMER, codemod_page, markdown_page, page
from pydock.report.pages.tables import codemods_table, plan_table, rules_table

__all__ = [
    "PRIMER",
    "codemod_page",
    "codemods_table",
    "data",
    "facts",
    "markdown_page",
    "page",
    "plan_table",
    "rules",
    "rules_table",
]
