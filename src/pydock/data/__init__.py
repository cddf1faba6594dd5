"""Dated tables of facts, one CSV file each, every row with its source; and the schemas of what pydock writes."""

import csv
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from pydock.data.newer_tables import FOLDER, KEYS, newer, newest_day, problem
from pydock.values import Value

__all__ = [
    "FOLDER", "SCHEMAS", "TABLES", "Summary", "built_lines", "day", "newest_day", "problem", "rows", "rows_of",
    "schema", "summary",
]  # fmt: skip

TABLES = {
    "python_releases": "minor versions of CPython, the last patch release and the end of security fixes",
    "python_removals": "what a minor version of CPython no longer has, and what to use instead",
    "debian_releases": "Debian releases, the end of security fixes and of long-term support",
    "python_images": "the last tag X.Y.Z-codename of the official Python image, and what X.Y alone means",
    "python_image_patches": "every X.Y.Z that was published for a codename",
    "native_packages": "Python packages: what compiles them, what they load or call at run time",
    "package_replacements": "packages whose place another one takes that is easier to build or smaller",
    "import_names": "modules, the packages that bring them, and whether anything but an import uses them",
    "package_requires": "what a package may bring along, with every extra of it",
    "first_wheels": "the first version of a package with Linux wheels for a Python",
    "build_tools": "the last version of a build tool that runs on a Python",
    "debian_build_packages": "Debian packages that only building needs, and the programs they bring",
    "debian_dev_packages": "-dev packages and the shared libraries they stand for",
    "debian_programs": "programs, the package that brings them, and the images that have them",
    "debian_recommends": "what a package recommends and a service then uses",
    "full_image_libraries": "run-time packages of the full image that slim does not have",
    "shared_libraries": "libraries whose Debian package is not named as its policy says",
    "full_image_packages": "packages that apt-get finds in the full image, by the names that Dockerfiles use",
    "command_options": "how a program reads its arguments: which options take a value, whether a verb comes first",
    "console_scripts": "the programs of Python packages that are not called as the package is",
    "run_time_calls": "programs that a package calls at run time; cc is any compiler, npm: is for what npm brings",
    "database_drivers": "packages that connect SQLAlchemy to another database than SQLite",
    "kept_files": "what packages keep below HOME and in the work folder, and the variable that moves it",
    "official_images": "images of Docker's own library that stand beside services in compose files",
    "image_users": "published images and whom their commands run as; a name that ends in / or - begins a family",
    "downloaded_programs": "programs whose archives lack libraries that they load",
    "writing_calls": "functions of Python that write where one of their arguments says",
    "remote_scripts": "scripts that are piped from the network into a shell: what they need and what they leave",
    "pkg_resources_users": "packages some releases of which import pkg_resources, which they may not declare",
    "asking_imports": "modules that ask a database, a broker or another service, and those that surely ask nobody",
    "slow_imports": "modules that take seconds to minutes until a service is ready: models, virtual machines",
    "suite_package_names": "packages that not every Debian release has under the same name",
}
SCHEMAS = ("report", "verify", "bench")


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `<name>.csv`, read once; a cell that holds several names separates them by spaces."""
    return _read(_lines(name))


@cache
def rows_of(name: str, first: str) -> tuple[dict[str, str], ...]:
    """The rows with this first cell. The others are not taken apart: a check asks a long table about few names."""
    return _read([_lines(name)[0], *_by_first_cell(name).get(first, ())])


@cache
def _lines(name: str) -> list[str]:
    built = built_lines(name)
    return newer(name, built) if name in KEYS else built


def built_lines(name: str) -> list[str]:
    """The lines of a table as it came with pydock."""
    return (Path(__file__).parent / f"{name}.csv").read_text(encoding="utf-8").splitlines()


@cache
def day(name: str) -> date:
    """The newest day that a source of a table was read."""
    return date.fromisoformat(newest_day(_lines(name)))


@cache
def _by_first_cell(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _lines(name)[1:]:
        found.setdefault(line.partition(",")[0], []).append(line)
    return found


def _read(lines: Iterable[str]) -> tuple[dict[str, str], ...]:
    header, *cells = csv.reader(lines)
    return tuple(dict(zip(header, row, strict=True)) for row in cells)


def schema(name: str) -> str:
    """The JSON Schema of one of SCHEMAS, as text."""
    return (Path(__file__).parent / "schemas" / f"{name}.json").read_text(encoding="utf-8")


class Summary(Value):
    """A table in short: `date` is the newest day that one of its sources was read, `sources` are in its order.

    One that `is_refreshed` is newer than what came with pydock.
    """

    name: str
    about: str
    count: int
    date: str
    sources: tuple[str, ...]
    is_refreshed: bool = False


def summary(name: str) -> Summary:
    """A table of TABLES in short."""
    sources = tuple(dict.fromkeys(row["source"] for row in rows(name)))
    return Summary(name, TABLES[name], len(rows(name)), str(day(name)), sources, _lines(name) != built_lines(name))
