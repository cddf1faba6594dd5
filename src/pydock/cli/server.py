"""The commands that other programs start and ask: an editor as somebody types, and agents."""

from pathlib import Path
from typing import Annotated

import typer

from pydock.cli.options import BUDGET, FIXES, RULES, Chosen, takes
from pydock.errors import OptionError


@takes(RULES, FIXES, BUDGET)
def server(given: Chosen) -> None:
    """Answer an editor on standard input and output, in the Language Server Protocol.

    It asks no package index unless --no-offline is given.
    """
    try:
        from pydock.server.language import serve
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"pygls", "lsprotocol"}:
            raise
        raise OptionError("the language server needs pygls", "pipx install 'pydock-fix[server]'") from error

    raise typer.Exit(serve(_quiet(given)))


@takes(RULES, FIXES, BUDGET)
def mcp(
    given: Chosen,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Only paths inside of it are answered.")] = Path(),
    allow_write: Annotated[bool, typer.Option("--allow-write", help="Offer a tool that writes fixes, too.")] = False,
) -> None:
    """Answer an agent in the Model Context Protocol: check, fix_diff, facts, explain.

    It speaks on standard input and output, writes nothing unless --allow-write is given, and asks no package index
    unless --no-offline is.
    """
    try:
        from pydock.server.agent import serve
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types", "pydantic"}:
            raise
        raise OptionError("tools for agents need mcp", "pipx install 'pydock-fix[mcp]'") from error
    if not folder.is_dir():
        raise OptionError(f"{folder} is no folder")

    raise typer.Exit(serve(folder, _quiet(given), may_write=allow_write))


def _quiet(given: Chosen) -> dict[str, object]:
    """The settings of a program that asks no package index unless it is told to."""
    return {**given.settings, "offline": given.settings.get("offline") is not False}
