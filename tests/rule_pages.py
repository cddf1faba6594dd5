"""The pages of the rules, for the documentation: a hook of mkdocs makes them from the rules while it builds.

https://www.mkdocs.org/user-guide/configuration/#hooks, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydock.report.pages import markdown_page, rules_table
from pydock.rules import RULES


def pages() -> Iterator[tuple[str, str]]:
    """(path below the documentation, Markdown) of the list of rules, and of each rule."""
    table = rules_table(RULES, "github")
    for rule in RULES:
        table = table.replace(f"| {rule.code} |", f"| [{rule.code}]({rule.code}.md) |")
        yield f"rules/{rule.code}.md", markdown_page(rule)
    about = "`pydock explain CODE` shows the page of a rule on a terminal.\n\nA level says how grave it is."
    yield "rules/index.md", f"# Rules\n\n{about}\n\n{table}\n"


def on_files(files: Any, config: Any) -> Any:
    """Add the pages to those that are written by hand."""
    from mkdocs.structure.files import File

    for path, text in pages():
        files.append(File.generated(config, path, content=text))
    return files


def on_nav(nav: Any, config: Any, files: Any) -> Any:
    """The list leads to the pages of single rules, so that the navigation need not."""
    del config
    listed = {item.file.src_path for item in nav.pages if item.file}
    for file in files.documentation_pages():
        if file.src_path.startswith("rules/") and file.src_path not in listed:
            file.inclusion = file.inclusion.NOT_IN_NAV
    return nav
