"""What processes and the final image had, and have no longer: law 12."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping

from pydock.build.laws.homes import OF_TOOLS, in_home
from pydock.build.laws.identity import by_identity, identity
from pydock.build.laws.uses import uses
from pydock.build.laws.violation import Declared, Violation, named, whose
from pydock.build.model import Build, Process, Step
from pydock.effects.python.environments import active
from pydock.effects.python.installing import TOOLS, is_read
from pydock.images.base import name_in_suite
from pydock.images.debian import kind_of
from pydock.images.wheels import linked
from pydock.patterns import regex
from pydock.state import BASE, NOBODY, Answer, Need, Numbers, State, Thing, is_below, is_root
from pydock.state.needs import (
    Below,
    Distribution,
    File,
    Folder,
    Library,
    Package,
    Place,
    Program,
    SourceLink,
    User,
)

_LINE = regex(r":\d+\Z")
# Kinds of packages that only building and fetching call.
_BUILDING = frozenset({"compiler", "build-tool", "headers", "version-control", "fetcher"})
_CACHES = ("/tmp", "/var/tmp", "/var/cache", "/var/lib/apt", "/var/log", "/etc/apt", "/usr/share/keyrings")
# What the service reads nothing of: lists of installers, and what only they, the build itself or git read.
_LISTS = regex(
    r"(?:.*/)?(?:[\w.-]*(?:requirements?|constraints)[\w.-]*\.(?:txt|in|lock)|[\w.-]*\.lock"
    r"|[\w.-]*[._]lock\.txt|pylock[\w.-]*\.toml|Pipfile|pyproject\.toml|setup\.(?:cfg|py)|MANIFEST\.in|README(?:\.(?:md|rst|txt))?|\.dockerignore"
    r"|[\w.-]*Dockerfile[\w.-]*)\*?|.*/requirements(?:/.*)?"
)
_LEFT_OUT = regex(
    r"(?:.*/)?(?:\.git|\.github|\.idea|\.vscode|__pycache__|\.(?:pytest|mypy|ruff)_cache|\.?venv|node_modules|tests?)/.*"
    r"|(?:.*/)?(?:\.env[\w.-]*|[\w.-]*\.(?:log|py[cod])|\.DS_Store|\.gitignore|(?:docker-)?compose[\w.-]*\.ya?ml)"
)


def lost(before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    """What the processes lack, and what the final image lacks."""
    yield from _of_processes(before, after, declared)
    yield from _packages(before, after, declared)
    yield from _users(before, after)
    yield from _files(before, after, declared)
    yield from _variables(before, after, declared)
    if before.final.base.reference and after.final.base.reference is None:
        yield Violation(12, None, f"the image was built on {before.final.base.reference}, and now on nobody knows what")


def _of_processes(before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    old, new = _by_origin(before), _by_origin(after)
    lacked = {need for process in before.processes for need, found in process.needs if found.answer is Answer.NO}
    for origin, processes in new.items():
        for at, process in enumerate(processes):
            known = old.get(origin, [])
            was = known[min(at, len(known) - 1)] if known else None
            is_other = bool(declared.changes & {"cmd", "entrypoint"}) and (was is None or was.text != process.text)
            yield from _needs_of(process, was, lacked, before.final if is_other and origin != "HEALTHCHECK" else None)
            if was is not None:
                yield from _setting_of(process, was, before, after, declared)
    for origin, processes in old.items():
        if origin not in new and _is_kept(origin, new, declared):
            yield Violation(12, None, f"{whose(processes[0])} is not started any more")


def _by_origin(build: Build) -> dict[str, list[Process]]:
    """Processes by who starts them, without the line in a script, which moves; a service's health check is its own."""
    found: dict[str, list[Process]] = defaultdict(list)
    for process in build.processes:
        is_of_service = process.is_probe and ": " in process.origin
        found[_LINE.sub("", process.origin) + (" (health check)" if is_of_service else "")].append(process)
    return found


