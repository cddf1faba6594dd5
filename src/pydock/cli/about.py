"""The commands that tell about pydock itself: its rules, and the schemas of what it writes."""

import sys
from typing import Annotated

import typer

from pydock.cli.codemods import explained
from pydock.cli.options import Colour, ColourOption, complete_rule
from pydock.errors import OptionError
from pydock.terminal import console


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="[RULE]", help="A code, a name, or a codemod.", autocompletion=complete_rule)
    ] = "",
    color: ColourOption = Colour.AUTO,
) -> None:
    """Show what a rule or a codemod means, with its examples."""
    from pydock.config import matching
    from pydock.report.pages import PRIMER, page
    from pydock.rules import RULES
    from pydock.terminal import style_for

    style = style_for(sys.stdout, color)
    text = explained(rule, style) if rule else PRIMER
    console.show(text or "\n".join(page(found, style) for found in matching(RULES, rule)))


def rules() -> None:
    """List all rules."""
    from pydock.report.pages import rules_table
    from pydock.rules import RULES

    console.show(rules_table(RULES) + "\n")


def schema(
    name: Annotated[
        str, typer.Argument(metavar="[report|verify|bench]", help="Of check and fix, of verify, or of bench.")
    ] = "report",
) -> None:
    """Print the JSON Schema of what --output-format json writes."""
    from pydock import data

    if name not in data.SCHEMAS:
        raise OptionError(f"no schema is called {name!r}", f"there are {', '.join(data.SCHEMAS)}")
    console.show(data.schema(name))
