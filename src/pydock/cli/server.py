"""The `server` command: answers an editor, as somebody types."""

import typer

from pydock.cli.options import BUDGET, FIXES, RULES, Chosen, takes
from pydock.errors import OptionError


@takes(RULES, FIXES, BUDGET)
def server(given: Chosen) -> None:
    """Answer an editor on standard input and output, in the Language Server Protocol.

    It asks no package index unless --no-offline is given.
    """
    try:
        from pydock.server import serve
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"pygls", "lsprotocol"}:
            raise
        raise OptionError("the language server needs pygls", "pipx install 'pydock-fix[server]'") from error

    settings = {**given.settings, "offline": given.settings.get("offline") is not False}
    raise typer.Exit(serve(settings))
