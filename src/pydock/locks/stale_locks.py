"""Locks beside what they were made from: those that are installed and no longer fit, and those that nobody installs.

What can make one again is a question to a resolver, which stays at the versions that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydock.build.installs import RESOLVING, Install, installs_of
from pydock.dockerfile import Stage
from pydock.locks.installs.requests import Wanted, asked_by, names_of, wanted
from pydock.locks.lockfile import lock_path
from pydock.locks.pip_compile import Made, held, made, unfit, why_stale
from pydock.locks.platforms import asked_elsewhere
from pydock.locks.python.interpreters import interpreter
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.pins import Request
from pydock.shell import Word
from pydock.values import Value, replace


class Outdated(Value):
    """A lock that an install takes or should take; `why` it does not fit is empty where it does.

    `again` is what would have to be asked to make it again, None where it is not pydock's own.
    `beside` is the install of its sources, None where the lock itself is installed.
    """

    word: Word
    path: str
    made: Made
    why: str
    again: Wanted | None = None
    beside: Wanted | None = None


@remembered
def outdated(project: Project) -> tuple[Outdated, ...]:
    """Every compiled lock once for each stage, in order, those that fit with them: a lock may be shared."""
    if not project.tree.known:
        return ()
    return tuple(entry for stage in project.dockerfile.stages for entry in _of_stage(project, stage))


def asked_again(project: Project) -> tuple[Request, ...]:
    """What a resolver should be asked before rules can make these locks again."""
    stale = [(entry.again, entry.made) for entry in outdated(project) if entry.again and entry.why]
    found = [again.request for again, _ in stale]
    found += [asked_elsewhere(project, again) for again, head in stale if head.is_universal]
    return tuple(dict.fromkeys(request for request in found if request is not None))


def lock_beside(project: Project, entry: Wanted) -> Made | None:
    """The head of the lock that was made from just the files of an install and stands beside them."""
    found = made(project, lock_path(entry.paths[0])) if entry.paths else None
    return found if found and found.is_own and found.sources == entry.paths else None


def _of_stage(project: Project, stage: Stage) -> Iterator[Outdated]:
    beside = {entry.install.command: entry for entry in wanted(project) if entry.install.stage is stage}
    seen: set[str] = set()
    for install in installs_of(project, stage, RESOLVING):
        entry = beside.get(install.command)
        if entry and (head := lock_beside(project, entry)) and lock_path(entry.paths[0]) not in seen:
            path = lock_path(entry.paths[0])
            seen.add(path)
            why, again = _judged(project, install, path, head)
            yield Outdated((install.files or install.places)[0], path, head, why, again, entry)
            continue
        for word in install.files:
            origin = install.origin(project, word.value)
            head = made(project, origin) if origin and origin not in seen else None
            if origin and head:
                seen.add(origin)
                yield Outdated(word, origin, head, *_judged(project, install, origin, head))


def _judged(project: Project, install: Install, path: str, head: Made) -> tuple[str, Wanted | None]:
    inside, names = interpreter(project, install.stage), names_of(install)
    why = (unfit(path, head, inside) if inside else "") or why_stale(project, path, head, inside, names)
    if not why or not head.is_own or inside is None:
        return why, None
    pins = {name: version for name, version in held(project, path).items() if version}
    return why, _at_source(project, install, head, {**pins, **project.running.preferences})


def at_source(project: Project, entry: Wanted) -> Wanted:
    """What an install of a lock that pydock can make again asks for by the sources of that lock; others as they are."""
    head = made(project, entry.paths[0]) if len(entry.paths) == 1 else None
    if entry.request is None or head is None or not head.is_own:
        return entry
    have = dict(preference.split("==", 1) for preference in entry.request.preferences)
    return _at_source(project, entry.install, head, have)


def _at_source(project: Project, install: Install, head: Made, have: Mapping[str, str]) -> Wanted:
    inside, names = interpreter(project, install.stage), names_of(install)
    found = asked_by(project, install, head.sources, names, inside, lambda: have)
    if found.request and head.before and not project.options.as_of:
        request = replace(found.request, before=head.before)
        return replace(found, asks=lambda: request)
    return found
