"""The keys of a configuration: each with its type, its default, and what it is for.

Files are decoded by these types, and the JSON Schema is made from them (`pydock schema configuration`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydock.budget import MEMORY, SECONDS, Budget, size
from pydock.values import Meta, Value, field

# As of the day on which the requirements were last changed.
GIT = "git"
# Trees that others wrote: their Dockerfiles belong to no service of this project.
VENDORED = (
    "vendor/", "vendored/", "_vendor/", "third_party/", "third-party/", "site-packages/", "dist-packages/",
    "bower_components/", ".terraform/", ".eggs/", "buildroot/",
)  # fmt: skip
Words = tuple[str, ...]
Grade = Literal["note", "warning", "error"]
Installer = Literal["pip", "uv"]
Pin = Literal["table", "registry", "digest"]
Platform = Literal["linux/amd64", "linux/arm64"]
LockFormat = Literal["requirements", "pylock"]


class Choices(Value, rename="kebab", forbid_unknown_fields=True):
    """What a configuration file may say for one service."""

    select: Annotated[
        Words, Meta(description="Only these rules: codes, names, or beginnings of codes. None: all.")
    ] = ()
    extend_select: Annotated[Words, Meta(description="These rules, too, beside those that are selected.")] = ()
    ignore: Annotated[Words, Meta(description="Without these rules.")] = ()
    severity: Annotated[
        dict[str, Grade], Meta(description="The level of what rules find, in place of their own, by rule.")
    ] = field(default_factory=dict)
    fail_level: Annotated[
        Grade, Meta(description="The least level of a finding that makes `pydock check` end with 1.")
    ] = "note"
    installer: Annotated[Installer, Meta(description="Who installs packages in a rewritten builder stage.")] = "pip"
    pin: Annotated[
        Pin,
        Meta(description="Base images: exact tags of pydock's table, the registry's newest, or its digests."),
    ] = "table"
    portable: Annotated[bool, Meta(description="Write nothing that needs BuildKit.")] = False
    venv: Annotated[bool, Meta(description="Install into a virtual environment.")] = True
    unsafe_fixes: Annotated[bool, Meta(description="Apply fixes that may change the service, too.")] = False
    hashes: Annotated[
        bool | None,
        Meta(description="Hashes for what is pinned already, too; false: none at all. Without it new locks have them."),
    ] = None
    platforms: Annotated[
        tuple[Platform, ...],
        Meta(description="What the service is built for beside what files name: one lock is for all of it."),
    ] = ()
    lock_format: Annotated[
        LockFormat,
        Meta(description="How locks are written; pip reads pylock.toml from 26.1 on."),
    ] = "requirements"
    as_of: Annotated[
        str,
        Meta(
            title="a day such as 2023-06-01, or git",
            description="Lock versions of that day; git: of the last change of the requirements.",
            pattern=r"^(\d{4}-\d{2}-\d{2}|git|)$",
        ),
    ] = ""
    offline: Annotated[bool, Meta(description="Ask no package index: what needs a lock stays as it is.")] = False
    budget_seconds: Annotated[
        float, Meta(description="The most seconds of work on one Dockerfile; waiting for others is none.")
    ] = SECONDS
    budget_memory: Annotated[
        str, Meta(description="The most memory for one Dockerfile, such as 500MB, where the system can.")
    ] = f"{MEMORY // 10**9}GB"


class Table(Choices, rename="kebab", forbid_unknown_fields=True):
    """A whole configuration: pydock.toml, or `[tool.pydock]` in pyproject.toml."""

    exclude: Annotated[
        Words,
        Meta(
            description="What a search of this folder leaves out, in the language of .gitignore, in place of the trees "
            "that are usually vendored, which are its default. What git ignores is left out, too."
        ),
    ] = VENDORED
    extend_exclude: Annotated[Words, Meta(description="What a search leaves out beside `exclude`.")] = ()
    per_file_ignores: Annotated[
        dict[str, Words],
        Meta(description="Rules that find nothing in some files, by patterns in the language of .gitignore."),
    ] = field(default_factory=dict)
    services: Annotated[
        dict[str, Choices],
        Meta(
            description="What is different for one service, by its folder, its Dockerfile, or a pattern for them; * "
            "stands for anything. Of several that mean a Dockerfile the last wins, key by key."
        ),
    ] = field(default_factory=dict)


class Spared(Value):
    """Rules that find nothing in the files of a pattern, in the folder of a configuration file.

    `dockerfile` is the path of the Dockerfile from there, by which other paths are told.
    """

    pattern: str
    rules: Words
    dockerfile: str


class Settings(Choices):
    """The choices for one project; an empty `select` means every rule.

    `as_of` is a day, "git" or "". `allow_builds` is for the command line alone: a project must
    not be able to say that code of packages is run. Nor can it say what hosts are asked:
    `allow_hosts` are those of the command line, of PYDOCK_ALLOW_HOSTS and of a person's own file.
    """

    spared: tuple[Spared, ...] = ()
    allow_builds: bool = False
    allow_hosts: Words = ()

    @property
    def budget(self) -> Budget:
        """What the project may take.

        Raises OptionError for memory that is no size.
        """
        return Budget(self.budget_seconds, size(self.budget_memory, "budget-memory"))
