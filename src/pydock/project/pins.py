"""Pins as facts: what a resolver is asked about a service, and what it answered.

Rules look answers up and never ask; `pydock.resolve` asks, before the first round.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from packaging.utils import canonicalize_name

from pydock.values import Value, field

# What asks for a package that the request itself names.
DIRECT = "."


class Indexes(Value):
    """Where packages come from, in pip's own terms; all empty means the public index.

    Addresses may hold credentials: they are handed to the resolver and shown nowhere.
    """

    index: str = ""
    extra: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    is_closed: bool = False

    def __repr__(self) -> str:
        return f"Indexes(is_closed={self.is_closed})"


class Request(Value):
    """One question to a resolver; equal requests have one answer.

    `requirements` and `constraints` are lines of PEP 508. `python` is X.Y.Z, `platform` a
    target as uv names it (x86_64-manylinux_2_36). `preferences` are versions to stay at where
    they fit, as `name==version`. `before` leaves out what was published on that day or later.
    With `only_binary` nothing but wheels is taken, so that an answer says that no compiler is
    needed. `allows_builds` lets source archives without static metadata run their own code on
    this machine, which nothing else does. `as_pip` asks for the set that pip takes where uv takes
    another. `hosts` are those that a person allows to be asked where only a project names them
    (`pydock.hosts`).
    """

    requirements: tuple[str, ...]
    python: str
    platform: str
    constraints: tuple[str, ...] = ()
    preferences: tuple[str, ...] = ()
    indexes: Indexes = field(default_factory=Indexes)
    before: date | None = None
    only_binary: bool = False
    prereleases: bool = False
    no_binary: tuple[str, ...] = ()
    allows_builds: bool = False
    hosts: tuple[str, ...] = ()
    as_pip: bool = False


class Artifact(Value):
    """A file of a version that the target can take: a wheel that fits, or the source archive."""

    name: str
    sha256: str

    @property
    def is_wheel(self) -> bool:
        return self.name.endswith(".whl")


class Pin(Value):
    """One package of an answer.

    `via` are the packages that ask for it, DIRECT where the request does, `extras` what is asked
    for with it; `place` is the URL of one that comes from no index, with its commit. `files` are the
    hashes of all files of the version, those of other machines too, where the resolver told them;
    `marker` says on which machines it is installed, "" for all.
    """

    name: str
    version: str
    artifacts: tuple[Artifact, ...] = ()
    via: tuple[str, ...] = ()
    place: str = ""
    extras: str = ""
    files: tuple[str, ...] = ()
    marker: str = ""

    @property
    def hashes(self) -> tuple[str, ...]:
        """The hashes of the files that an install may take, in order."""
        return tuple(sorted(set(self.files) or {artifact.sha256 for artifact in self.artifacts}))

    @property
    def is_compiled(self) -> bool:
        """Whether the target has to build it from source: there is no wheel that fits."""
        return not any(artifact.is_wheel for artifact in self.artifacts)


class Answer(Value):
    """Pins by name, or a short reason why there are none.

    `is_unreachable` when no index answered. It is not final where a time-out or a failure decided,
    that of an index or of this machine: the same request may have another answer later.
    `warnings` are the resolver's own, such as a yanked version; `pylock` is the answer as a
    pylock.toml. `revised` are versions, as `name==version`, that it took first and gave up for others'
    sake: there it had a choice, and another resolver may make another one.
    """

    pins: tuple[Pin, ...] = ()
    why_not: str = ""
    is_unreachable: bool = False
    warnings: tuple[str, ...] = ()
    pylock: str = ""
    is_final: bool = True
    revised: tuple[str, ...] = ()

    def pin(self, name: str) -> Pin | None:
        """The pin of a package by any spelling of its name."""
        wanted = canonicalize_name(name)
        return next((pin for pin in self.pins if pin.name == wanted), None)


class Pins(Value):
    """Every answer that was gathered for a run."""

    answers: Mapping[Request, Answer] = field(default_factory=dict)

    def of(self, request: Request) -> Answer | None:
        """The answer to a request, None where it was not asked."""
        return self.answers.get(request)


class Unanswered(Exception):
    """What has to be asked before a project can be rewritten: all of its `requests` so far; never leaves a run."""

    def __init__(self, requests: tuple[Request, ...]) -> None:
        super().__init__(requests)
        self.requests = requests
