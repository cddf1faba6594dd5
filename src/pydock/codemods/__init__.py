"""Changes to the application's own source, each made only when it is asked for by name.

The one room with libcst, which takes a third of a second to import: whoever only wants names
takes them from here, and nothing else is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from pydock.config import words
from pydock.errors import OptionError

if TYPE_CHECKING:
    from pydock.codemods.codemod import Codemod
    from pydock.rule import Rule

NAMES = (
    "add-health-route",
    "bind-all-interfaces",
    "debug-off",
    "handle-sigterm",
    "logs-to-stdout",
    "settings-from-environment",
)
ALL = "all"


def codemods(names: Iterable[str] = NAMES) -> tuple[Codemod, ...]:
    """The codemods of these names, in the order of the list; each lives in the file of its name."""
    wanted = set(names)
    modules = (import_module(f"pydock.codemods.{name.replace('-', '_')}") for name in NAMES if name in wanted)
    return tuple(module.CODEMOD for module in modules)


def asked_for(values: Iterable[str]) -> tuple[Rule, ...]:
    """What the engine runs for the values of `--codemods`: names, or `all`, commas separate.

    One that is named makes its doubtful changes too: naming it is the decision.
    Raises OptionError for a name that no codemod has.
    """
    named = words(values)
    for name in named:
        if name not in {*NAMES, ALL}:
            raise OptionError(f"no codemod is called {name!r}", f"there are {', '.join(NAMES)}, and {ALL}")
    wanted = NAMES if ALL in named else named
    return tuple(codemod.rule(is_named=codemod.name in named) for codemod in codemods(wanted)) if named else ()