def _is_kept(origin: str, new: Mapping[str, list[Process]], declared: Declared) -> bool:
    """Whether somebody has to start a process still: what CMD started, ENTRYPOINT may start now."""
    own = {"CMD", "ENTRYPOINT"}
    if origin == "HEALTHCHECK":
        return "healthcheck" not in declared.changes
    is_moved = bool(declared.changes & {"cmd", "entrypoint"}) and bool(own & set(new))
    return not is_moved or ": " in origin


def _needs_of(process: Process, was: Process | None, lacked: set[Need], other: State | None) -> Iterator[Violation]:
    """`other` is the image before, where another command takes the place of one: what that image lacked may lack."""
    had = dict(was.needs) if was is not None else {}
    for need, found in process.needs:
        if found.answer is Answer.NO:
            if need not in lacked and (other is None or other.find(need).answer is not Answer.NO):
                yield Violation(12, None, f"{whose(process)} needs {named(need)}, {_why(need)}")
        elif found.answer is Answer.UNKNOWN and had.get(need, found).answer is Answer.YES:
            yield Violation(12, None, f"{whose(process)} had {named(need)}, and may lack it", is_doubt=True)


def _why(need: Need) -> str:
    match need:
        case Program() | Library() | Package():
            return "which the image lacks"
        case User():
            return "which no step creates"
        case _:
            return "which no step brings"


