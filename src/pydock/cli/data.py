"""The `data` command: what pydock knows from tables, from where and from which day."""

from enum import StrEnum
from typing import Annotated

import typer

from pydock.errors import OptionError
from pydock.terminal import console


class Form(StrEnum):
    """How tables are written."""

    TEXT = "text"
    JSON = "json"


def _complete_table(incomplete: str) -> list[str]:
    from pydock.data import TABLES

    return [name for name in TABLES if name.startswith(incomplete)]


def data(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TABLE]...", help="Print these tables whole.", autocompletion=_complete_table),
    ] = None,
    output_format: Annotated[Form, typer.Option(help="How tables are written; JSON has every row.")] = Form.TEXT,
) -> None:
    """Show the dated tables behind pins and advice: Python and Debian releases, exact tags, packages."""
    from datetime import date

    from pydock.data import TABLES
    from pydock.report.pages import data as page

    wanted = [name.replace("-", "_").lower() for name in names or ()]
    if unknown := [name for name in wanted if name not in TABLES]:
        raise OptionError(f"no table is called {unknown[0]!r}", f"there are {', '.join(TABLES)}")
    if output_format is Form.JSON:
        console.show(page.document(wanted or TABLES))
    elif wanted:
        console.show("\n".join(page.table(name) for name in wanted))
    else:
        console.show(page.overview(TABLES, date.today()))
