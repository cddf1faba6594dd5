"""The set that pip takes where uv takes another one.

Where the newest plugin asks for an older framework, pip keeps the plugin and takes the older framework, and uv keeps
the framework and takes an older plugin that asks for nothing. A service that pip installs is locked as pip does.

https://pip.pypa.io/en/stable/topics/more-dependency-resolution/ and https://docs.astral.sh/uv/reference/resolver-internals/,
read 2026-11; a test compares both.
"""

from __future__ import annotations

from collections.abc import Callable

from pydock.project.pins import Answer, Request
from pydock.values import replace

# How many versions that uv gave up are looked at: one is rare, and each costs two questions to a cache.
_MOST = 4


def as_pip(request: Request, ask: Callable[[Request], Answer]) -> Answer:
    """The answer with the versions that uv took first and gave up, and pip keeps."""
    found = ask(request)
    for _ in range(_MOST):
        again = next(filter(None, (_kept(request, found, one, ask) for one in found.revised[:_MOST])), None)
        if again is None:
            break
        request, found = again
    return found


def _kept(request: Request, found: Answer, one: str, ask: Callable[[Request], Answer]) -> tuple[Request, Answer] | None:
    """The question and its answer with a version that asks for other versions of others, None for one that does not."""
    name = one.partition("==")[0]
    others = tuple(f"{pin.name}=={pin.version}" for pin in found.pins if pin.name != name and not pin.place)
    alone = ask(replace(request, requirements=(one,), constraints=others, preferences=()))
    if not alone.why_not or not alone.is_final:
        return None
    kept = replace(request, constraints=(*request.constraints, one))
    again = ask(kept)
    if again.why_not:
        return None
    before = {pin.name: pin.version for pin in found.pins}
    changed = [pin for pin in again.pins if pin.name != name and before.get(pin.name, pin.version) != pin.version]
    lower = ", ".join(f"{pin.name} {pin.version}" for pin in changed)
    note = f"as pip does, {one.replace('==', ' ')} is kept with {lower}; uv would take {name} {before[name]}"
    return kept, replace(again, warnings=(*again.warnings, note))
