"""The options that several commands share, and what a person gave of them."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pydock.config import Installer, LockFormat, Pin, Sources
from pydock.terminal import wishes
from pydock.values import Value, field

if TYPE_CHECKING:
    from pydock.bench.prove import Ways
    from pydock.targets import Search

Format = Literal["text", "json", "concise", "sarif", "github", "gitlab", "junit", "markdown"]
FixFormat = Literal["text", "json", "markdown"]
# The formats that carry the edits of every fix that is offered.
DETAILED = frozenset({"json", "sarif"})
_CODEMODS = "--codemods"


def complete_rule(incomplete: str) -> list[str]:
    """The codes and names that begin like this, for a shell."""
    from pydock.rules import RULES

    return [name for rule in RULES for name in (rule.code, rule.name) if name.startswith(incomplete)]


def _complete_codemod(incomplete: str) -> list[str]:
    from pydock.codemods import NAMES

    return [name for name in NAMES if name.startswith(incomplete)]


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command line with `all` behind an option `--codemods` that has no value.

    What follows is its value unless it is another option or a path; a name wins over a path.
    """
    from pydock.codemods import ALL, NAMES

    words: list[str] = []
    for at, word in enumerate(arguments):
        words.append(word)
        if word == _CODEMODS:
            following = arguments[at + 1] if at + 1 < len(arguments) else "-"
            is_named = following.partition(",")[0] in {*NAMES, ALL}
            if not is_named and (following.startswith("-") or os.path.exists(following)):
                words.append(ALL)
    return words


def _listed(metavar: str, about: str, **more: Any) -> Any:
    return Annotated[list[str] | None, typer.Option(metavar=metavar, help=about, show_default=False, **more)]


def _switch(names: str, about: str) -> Any:
    return Annotated[bool | None, typer.Option(names, help=about, show_default=False)]


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...", help="Folders to search, Dockerfiles, or - for standard input.", show_default=False
    ),
]
Jobs = Annotated[int, typer.Option(min=1, metavar="N", help="Processes to use.")]
Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the result there, - for standard output.", show_default=False),
]
CodemodsOption = Annotated[
    list[str] | None,
    typer.Option(
        _CODEMODS,
        metavar="[NAME,...]",
        help="Change the application's source, too: these codemods, or all of them.",
        show_default=False,
        autocompletion=_complete_codemod,
    ),
]

