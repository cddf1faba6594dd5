"""One command that a container runs, as it stands in the Dockerfile, a script or a compose file."""

from __future__ import annotations

from pydock.dockerfile import Instruction
from pydock.shell import Command, called
from pydock.text import Span
from pydock.values import Value


class Start(Value):
    """One command that a container runs.

    `command` is what stands behind `exec`, `tini --`, `gosu app` and the like, which are the
    `wrappers`. Its spans are offsets in the file `path`; "" means that they are no place in
    any file. `span` is where a finding about it belongs in the Dockerfile. `in_shell`: words
    are a shell's, not JSON strings. `script`: the context path of the shell script that it
    runs, whose own commands follow. `line` is the line in `path`. `is_last`: nothing follows
    it in its script; `is_conditional`: it stands inside an `if`, a loop or the like;
    `is_background`: the script does not wait for it. `is_taken` is false for what a script only
    runs when it is called otherwise; `variables` is what the script has assigned by then. `role` is
    "start", "script", "managed" for what a process manager starts, "probe" or "compose".
    """

    command: Command
    origin: str
    instruction: Instruction | None = None
    span: Span | None = None
    in_shell: bool = False
    role: str = "start"
    path: str = ""
    wrappers: tuple[str, ...] = ()
    script: str = ""
    is_last: bool = True
    is_conditional: bool = False
    is_background: bool = False
    service: str = ""
    is_taken: bool = True
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def called(self) -> Command:
        """The command, where Python runs a module read as one of the module's name: `celery` for `python -m celery`."""
        return called(self.command)

    @property
    def program(self) -> str:
        return self.command.program
