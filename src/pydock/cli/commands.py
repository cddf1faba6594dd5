"""The command line: parse, one call, render, exit code.

Exit codes: 0 nothing to say, 1 findings (for `fix --diff` a difference, for `fix` findings that
left), 2 no answer for at least one path, 130 interrupted, 143 ended by SIGTERM. Results go to
standard output, talk to standard error.
A command's module is imported when it is called or shown (`Commands`), and imports that cost time happen
inside its function, so that nobody waits for what another command needs. The modules
of the commands do without `from __future__ import annotations`: typer would evaluate each text, twice.
"""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from pydock import __version__
from pydock.cli.failures import failures_told
from pydock.files import begin, terminating
from pydock.terminal import console, wishes

# In the order of the help: the module, which may hold several, and how the help of the command begins.
MODULES = {
    "check": ("check", "Report what is wrong."),
    "fix": ("fix", "Rewrite Dockerfiles, or with --diff show how."),
    "explain": ("about", "Show what a rule or a codemod means, with its examples."),
    "rules": ("about", "List all rules."),
    "codemods": ("about", "List all codemods: changes to the application's source, made only when asked for."),
    "facts": (
        "facts",
        "Show what pydock knows about a service: command, framework, application, port, health route, writes.",
    ),
    "bench": (
        "bench",
        "Build a Dockerfile as it is and as pydock would write it, and measure both on a container engine.",
    ),
    "data": (
        "about",
        "Show the dated tables behind pins and advice: Python and Debian releases, exact tags, packages.",
    ),
    "schema": ("about", "Print the JSON Schema of what --output-format json writes, or of the configuration."),
    "migrate": (
        "migrate",
        "Find all services below folders, write a patch for each, and a report of where they stand.",
    ),
    "verify": (
        "verify",
        "Build Dockerfiles as they are and as `fix` would write them, and compare the services.",
    ),
    "server": ("server", "Answer an editor on standard input and output, in the Language Server Protocol."),
    "mcp": ("server", "Answer an agent in the Model Context Protocol: check, fix_diff, facts, explain."),
}


class Commands(TyperGroup):
    """Commands whose failures are told here: typer would make 1 of some of them, which means findings."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # Where the name is none, typer looks for one that is like it among all of them.
        for name in (cmd_name,) if cmd_name in MODULES else MODULES:
            if name not in self.commands:
                self.add_command(_command(name), name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of the commands; to read their modules for it takes longer than all else."""
        shown: dict[str, Any] = {name: TyperCommand(name, help=summary) for name, (_, summary) in MODULES.items()}
        TyperGroup(commands=shown).format_commands(ctx, formatter)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        with failures_told():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        with failures_told():
            return super().invoke(ctx)


def _command(name: str) -> Any:
    only = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    only.command(name)(getattr(import_module(f"pydock.cli.{MODULES[name][0]}"), name))
    return typer.main.get_command(only)


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        console.show(f"pydock {__version__}\n")
        raise typer.Exit


@app.callback()
def pydock(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find what is wrong in a Python service's Dockerfile, and rewrite it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; `arguments` are those of the process unless given."""
    # Nearly all that is made while a command starts stays until it ends: looking through it again finds nothing.
    gc.set_threshold(100_000)
    console.reserve()
    begin()
    wishes.forget()
    words = sys.argv[1:] if arguments is None else arguments
    with failures_told(), terminating():
        if "--codemods" in words:
            from pydock.cli.options import spelled_out

            words = spelled_out(words)
        app([*words], prog_name="pydock")
