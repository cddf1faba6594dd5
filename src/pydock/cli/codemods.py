"""The `codemods` command, and the option that `fix` and `verify` share with it."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pydock.codemods import ALL, NAMES
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.terminal import Style

_OPTION = "--codemods"


def _complete(incomplete: str) -> list[str]:
    return [name for name in NAMES if name.startswith(incomplete)]


CodemodsOption = Annotated[
    list[str] | None,
    typer.Option(
        _OPTION,
        metavar="[NAME,...]",
        help="Change the application's source, too: these codemods, or all of them.",
        show_default=False,
        autocompletion=_complete,
    ),
]


def codemods() -> None:
    """List all codemods: changes to the application's source, made only when asked for."""
    from pydock.codemods import codemods as load
    from pydock.report.pages import codemods_table

    console.show(codemods_table(load()) + "\n")


def explained(name: str, style: "Style") -> str:
    """The page of a codemod, "" where none has this name."""
    from pydock.codemods import codemods as load
    from pydock.report.pages import codemod_page

    return "\n".join(codemod_page(each, style) for each in load([name.lower()]))


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command line with `all` behind an option `--codemods` that has no value.

    What follows is its value unless it is another option or a path; a name wins over a path.
    """
    words: list[str] = []
    for at, word in enumerate(arguments):
        words.append(word)
        if word == _OPTION:
            following = arguments[at + 1] if at + 1 < len(arguments) else "-"
            is_named = following.partition(",")[0] in {*NAMES, ALL}
            if not is_named and (following.startswith("-") or os.path.exists(following)):
                words.append(ALL)
    return words
