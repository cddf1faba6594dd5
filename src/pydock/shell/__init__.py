"""The commands inside RUN, CMD, ENTRYPOINT, HEALTHCHECK and shell files, with their places."""

from pydock.shell.argv import Argv, Option, argv
from pydock.shell.expansion import expand, expand_body, expand_one
from pydock.shell.flow import Flow, flow
from pydock.shell.grammar import Syntax, syntax_tree
from pydock.shell.posix import BUILTINS, SHELLS, is_posix
from pydock.shell.scripts import heredocs, script, script_of_text
from pydock.shell.structure import (
    Branch,
    Command,
    Compound,
    CompoundKind,
    Joint,
    Pipeline,
    Redirect,
    Script,
    Step,
    Word,
)
from pydock.shell.wording import literal
from pydock.shell.wrappers import INITS, behind, called, unwrapped

__all__ = [
    "BUILTINS",
    "INITS",
    "SHELLS",
    "Argv",
    "Branch",
    "Command",
    "Compound",
    "CompoundKind",
    "Flow",
    "Joint",
    "Option",
    "Pipeline",
    "Redirect",
    "Script",
    "Step",
    "Syntax",
    "Word",
    "argv",
    "behind",
    "called",
    "expand",
    "expand_body",
    "expand_one",
    "flow",
    "heredocs",
    "is_posix",
    "literal",
    "script",
    "script_of_text",
    "syntax_tree",
    "unwrapped",
]
