"""For which platforms a service is built, and one lock for amd64 and arm64.

Who builds on a machine with an ARM processor gets linux/arm64 without asking for it, so the resolver is asked about
both: where both are the same set, one lock is for both. Where they differ it is for both only if compose, bake, a
pipeline or the configuration names the other one: then markers say what is for which.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.context.compose import shown
from pydock.locks.installs.requests import Wanted, wanted
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.project.pins import Answer, Pin, Request
from pydock.values import Value, replace

_BUILDS = regex(r"docker-bake\.(?:hcl|json)\Z|\.gitlab-ci\.ya?ml\Z|.*\.github/workflows/[^/]+\.ya?ml\Z")
_NAMED = regex(r"platforms?\W[^#\n]*(?:\n[ \t]*-[^\n]*)*")
_PLATFORM = regex(r"linux/(?:amd64|arm64)")
_OTHER = {"x86_64": "aarch64", "aarch64": "x86_64"}
_NAMES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
_MOST = 3


class Everywhere(Value):
    """An answer as a lock holds it: for amd64 and arm64 where it `is_universal`, with what else is to be said."""

    answer: Answer
    is_universal: bool = False
    notes: tuple[str, ...] = ()


def platforms(project: Project) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Who names platforms that the service is built for, each with them."""
    if project.options.platforms:
        yield "the configuration", project.options.platforms
    texts = [(path, project.tree.text(path) or "") for path in project.tree.files if _builds(path)]
    told = [(path, " ".join(part[0] for part in _NAMED.finditer(text))) for path, text in texts]
    for service in services(project):
        built = service.build.platforms if service.build else ()
        told.append((service.path, " ".join([shown(service.platform), *built])))
    for path, text in told:
        if found := set(_PLATFORM.findall(text)):
            yield path, tuple(sorted(found))


def _builds(path: str) -> bool:
    return bool(_BUILDS.match(path) or _BUILDS.match(posixpath.basename(path)))


def asked_elsewhere(project: Project, entry: Wanted) -> Request | None:
    """What an install asks for on the other of the two platforms, None where FROM says which one it is for."""
    request = entry.request
    fixed = project.lineage(entry.install.stage)[-1].platform.startswith("linux/")
    if request is None or fixed or project.options.lock_format == "pylock":
        return None
    machine, dash, rest = request.platform.partition("-")
    return replace(request, platform=f"{_OTHER[machine]}{dash}{rest}")


def requests_elsewhere(project: Project) -> tuple[Request, ...]:
    """What a resolver should be asked about the other platform before rules can write a lock for both."""
    asked = (asked_elsewhere(project, entry) for entry in wanted(project) if entry.loose or project.options.hashes)
    return tuple(dict.fromkeys(request for request in asked if request is not None))


def everywhere(project: Project, entry: Wanted, answer: Answer) -> Everywhere:
    """The answer to an install for both platforms as far as that can be had, else for its own."""
    request = entry.request
    assert request is not None
    asked = asked_elsewhere(project, entry)
    other = project.pins.of(asked) if asked else None
    own = request.platform.partition("-")[0]
    away = _NAMES[_OTHER[own]]
    naming = [who for who, named in platforms(project) if away in named]
    if other is None or other.why_not:
        why = f": {other.why_not}" if other else ""
        return Everywhere(answer, notes=tuple(f"{who} names {away}, which this lock is not for{why}" for who in naming))
    apart = _apart(answer, other)
    if not apart:
        return Everywhere(answer, is_universal=True)
    names = ", ".join(apart[:_MOST]) + (", ..." if len(apart) > _MOST else "")
    if naming:
        note = f"{naming[0]} names {away}: markers say what only one of the platforms needs ({names})"
        return Everywhere(_merged(answer, other, own), True, (note,))
    hint = "`platforms` in the configuration asks for both"
    return Everywhere(
        answer, notes=(f"this lock is for {_NAMES[own]}; {away} needs a different set ({names}): {hint}",)
    )


def _what(pin: Pin) -> tuple[str, str, str]:
    return pin.name, pin.version, pin.place


def _apart(answer: Answer, other: Answer) -> list[str]:
    """The packages that are not the same on both."""
    return sorted({name for name, *_ in {*map(_what, answer.pins)} ^ {*map(_what, other.pins)}})


def _merged(answer: Answer, other: Answer, own: str) -> Answer:
    shared = {*map(_what, answer.pins)} & {*map(_what, other.pins)}
    found = [pin if _what(pin) in shared else _only(pin, own) for pin in answer.pins]
    found += [_only(pin, _OTHER[own]) for pin in other.pins if _what(pin) not in shared]
    warnings = tuple(dict.fromkeys((*answer.warnings, *other.warnings)))
    return replace(answer, pins=tuple(sorted(found, key=_what)), warnings=warnings)


def _only(pin: Pin, machine: str) -> Pin:
    return replace(pin, marker=f"platform_machine == '{machine}'")
