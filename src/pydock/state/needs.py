"""What a command needs to find in the image, and what it leaves there: the same nouns for both.

A need is hard (it has to be met, or the build stops) or soft (taken along where it is there: compilers,
keys, pip.conf). Which of both it is stands in the effect of the command (`Effect.needs`, `Effect.takes`).
"""

from __future__ import annotations

from pydock.values import Value


class Program(Value):
    """A program by the name that it is called by: looked for on the PATH, or a path."""

    name: str


class File(Value):
    """A file, by absolute path."""

    path: str


class Folder(Value):
    """A folder, by absolute path."""

    path: str


class Place(Value):
    """A file or a folder."""

    path: str


class Below(Value):
    """Whatever lies in a folder and below: met in any case, by all that wrote there."""

    path: str


class Matching(Value):
    """At least one file of a glob pattern, by absolute path."""

    pattern: str


class Buildable(Value):
    """A folder that pip can build a package from: one with pyproject.toml or setup.py."""

    path: str


class User(Value):
    """A user or a group, by name or number."""

    name: str


class Package(Value):
    """A package of the image's own package manager, by name."""

    name: str


class Library(Value):
    """A shared library, by the Debian package that it is in."""

    package: str


class Distribution(Value):
    """An installed Python package, by normalised name, in an environment: "/usr/local", "/opt/venv"."""

    environment: str
    name: str


class SourceLink(Value):
    """A way from an environment to a folder of source, left by an editable install: what runs there reads `path`."""

    environment: str
    path: str


class Distributions(Value):
    """Whatever is installed in an environment: met in any case, by all that installed there."""

    environment: str


class Module(Value):
    """A Python module that is imported from an environment."""

    environment: str
    name: str


class Variable(Value):
    """An environment variable or a build argument."""

    name: str


class PackageLists(Value):
    """The package lists that `apt-get update` fetches."""


class Source(Value):
    """An apt source for a suite that the image does not have of its own: bookworm-backports."""

    suite: str


class InSuite(Value):
    """A package that the image's Debian release has to have."""

    package: str


class Toolchain(Value):
    """Compilers, headers and the like, whatever is there: read by installs that may compile."""


class OlderRelease(Value):
    """A program of a version below another one, which has what it is asked for no longer: met as far as this tells."""

    program: str
    below: str


class NotAMount(Value):
    """A path that is no mount of the same RUN: a mount cannot be removed."""

    path: str


class Writable(Value):
    """A path that a user can write to."""

    path: str
    user: str


Need = (
    Program
    | File
    | Folder
    | Place
    | Below
    | Matching
    | Buildable
    | User
    | Package
    | Library
    | Distribution
    | SourceLink
    | Distributions
    | Module
    | Variable
    | PackageLists
    | Source
    | InSuite
    | Toolchain
    | NotAMount
    | OlderRelease
    | Writable
)
# What a command can leave behind.
Thing = File | Folder | User | Package | Library | Distribution | SourceLink | PackageLists | Toolchain
