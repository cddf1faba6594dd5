"""What one command does to the image, as far as it is known without running it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum

from pydock.shell import Word
from pydock.state.needs import Below, Matching, Need, Thing
from pydock.values import Value, field


class Kind(StrEnum):
    """Kinds of things that an unknown command may have made."""

    FILE = "file"
    USER = "user"
    PACKAGE = "package"
    LIBRARY = "library"
    DISTRIBUTION = "distribution"
    LISTS = "package lists"
    VARIABLE = "variable"


class Open(Value):
    """What a command may have made without saying so: things of these kinds, files below these places."""

    kinds: frozenset[Kind]
    places: tuple[str, ...] = ("/",)


ANYTHING = Open(frozenset(Kind))


def files_below(*places: str) -> Open:
    """Any file below one of these absolute paths."""
    return Open(frozenset({Kind.FILE}), places)


class Purpose(Enum):
    """Why a command is there, where that decides whether the runtime stage has a use for it."""

    SERVICE = "service"
    # It brings a tool that only building calls: pip, poetry, uv, a virtual environment.
    TOOL = "tool"
    # It changes only the shell that it runs in: cd, set, export.
    SETTING = "setting"
    # It fetches package lists or removes caches and lists.
    UPKEEP = "upkeep"


class Effect(Value):
    """One command, or one operand of a command whose operands stand for themselves.

    `needs` have to be met, `takes` are read where they are there. `provides` is new, `changes` was there
    and has this command's hand in it now, `removes` is gone afterwards (Below: all in a folder, the
    folder stays; Matching: what nobody is known to have made; File and Folder: with all below). `texts` are
    the texts of files that are known by path, `origins` the files of the build context that others are copies of.
    `installs` is the environment that the service's Python packages go to, `pins` what is asked of their versions
    by name. `operand` is the one word that this part is about, None for the whole command. `workdir` is where the
    shell is afterwards, None where it stays; `is_elsewhere`: it is in a folder that nobody knows.
    """

    needs: tuple[Need, ...] = ()
    takes: tuple[Need, ...] = ()
    provides: tuple[Thing, ...] = ()
    changes: tuple[Thing, ...] = ()
    removes: tuple[Thing | Below | Matching, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    opens: Open | None = None
    installs: str | None = None
    pins: Mapping[str, str] = field(default_factory=dict)
    purpose: Purpose = Purpose.SERVICE
    operand: Word | None = None
    workdir: str | None = None
    is_elsewhere: bool = False


class Language(Enum):
    """What a nested script is written in."""

    SHELL = "shell"
    PYTHON = "python"


class Nested(Value):
    """A script that a command runs: its text (None where that is not known) and the arguments it gets.

    `needs` is the file of the script. `is_input`: the script is what the command reads from its input.
    """

    text: str | None
    arguments: tuple[Word, ...] = ()
    needs: tuple[Need, ...] = ()
    language: Language = Language.SHELL
    is_input: bool = False
    is_same_shell: bool = False
