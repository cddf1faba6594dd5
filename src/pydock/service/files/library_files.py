"""What packages keep below HOME and in the work folder: the rows of `data/kept_files.csv`."""

from __future__ import annotations

from functools import cache

from pydock.data import rows
from pydock.values import Value


class LibraryFiles(Value):
    """Files that a package keeps; `name` is that of their folder.

    `home` is their place below HOME, "" for none, and `variable` moves it, "" where none does. `work`: "yes" where
    its programs write into the work folder wherever they run, "may" where that depends on what they are told to do.
    """

    name: str
    modules: frozenset[str]
    programs: frozenset[str]
    variable: str
    home: str
    work: str


@cache
def library_files() -> tuple[LibraryFiles, ...]:
    """Every row of the table."""
    return tuple(
        LibraryFiles(
            row["name"],
            frozenset(row["modules"].split()),
            frozenset(row["programs"].split()),
            row["variable"],
            row["home"],
            row["work"],
        )
        for row in rows("kept_files")
    )


def of_program(name: str) -> tuple[LibraryFiles, ...]:
    """What a console script keeps; () for one that no row knows."""
    return tuple(each for each in library_files() if name in each.programs)


def of_module(name: str) -> tuple[LibraryFiles, ...]:
    """What a module keeps where it is used; () for one that no row knows."""
    return tuple(each for each in library_files() if name in each.modules)


def keeps_in_work_folder(program: str) -> bool:
    """Whether a program writes files of its own into the work folder, whatever it is told to do."""
    return any(each.work == "yes" for each in of_program(program))
