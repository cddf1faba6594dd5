"""What a built image runs: versions to stay at, and what to say where a lock could not.

They are preferences of the resolver and no constraints, so that a requirement that has moved on
costs its own version alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import InvalidVersion, Version

from pydock.project.pins import Answer, Pin, Request
from pydock.values import Value, field

_MOST = 8


class Running(Value):
    """The packages of a built image; all empty where none was read.

    `python` is X.Y.Z. `versions` are by normalised name; `places` names the commit, else the
    address, of those that come from no index.
    """

    image: str = ""
    python: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def preferences(self) -> dict[str, str]:
        """The versions that an index may have; a version that is none by PEP 440 would stop the resolver."""
        found = {name: version for name, version in self.versions.items() if name not in self.places}
        return {name: version for name, version in found.items() if _is_version(version)}

    def keeps(self, pin: Pin) -> bool:
        """Whether a pin is exactly what the image has."""
        place = self.places.get(pin.name, "")
        if place or pin.place:
            return bool(place) and place in pin.place
        version = self.versions.get(pin.name, "")
        return version == pin.version or (_is_version(version) and Version(version) == Version(pin.version))

    def kept(self, answer: Answer) -> int:
        """How many pins of an answer are exactly what the image has."""
        return sum(self.keeps(pin) for pin in answer.pins)

    def notes(self, request: Request, answer: Answer) -> Iterator[str]:
        """What differs between the image and an answer, package by package."""
        if not self.image:
            return
        minor, own = request.python.rpartition(".")[0], self.python.rpartition(".")[0]
        if own != minor:
            yield f"{self.image} runs Python {own}, and this lock is for Python {minor}"
        changed = [pin for pin in answer.pins if pin.name in self.versions and not self.keeps(pin)]
        new = [f"{pin.name} {pin.version}".strip() for pin in answer.pins if pin.name not in self.versions]
        yield from (self._difference(request, pin) for pin in changed)
        if new:
            more = f" and {len(new) - _MOST} more" if len(new) > _MOST else ""
            yield f"not in {self.image}, so resolved: {', '.join(new[:_MOST])}{more}"

    def _difference(self, request: Request, pin: Pin) -> str:
        place, version = self.places.get(pin.name, ""), self.versions[pin.name]
        there = f"{version} from {place}" if place else version
        here = pin.place or (f"{pin.version} from an index" if place else pin.version)
        why = "" if place or pin.place else _why(request, pin.name, version)
        return f"{pin.name} is {there} in {self.image}, {here} in the lock{why}"


def by_name(found: Mapping[str, str]) -> dict[str, str]:
    """Values of packages by their normalised names; what can be the name of none is left out."""
    normal = {str(canonicalize_name(name)): value for name, value in found.items()}
    return {name: value for name, value in normal.items() if is_normalized_name(name)}


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _why(request: Request, name: str, version: str) -> str:
    """Why a version could not be kept, as far as the request tells."""
    for line in (*request.requirements, *request.constraints):
        try:
            asked = Requirement(line)
        except InvalidRequirement:
            continue
        if canonicalize_name(asked.name) == name and not _allows(asked, version):
            return f": {asked.name}{asked.specifier} forbids it"
    return ": no answer of the resolver has it"


def _allows(asked: Requirement, version: str) -> bool:
    return _is_version(version) and asked.specifier.contains(version, prereleases=True)
