"""The commands that tell about pydock itself: its rules, its tables, and the schemas of what it reads and writes."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pydock.cli.options import VOICE, Output, complete_rule, takes
from pydock.errors import OptionError, UnreadableError
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.terminal import Style

Form = Annotated[Literal["text", "json"], typer.Option(help="How it is written.")]


@takes(VOICE)
def explain(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="[RULE]",
            help="A code, a name, a codemod, or the code of another linter such as DL3042.",
            autocompletion=complete_rule,
        ),
    ] = "",
    output_format: Form = "text",
    output: Output = None,
) -> None:
    """Show what a rule or a codemod means, with its examples."""
    from pydock.config import matching, of_peer
    from pydock.report import pages
    from pydock.rules import RULES

    style = _style(output)
    if output_format == "text" and (text := _explained(rule, style) if rule else pages.PRIMER):
        console.write(output, text)
        return
    found = matching(RULES, rule, is_strict=False) or of_peer(RULES, rule) or (matching(RULES, rule) if rule else RULES)
    if output_format == "json":
        console.write(output, pages.rules.document(found, has_examples=True))
    else:
        console.write(output, "\n".join(pages.page(each, style) for each in found))


@takes(VOICE)
def rules(output_format: Form = "text", output: Output = None) -> None:
    """List all rules."""
    from pydock.report import pages
    from pydock.rules import RULES

    if output_format == "json":
        console.write(output, pages.rules.document(RULES))
    else:
        console.write(output, pages.rules_table(RULES, columns=_style(output).columns) + "\n")


@takes(VOICE)
def codemods(output: Output = None) -> None:
    """List all codemods: changes to the application's source, made only when asked for."""
    from pydock.codemods import codemods as load
    from pydock.report.pages import codemods_table

    console.write(output, codemods_table(load()) + "\n")


def _explained(name: str, style: "Style") -> str:
    """The page of a codemod, "" where none has this name."""
    from pydock.codemods import codemods as load
    from pydock.report.pages import codemod_page

    return "\n".join(codemod_page(each, style) for each in load([name.lower()]))


def _style(output: Path | None) -> "Style":
    from pydock.terminal import Style, style_for

    return Style() if console.is_file(output) else style_for(sys.stdout)


@takes(VOICE)
def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[report|verify|bench|configuration]", help="Of check and fix, of verify, of bench, of pydock.toml."
        ),
    ] = "report",
    output: Output = None,
) -> None:
    """Print the JSON Schema of what --output-format json writes, or of the configuration."""
    from pydock import config, data

    if name == "configuration":
        console.write(output, config.schema())
    elif name in data.SCHEMAS:
        console.write(output, data.schema(name))
    else:
        raise OptionError(f"no schema is called {name!r}", f"there are {', '.join(data.SCHEMAS)}, configuration")


def _complete_table(incomplete: str) -> list[str]:
    from pydock.data import TABLES

    return [name for name in TABLES if name.startswith(incomplete)]


@takes(VOICE)
def data(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TABLE]...", help="Print these tables whole.", autocompletion=_complete_table),
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="First make the tables of releases and tags from their sources, and keep them."),
    ] = False,
    output_format: Form = "text",
    output: Output = None,
) -> None:
    """Show the dated tables behind pins and advice: Python and Debian releases, exact tags, packages."""
    from pydock.data import TABLES
    from pydock.report.pages import data as page

    wanted = [name.replace("-", "_").lower() for name in names or ()]
    if unknown := [name for name in wanted if name not in TABLES]:
        raise OptionError(f"no table is called {unknown[0]!r}", f"there are {', '.join(TABLES)}")
    if refresh:
        _refresh(date.today())
    if output_format == "json":
        console.write(output, page.document(wanted or TABLES))
    elif wanted:
        console.write(output, "\n".join(page.table(name) for name in wanted))
    else:
        console.write(output, page.overview(TABLES, date.today()))


def _refresh(today: date) -> None:
    """Make tables again, and say of each how old it was and what it is now."""
    if os.environ.get("PYDOCK_OFFLINE", "") not in {"", "0"}:
        raise OptionError("--refresh asks for releases, and PYDOCK_OFFLINE asks nobody", "leave one of them out")
    from pydock.refresh import refreshed

    outcomes = []
    for outcome in refreshed(today):
        outcomes.append(outcome)
        said = f"stays: {outcome.why_not}" if outcome.why_not else f"has {outcome.count} rows of {outcome.after} now"
        kind = "warning" if outcome.why_not else "note"
        console.complain(f"{outcome.table} of {outcome.before} {said}", kind=kind)
    if all(outcome.why_not for outcome in outcomes):
        raise UnreadableError("no table could be made again", "pydock goes on with those that it has")
