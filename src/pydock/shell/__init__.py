"""The commands inside RUN, CMD, ENTRYPOINT, HEALTHCHECK and shell files, with their places."""

from pydock.shell.scripts import (
    Command,
    Script,
    Step,
    Syntax,
    Word,
    literal,
    script,
    script_of_text,
    syntax_tree,
)

__all__ = ["Command", "Script", "Step", "Syntax", "Word", "literal", "script", "script_of_text", "syntax_tree"]
