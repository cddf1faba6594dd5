"""What an install asks for, whoever says it: words of a command, requirements files, projects, locks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from pydock.values import Value, field

_T = TypeVar("_T")
# The Pythons that a marker is tried with, oldest first.
_PYTHONS = ("2.7", *(f"3.{minor}" for minor in range(5, 16)))


class LocalProject(Value):
    """A folder whose project is installed, by absolute path, with the extras that are asked for."""

    path: str
    extras: tuple[str, ...] = ()
    is_editable: bool = False


class Link(Value):
    """Packages from version control: the program that fetches them, and whether it goes through ssh."""

    address: str
    program: str
    is_ssh: bool = False


class Places(Value):
    """Where names of files lead: the text of an absolute path, None where it is not known or there is none; and the
    absolute path of a name as an install finds it, None where the work directory is not known."""

    text: Callable[[str], str | None]
    at: Callable[[str], str | None]


class Demand(Value):
    """What an install asks for.

    `names` are normalised, each once, in the order they were met. `pins` has the specifier of those that are given
    one ("==3.1.2", ">=1,<2"), `extras` and `markers` those of a name. `files` are all that is read by the way,
    `projects` local folders and `archives` local wheels and source archives (paths or patterns), `sources` folders
    that packages are looked for in. `scripts` are the console scripts of the local projects. `is_complete` is false
    where a part could not be read.
    """

    names: tuple[str, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    markers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    projects: tuple[LocalProject, ...] = ()
    archives: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    scripts: tuple[str, ...] = ()
    is_complete: bool = True

    @property
    def on_linux(self) -> tuple[str, ...]:
        """The names whose marker can be true on Linux."""
        return tuple(name for name in self.names if may_hold(self.markers.get(name)))


# One of which no part could be read.
UNREAD = Demand(is_complete=False)


def joined(demands: Iterable[Demand]) -> Demand:
    """Several demands as one; the first pin of a name stays, and a name without a marker in one of them has none."""
    parts = tuple(demands)
    pins: dict[str, str] = {}
    extras: dict[str, tuple[str, ...]] = {}
    bare = {name for part in parts for name in part.names if name not in part.markers}
    markers: dict[str, str] = {}
    for part in parts:
        for name in part.names:
            if name in part.pins:
                pins.setdefault(name, part.pins[name])
            if name in part.extras:
                extras[name] = _once((*extras.get(name, ()), *part.extras[name]))
            if name in part.markers and name not in bare:
                other = markers.get(name)
                same = other in {None, part.markers[name]}
                markers[name] = part.markers[name] if same else f"({other}) or ({part.markers[name]})"
    return Demand(
        _once(name for part in parts for name in part.names),
        pins,
        extras,
        markers,
        _once(file for part in parts for file in part.files),
        _once(project for part in parts for project in part.projects),
        _once(archive for part in parts for archive in part.archives),
        _once(source for part in parts for source in part.sources),
        _once(link for part in parts for link in part.links),
        _once(script for part in parts for script in part.scripts),
        all(part.is_complete for part in parts),
    )


def normalised(name: str) -> str:
    """The name of a package as indexes compare it."""
    return str(canonicalize_name(name))


def may_hold(marker: str | None) -> bool:
    """Whether a marker can be true on Linux, with some Python and some extra."""
    if marker is None:
        return True
    try:
        parsed = Marker(marker)
        if "extra" in marker:
            return True
        return any(parsed.evaluate(_environment(python)) for python in _PYTHONS)
    except (InvalidMarker, ValueError, LookupError, RecursionError):
        return True


def _environment(python: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }


def _once(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
