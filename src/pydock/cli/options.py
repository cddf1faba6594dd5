"""The options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How `check` writes its findings; each is a module of `report`."""

    TEXT = "text"
    JSON = "json"
    CONCISE = "concise"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class FixFormat(StrEnum):
    """How `fix` tells what it does; all but the text are modules of `report`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


# The formats that carry the edits of every fix that is offered.
DETAILED = frozenset({Format.JSON, Format.SARIF, FixFormat.JSON})


class Pin(StrEnum):
    """Who says which exact tags of base images there are."""

    TABLE = "table"
    REGISTRY = "registry"
    DIGEST = "digest"


class Installer(StrEnum):
    """Who installs packages in a rewritten builder stage."""

    PIP = "pip"
    UV = "uv"


class LockFormat(StrEnum):
    """What a lock is written as."""

    REQUIREMENTS = "requirements"
    PYLOCK = "pylock"


class FailLevel(StrEnum):
    """The least level of a finding that makes the exit code 1."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Colour(StrEnum):
    """When colours are used."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def complete_rule(incomplete: str) -> list[str]:
    """The codes and names that begin like this, for a shell."""
    from pydock.rules import RULES

    return [name for rule in RULES for name in (rule.code, rule.name) if name.startswith(incomplete)]


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...", help="Folders to search, Dockerfiles, or - for standard input.", show_default=False
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="Only these rules: codes, names, prefixes such as PYD3; commas separate.",
        autocompletion=complete_rule,
    ),
]
Ignore = Annotated[
    list[str] | None, typer.Option(metavar="RULE", help="Without these rules.", autocompletion=complete_rule)
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Leave this out of folders that are searched; as in .gitignore."),
]
Portable = Annotated[
    bool | None, typer.Option("--portable/--no-portable", help="Write nothing that needs BuildKit.", show_default=False)
]
InstallerOption = Annotated[
    Installer | None, typer.Option(help="Who installs packages in the builder stage.", show_default="pip")
]
Jobs = Annotated[int, typer.Option(min=1, metavar="N", help="Processes to use.")]
ColourOption = Annotated[Colour, typer.Option("--color", help="Colours; auto means on a terminal without NO_COLOR.")]
BaselineOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Leave out the findings that it knows.", show_default=False)
]
WriteBaseline = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write all findings there as known; with --baseline those of it that are left.",
        show_default=False,
    ),
]
Offline = Annotated[
    bool | None,
    typer.Option(
        "--offline/--no-offline",
        help="Ask no package index: what needs a lock stays as it is. PYDOCK_OFFLINE=1 is the same.",
        show_default=False,
    ),
]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST[,HOST]",
        help="Ask these hosts, too, that only the project names for packages. PYDOCK_ALLOW_HOSTS is the same.",
        show_default=False,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DAY|git", help="Lock versions of that day; git: of the last change of the requirements.",
        show_default=False,
    ),
]  # fmt: skip
PinsFrom = Annotated[
    str | None,
    typer.Option(
        metavar="IMAGE", help="Lock the versions that this built image runs, read with the container engine.",
        show_default=False,
    ),
]  # fmt: skip
Hashes = Annotated[
    bool | None,
    typer.Option("--hashes/--no-hashes", help="Lock the files too, by their hashes.", show_default=False),
]
LockFormatOption = Annotated[
    LockFormat | None,
    typer.Option(help="How locks are written; pip reads pylock.toml from 26.1 on.", show_default="requirements"),
]
AllowBuilds = Annotated[
    bool | None,
    typer.Option(
        "--allow-builds",
        help="Let source archives run their own code on this machine to tell what they need.",
        show_default=False,
    ),
]
BudgetSeconds = Annotated[
    float | None,
    typer.Option(
        min=0.1, metavar="SECONDS", help="The most work on one Dockerfile; waiting for others is none.",
        show_default="60",
    ),
]  # fmt: skip
BudgetMemory = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="The most memory for one Dockerfile, where the system can.", show_default="2GB"),
]


def budget(seconds: float | None, memory: str | None) -> dict[str, object]:
    """What was given of these two options, by their configuration keys.

    Raises OptionError for memory that is no size.
    """
    from pydock.budget import size

    if memory is not None:
        size(memory, "--budget-memory")
    return {"budget-seconds": seconds, "budget-memory": memory}