# Each group holds options by the name of their parameter; a name with - for _ is that of a configuration key.
RULES: Mapping[str, Any] = {
    "select": _listed(
        "RULE", "Only these rules: codes, names, prefixes such as PYD3; commas separate.", autocompletion=complete_rule
    ),
    "extend_select": _listed("RULE", "These rules, too.", autocompletion=complete_rule),
    "ignore": _listed("RULE", "Without these rules.", autocompletion=complete_rule),
    "portable": _switch("--portable/--no-portable", "Write nothing that needs BuildKit."),
    "installer": Annotated[
        Installer | None, typer.Option(help="Who installs packages in the builder stage.", show_default="pip")
    ],
}
FIXES: Mapping[str, Any] = {
    "unsafe_fixes": _switch("--unsafe-fixes/--no-unsafe-fixes", "Apply fixes that may change the service, too."),
    "pin": Annotated[
        Pin | None,
        typer.Option(
            help="Base images: exact tags of pydock's table, the registry's newest, or its digests.",
            show_default="table",
        ),
    ],
    "hashes": _switch(
        "--hashes/--no-hashes", "Hashes for what is pinned already, too; new locks have them unless --no-hashes."
    ),
    "lock_format": Annotated[
        LockFormat | None,
        typer.Option(help="How locks are written; pip reads pylock.toml from 26.1 on.", show_default="requirements"),
    ],
    "as_of": Annotated[
        str | None,
        typer.Option(
            metavar="DAY|git",
            help="Lock versions of that day; git: of the last change of the requirements.",
            show_default=False,
        ),
    ],
    "offline": _switch(
        "--offline/--no-offline",
        "Ask no package index: what needs a lock stays as it is. PYDOCK_OFFLINE=1 is the same.",
    ),
    "allow_hosts": _listed(
        "HOST[,HOST]",
        "Ask these hosts, too, that only the project names for packages. PYDOCK_ALLOW_HOSTS is the same.",
    ),
}
PROOF: Mapping[str, Any] = {
    "network": Annotated[bool, typer.Option("--network", help="Let containers that are compared use the network.")],
    "with_services": Annotated[
        bool, typer.Option("--with-services", help="Start containers with the services that compose says they need.")
    ],
    "builder": Annotated[
        str, typer.Option(metavar="NAME", help="With a proof: build on this buildx builder.", show_default=False)
    ],
    "build_limit": Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="With a proof: the most a build may take.")
    ],
}
BUDGET: Mapping[str, Any] = {
    "budget_seconds": Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="The most work on one Dockerfile; waiting for others is none.",
            show_default="60",
        ),
    ],
    "budget_memory": Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="The most memory for one Dockerfile, where the system can.", show_default="2GB"
        ),
    ],
}
SEARCH: Mapping[str, Any] = {
    "exclude": _listed("PATTERN", "Leave this out of folders that are searched, as in .gitignore, not vendored trees."),
    "extend_exclude": _listed("PATTERN", "Leave this out, too."),
    "config": _listed("FILE|KEY=VALUE", "Use this configuration and look for no other; or one setting of it."),
    "isolated": Annotated[bool, typer.Option("--isolated", help="Read no configuration of projects.")],
}
STDIN: Mapping[str, Any] = {
    "stdin_filename": Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Whose text standard input is; its folder counts.", show_default=False),
    ],
}
VOICE: Mapping[str, Any] = {
    "color": Annotated[
        wishes.Colour,
        typer.Option(
            callback=wishes.paint, help="Colours; auto: on a terminal, or with FORCE_COLOR, and not with NO_COLOR."
        ),
    ],
    "quiet": Annotated[
        bool, typer.Option("--quiet", "-q", callback=wishes.hush, help="Say nothing but results and errors.")
    ],
    "verbose": Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", callback=wishes.chat, help="Say what is read, left out, and how long it takes."
        ),
    ],
}
_DEFAULTS: Mapping[str, object] = {
    "color": "auto",
    "quiet": False,
    "verbose": False,
    "isolated": False,
    "network": False,
    "with_services": False,
    "builder": "",
    "build_limit": 1800,
}
_SETTINGS = frozenset((*RULES, *FIXES, *BUDGET))


class Chosen(Value, dict=True):
    """What a person gave of the shared options: `settings` by configuration keys, None where not given; the others."""

    settings: Mapping[str, object] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def sources(self) -> Sources:
        """The configuration that counts.

        Raises ConfigurationError for a file that cannot be read.
        """
        from pydock.cli.configuration import sources

        return sources(self.options.get("config") or (), is_isolated=bool(self.options.get("isolated")))

    @property
    def search(self) -> "Search":
        """How folders are searched."""
        from pydock.targets import Search

        exclude = self.options.get("exclude")
        extend = self.options.get("extend_exclude") or ()
        stdin = self.options.get("stdin_filename")
        return Search(None if exclude is None else tuple(exclude), tuple(extend), self.sources, stdin)

    @property
    def ways(self) -> "Ways":
        """How a rewrite is proven."""
        from pydock.bench.prove import Ways

        options = self.options
        return Ways(options["network"], options["builder"], options["with_services"], options["build_limit"])


def takes(*groups: Mapping[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the options of these groups, in place of its parameter `given` or behind the others."""

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        options = {name: option for group in groups for name, option in group.items()}
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(name), annotation=annotation)
            for name, annotation in options.items()
        ]
        own = list(inspect.signature(command).parameters.values())
        kept = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own if each.name != "given"]

        def called(**values: Any) -> None:
            shared = {name: values.pop(name) for name in options}
            command(**values, **({"given": _given(shared)} if len(kept) < len(own) else {}))

        called.__doc__, called.__name__, called.__module__ = command.__doc__, command.__name__, command.__module__
        called.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
        called.__annotations__ = {each.name: each.annotation for each in (*kept, *added)}
        return called

    return with_options


def _given(shared: Mapping[str, Any]) -> Chosen:
    settings = {name.replace("_", "-"): value for name, value in shared.items() if name in _SETTINGS}
    if (memory := settings.get("budget-memory")) is not None:
        from pydock.budget import size

        size(memory, "--budget-memory")
    return Chosen(settings, {name: value for name, value in shared.items() if name not in _SETTINGS})