def _setting_of(process: Process, was: Process, before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    who = whose(process)
    yield from _asked_before(process, was, after, declared)
    if was.workdir != process.workdir and "workdir" not in declared.changes:
        yield Violation(12, None, f"{who} ran in {was.workdir}, and runs in {process.workdir}")
    if was.user != process.user and "user" not in declared.changes:
        yield Violation(12, None, f"{who} ran as {was.user}, and runs as {process.user}")
    has = _importable(process, after.final) | TOOLS
    if not declared.drops_development and (missing := {name for name in was.distributions if name not in has}):
        names = ", ".join(sorted(missing)[:5])
        yield Violation(12, None, f"{who} had the Python packages {names}, and has them no longer")
    if process.environment and _is_closed(process, process.environment) and not _is_closed(was, was.environment or "/"):
        yield Violation(12, None, f"{who} runs as {process.user}, who may not read {process.environment}")
    if was.home != process.home:
        yield from in_home(process, was, before, after)


def _importable(process: Process, final: State) -> frozenset[str]:
    """The packages of the interpreter that a process runs with: of the first on the PATH where a script starts it."""
    folder, _, name = process.text.partition(" ")[0].rpartition("/")
    places = [f"{folder}/{name}"] if folder else [f"{each}/{name}" for each in final.path]
    if not any(place in final.origins or place in final.texts for place in places):
        return process.distributions
    names = final.distributions.get(active(final)) or ()
    return frozenset(each for each in names if Distribution(active(final), each) in final.things)


def _is_closed(process: Process, path: str) -> bool:
    """Whether a path lies in root's home, which nobody else may enter."""
    return not is_root(process.user) and is_below(path, "/root")


def _asked_before(process: Process, was: Process, after: Build, declared: Declared) -> Iterator[Violation]:
    """What the process of before asked for, asked of the new image where it asks no longer."""
    asks = {need for need, _ in process.needs}
    for need, found in was.needs:
        if need in asks or found.answer is not Answer.YES:
            continue
        if isinstance(need, File | Folder) and was.environment and is_below(need.path, was.environment):
            asked: Need = Program(posixpath.basename(need.path))
        else:
            asked = need
        if isinstance(asked, Program) and declared.changes & {"cmd", "entrypoint", "healthcheck"}:
            continue
        if isinstance(asked, File | Folder | User | Program) and after.final.find(asked).answer is Answer.NO:
            yield Violation(12, None, f"{whose(process)} had {named(asked)}, {_why(asked)} now")


def _packages(before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    """Packages of the system that the final image was told to have."""
    if "base" in declared.changes and before.final.base.is_known and not after.final.base.is_known:
        return
    wanted = [step for step in _behind(before) if step.operand is not None and step.key[0] in {"apt", "apk"}]
    kept = {identity(step) for step in _behind(after)}
    for step in wanted:
        package = next((thing for thing in step.provides if isinstance(thing, Package)), None)
        if package is None or package not in before.final.things or identity(step) in kept:
            continue
        if not _is_replaced(package, before, after):
            text = f"the image had the package {package.name} of line {step.line}, and has it no longer"
            yield Violation(12, None, text)


def _is_replaced(package: Package, before: Build, after: Build) -> bool:
    final = after.final
    if final.find(package).answer is Answer.YES:
        return True
    if kind_of(package.name) in _BUILDING:
        # A full image compiles without more packages; what fetches is asked for by name.
        is_fetcher = kind_of(package.name) == "fetcher"
        is_there = any(package in state.things if is_fetcher else state.has(package) for state in after.stages)
        if not is_there and _is_used(package, before):
            return False
        # What came along with a compiler is missed by whoever loads it: see what processes need.
        return (
            kind_of(package.name) == "compiler"
            or _is_bundled(package, before)
            or all(
                final.find(thing).answer is not Answer.NO or not isinstance(thing, Library)
                for thing in before.final.things
                if isinstance(thing, Library) and before.final.makers(thing) <= before.final.makers(package)
            )
        )
    return final.find(Package(name_in_suite(package.name, final.base.suite))).answer is Answer.YES


def _is_bundled(package: Package, build: Build) -> bool:
    """Whether headers are there for Python packages that come as wheels, with the library inside."""
    base = build.final.base
    pins = [effect.pins for step in build.steps for effect in step.effects if effect.installs is not None]
    names = {thing.name: "" for step in build.steps for thing in step.provides if isinstance(thing, Distribution)}
    known = names | {name: asked for each in pins for name, asked in each.items()}
    return bool(base.minor) and linked(package.name, known, base.suite, base.minor).is_bundled


def _is_used(package: Package, build: Build) -> bool:
    makers, used = build.final.makers(package), uses(build)
    return bool(makers & used.at_run_time) or any(used.stages(maker) for maker in makers)


def _behind(build: Build) -> list[Step]:
    lineage = _lineage(build)
    return [step for step in build.steps if step.stage in lineage]


def _lineage(build: Build) -> frozenset[int]:
    """The final stage and the stages of the file that it is built on."""
    stages = build.dockerfile.stages
    stage = build.dockerfile.final
    found: set[int] = set()
    while stage is not None and stage.index not in found:
        found.add(stage.index)
        parent = build.dockerfile.stage_named(stage.base)
        stage = parent if parent is not None and parent.index < stage.index and stages else None
    return frozenset(found)


def _users(before: Build, after: Build) -> Iterator[Violation]:
    for thing in before.final.things:
        found = after.final.find(thing) if isinstance(thing, User) else None
        if isinstance(thing, User) and found and found.answer is not Answer.YES and found.makers <= Numbers.of(BASE):
            yield Violation(12, None, f"the image had the user {thing.name}, and has it no longer")


def _variables(before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    names = {step.key[1] for step in _behind(before) if step.key[0] == "ENV"}
    for name in sorted(names - {step.key[1] for step in _behind(after) if step.key[0] == "ENV"}):
        if "environment" in declared.changes and (is_read(name) or name.startswith("PYTHON")):
            continue
        yield Violation(12, None, f"the image had the variable {name}, and has it no longer")


def _files(before: Build, after: Build, declared: Declared) -> Iterator[Violation]:
    """Files and folders of the final image, and sources of editable installs, apart from what only building reads."""
    steps, known = by_identity(after), by_identity(before)
    environments = _environments(before)
    told = NOBODY
    for thing, numbers in _missing_things(before.final, after.final):
        makers = [before.steps[number] for number in numbers if number >= 0]
        if isinstance(thing, SourceLink):
            things = (each for state in after.stages for each in state.things)
            if not any(isinstance(each, SourceLink) and each.path == thing.path for each in things):
                yield Violation(12, None, f"the image had the editable source {thing.path}, and has it no longer")
            continue
        if told & numbers or not makers or _has_reason(thing, makers, before, after, environments, declared):
            continue
        found = after.final.find(thing)
        is_made = not any(identity(maker) in steps for maker in makers) and all(
            number < 0 or identity(after.steps[number]) in known for number in found.makers
        )
        # Steps that may have made it before, too, take nobody's place.
        if found.answer is Answer.NO or is_made or thing.path in before.final.origins:
            told |= numbers
            yield Violation(12, None, f"the image had {thing.path}, and has it no longer")
        elif not any(identity(maker) in steps for maker in makers):
            yield Violation(12, None, f"the image had {thing.path}, and may not have it any more", is_doubt=True)


def _missing_things(had: State, has: State) -> list[tuple[File | Folder | SourceLink, Numbers]]:
    found = [
        (thing, numbers)
        for thing, numbers in had.things.items()
        if isinstance(thing, File | Folder | SourceLink) and thing not in has.things
    ]
    # Files first: a folder goes with the files in it.
    return sorted(found, key=lambda entry: (isinstance(entry[0], Folder), entry[0].path))


def _has_reason(
    thing: File | Folder,
    makers: list[Step],
    before: Build,
    after: Build,
    environments: frozenset[str],
    declared: Declared,
) -> bool:
    path = thing.path
    if any(is_below(path, place) for place in _CACHES) or _LISTS.fullmatch(path) or OF_TOOLS.fullmatch(path):
        return True
    if _is_left_out(thing, before.final, declared):
        return True
    if isinstance(thing, Folder) and (after.final.children.get(path) or after.final.has(thing)):
        return True
    if any(is_below(path, place) for place in environments) and not before.final.origins.get(path):
        return _program_is_there(path, makers, after.final, is_dropping=declared.drops_development)
    if all(maker.is_tool or maker.is_upkeep or maker.key[0] in {"apt", "apk", "dnf", "yum"} for maker in makers):
        return True
    return _is_input(thing, makers, before) or after.final.find(thing).answer is Answer.YES


def _is_left_out(thing: File | Folder, had: State, declared: Declared) -> bool:
    """Whether a new .dockerignore keeps out a file, or a folder that came with such files, and nobody reads it."""
    if isinstance(thing, File):
        origin = had.origins.get(thing.path)
        return origin in declared.secrets or (origin in declared.unsent and bool(_LEFT_OUT.fullmatch(thing.path)))
    left_out = declared.unsent if _LEFT_OUT.fullmatch(f"{thing.path}/") else declared.secrets
    return any(is_below(path, thing.path) for path, origin in had.origins.items() if origin in left_out)


def _program_is_there(path: str, makers: list[Step], final: State, *, is_dropping: bool) -> bool:
    """A file of an environment, which may have moved: its programs are still found by name."""
    folder, name = posixpath.split(path)
    if posixpath.basename(folder) != "bin" or not all(maker.installs for maker in makers):
        return True
    return name in TOOLS or is_dropping or final.find(Program(name)).answer is not Answer.NO


def _environments(build: Build) -> frozenset[str]:
    found = {thing.environment for thing in build.final.things if isinstance(thing, Distribution)}
    return frozenset(found | {step.installs for step in build.steps if step.installs is not None}) - {"/", "/usr"}


def _is_input(thing: Thing, makers: list[Step], before: Build) -> bool:
    """Whether only installers read a file: by name or with its folder, and no process runs there."""
    readers = [step for step in before.steps if any(_reads(need, thing) for need, _ in (*step.needs, *step.takes))]
    if not readers or not all(step.installs is not None or step.is_tool for step in readers):
        return False
    is_named = any(need == thing for step in readers for need, _ in (*step.needs, *step.takes))
    path = getattr(thing, "path", "")
    works = any(process.workdir is not None and is_below(path, process.workdir) for process in before.processes)
    return is_named or not works


def _reads(need: Need, thing: Thing) -> bool:
    path = getattr(thing, "path", "")
    return need == thing or (isinstance(need, Below | Place) and need.path != "/" and is_below(path, need.path))
