"""What installs ask a resolver for: one question for each install of a Dockerfile.

pip leaves alone what an earlier install of the stage or the image has brought, as long as it
fits, so the versions of earlier answers are preferences of later questions. Those of a lock that
another tool has made, and those that a built image runs, are preferences of every question.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pydock.build.installs import RESOLVING, Install, installs_of
from pydock.dockerfile import Stage
from pydock.images.setuptools import setuptools_beside
from pydock.locks.installs.build_tools import BUILD_TOOLS
from pydock.locks.installs.indexes import Supply, supply
from pydock.locks.installs.list_edits import changed_before
from pydock.locks.lock_files import standing
from pydock.locks.python.interpreters import Interpreter, interpreter
from pydock.packages.archive import is_archive
from pydock.packages.metadata import NAMES, manifest_of
from pydock.packages.requirements import Entry, Kind, RequirementSet, entries
from pydock.patterns import regex
from pydock.project import Options, Project
from pydock.project.memory import remembered
from pydock.project.pins import Answer, Request
from pydock.project.secrets import url_with_password
from pydock.values import Value, replace

# What a lock could not stand for.
_OTHER_MEANING = (
    "--no-deps", "--python-version", "--platform", "--abi", "--implementation", "--dry-run", "--report", "--group",
)  # fmt: skip
_NO_LIST = (".toml", ".cfg", ".py")
_VERSIONED = regex(r"(?:pip|python)(\d+\.\d+)\Z")
Have = Callable[[], Mapping[str, str]]
Versions = list[tuple[str, str]]


class Wanted(Value, dict=True):
    """What one install asks for.

    `paths` are its requirements files in the context, `names` the packages that it names itself. `asked` are all
    packages by name, `loose` those without a pin; `is_hashed` where every line of the files names the hashes it takes.
    `why_not` says why no resolver can be asked; `supply` is where the packages come from. `places` are local projects
    as pip is told them (`-e .`), whose metadata is among the paths. `standing` is the lock of another tool beside the
    files, whose versions are stayed at. `asks` makes the request, None where there is none: it names all that the
    installs above have brought, and few are ever sent.
    """

    install: Install
    paths: tuple[str, ...]
    names: tuple[str, ...]
    asked: tuple[str, ...]
    loose: tuple[str, ...]
    supply: Supply
    is_hashed: bool = False
    asks: Callable[[], Request] | None = None
    why_not: str = ""
    places: tuple[str, ...] = ()
    standing: str = ""

    @cached_property
    def request(self) -> Request | None:
        """What a resolver would be asked, None where none can be."""
        return self.asks() if self.asks is not None else None

    def answer(self, project: Project) -> Answer | None:
        """What was gathered for this install."""
        return project.pins.of(self.request) if project.pins.answers and self.request else None


@remembered
def wanted(project: Project) -> tuple[Wanted, ...]:
    """The questions of every stage, in order; installs of build tools or of local projects alone ask none."""
    if not project.tree.known:
        return ()
    brought: list[Versions] = []
    return tuple(entry for stage in project.dockerfile.stages for entry in _of_stage(project, stage, brought))


def requests(project: Project) -> tuple[Request, ...]:
    """What a resolver should be asked before rules can pin what is loose."""
    unhashed = project.options.hashes
    asked = (entry.request for entry in wanted(project) if entry.loose or (unhashed and not entry.is_hashed))
    return tuple(dict.fromkeys(request for request in asked if request is not None))


def _of_stage(project: Project, stage: Stage, brought: list[Versions]) -> Iterator[Wanted]:
    """The installs of a stage, each seeing what those before it and in the stages below have brought (`brought`)."""
    have = [pair for parent in project.lineage(stage)[1:2] for pair in brought[parent.index]]
    brought.append(have)
    inside = interpreter(project, stage)
    for install in installs_of(project, stage, RESOLVING):
        found = _of_install(project, install, inside, partial(_first, have, len(have)))
        if found is None:
            continue
        yield found
        if not install.has("-t", "--target", "--prefix", "--root"):
            have += _brought(project, found).items()


def _first(have: Versions, count: int) -> dict[str, str]:
    return dict(have[:count])


def _brought(project: Project, found: Wanted) -> dict[str, str]:
    """The versions that are installed behind an install, as far as pins and answers tell."""
    listed = [entry for path in found.paths for entry in project.requirement_set(path).entries]
    pinned = [
        entry.requirement
        for entry in (*listed, *map(_as_entry, found.names))
        if entry.is_pinned and entry.requirement and not entry.requirement.marker and not entry.requirement.url
    ]
    have = {str(canonicalize_name(each.name)): next(iter(each.specifier)).version for each in pinned}
    answer = found.answer(project)
    return have | ({pin.name: pin.version for pin in answer.pins if not pin.place} if answer else {})


def _of_install(project: Project, install: Install, inside: Interpreter | None, have: Have) -> Wanted | None:
    words = [word for word in install.files if not (word.value or "").endswith(_NO_LIST)]
    names = names_of(install)
    if not words and not names and (not install.places or install.has("--no-deps")):
        return None
    origins = [install.origin(project, word.value) for word in words]
    unknown = (word for word in words if not (word.value and word.is_written))
    hidden = next((f"{word.text} is known only when the image is built" for word in unknown), "")
    absent = next((f"no COPY brings {word.text}" for word, path in zip(words, origins, strict=True) if not path), "")
    paths = tuple(path for path in origins if path)
    told = tuple(_local_places(project, install, paths))
    manifests = {place.manifest for place in told if place.manifest}
    if not paths and all(map(is_archive, manifests)):
        # A lock needs a list to be made from.
        manifests = set()
    paths += tuple(sorted(manifests, key=lambda path: (is_archive(path), path)))
    if not paths and not words and not names:
        return None
    unread = next(
        (f"{place.asked}, and what that needs is not read" for place in told if place.manifest not in manifests), ""
    )
    why_not = hidden or absent or unread or changed_before(project, install)
    found = asked_by(project, install, paths, names, inside, have, why_not)
    return replace(found, places=tuple(place.written for place in told))


class _Local(Value):
    """A local project: as pip is told it, who asks for it, and its metadata, "" where that is not there."""

    written: str
    asked: str
    manifest: str


def _local_places(project: Project, install: Install, paths: Iterable[str]) -> Iterator[_Local]:
    """The local projects that an install or its files name."""
    for word in install.places:
        written = f"-e {word.text}" if word in install.editables else word.text
        yield _Local(written, f"{word.text} is installed beside it", _manifest(project, install, word.value or ""))
    for path in paths:
        for entry in project.requirement_set(path).entries:
            is_local = "://" not in entry.value and not entry.value.startswith("file:")
            if is_local and entry.kind in {Kind.EDITABLE, Kind.PLACE}:
                written = f"-e {entry.value}" if entry.kind is Kind.EDITABLE else entry.value
                asked = f"line {entry.line} of {entry.path} installs {entry.value}"
                yield _Local(written, asked, _manifest(project, install, entry.value))


def _manifest(project: Project, install: Install, place: str) -> str:
    """The metadata of a folder or an archive of the image that comes from the context, "" for anything else."""
    folder, _, extras = place.partition("[")
    if not folder or "://" in folder:
        return ""
    if is_archive(folder):
        origin = install.origin(project, folder)
        return f"{origin}{place.removeprefix(folder)}" if origin and project.tree.has_file(origin) else ""
    for name in NAMES:
        origin = install.origin(project, posixpath.join(folder, name))
        if origin and (found := manifest_of(posixpath.dirname(origin), extras.rstrip("]"), project.tree.text)):
            return found
    return ""


def asked_by(
    project: Project,
    install: Install,
    paths: tuple[str, ...],
    names: tuple[str, ...],
    inside: Interpreter | None,
    have: Have,
    why_not: str = "",
) -> Wanted:
    """What an install would ask for with these requirements files and names.

    It stays at the versions that it will `have`, then at those of a lock of another tool, then at those of a running
    image.
    """
    sets = [project.requirement_set(path) for path in paths]
    asked = _asked([*(entry for each in sets for entry in each.entries), *map(_as_entry, names)])
    bound = _bound(project, install, sets)
    pinned = {name for name, entry in asked.items() if entry.is_pinned}
    pinned |= {entry.name for entry in bound if entry.is_pinned}
    where = supply(project, install, sets)
    found = Wanted(
        install,
        paths,
        names,
        tuple(asked),
        tuple(name for name in asked if name not in pinned),
        where,
        bool(sets) and all("--hash" in entry.text for each in sets for entry in each.entries if _line(entry)),
        why_not=why_not or _why_not(project, install, sets) or where.why_not or _unknown(project, install),
    )
    if found.why_not or inside is None or where.is_carried:
        return found
    beside = standing(project, posixpath.dirname(paths[0]), asked) if paths else None

    def asks() -> Request:
        brought = {"setuptools": version} if (version := setuptools_beside(inside.minor)) else {}
        preferred = {**brought, **project.running.preferences, **(beside.pins if beside else {}), **have()}
        preferences = tuple(f"{name}=={version}" for name, version in sorted(preferred.items()))
        return _request(project.options, found, sets, bound, inside, preferences)

    return replace(found, asks=asks, standing=beside.path if beside else "")


def _request(
    options: Options,
    found: Wanted,
    sets: Sequence[RequirementSet],
    bound: Iterable[Entry],
    inside: Interpreter,
    preferences: tuple[str, ...],
) -> Request:
    lines = [line for each in sets for entry in each.entries if (line := _line(entry))]
    return Request(
        tuple(dict.fromkeys((*lines, *found.names))),
        inside.python,
        inside.platform,
        constraints=tuple(dict.fromkeys(str(entry.requirement) for entry in bound if entry.requirement)),
        preferences=preferences,
        indexes=found.supply.indexes,
        before=options.as_of,
        only_binary=found.supply.only_binary,
        prereleases=found.supply.prereleases,
        no_binary=found.supply.no_binary,
        allows_builds=options.allow_builds,
        hosts=options.allow_hosts,
        as_pip=found.install.tool == "pip",
    )


def names_of(install: Install) -> tuple[str, ...]:
    """What an install names itself, build tools left out."""
    return tuple(name for word in install.packages if (name := word.value or "") and _is_named(name))


def _is_named(word: str) -> bool:
    """Whether an argument names a package of an index that is no build tool."""
    try:
        requirement = Requirement(word)
    except InvalidRequirement:
        return False
    return not requirement.url and canonicalize_name(requirement.name) not in BUILD_TOOLS


def _as_entry(name: str) -> Entry:
    return entries("", name)[0]


def _line(entry: Entry) -> str:
    """What an entry asks for, without what only pip understands."""
    is_address = entry.kind is Kind.PLACE and "://" in entry.value
    return str(entry.requirement) if entry.requirement else entry.value if is_address else ""


def _asked(found: Iterable[Entry]) -> dict[str, Entry]:
    """The requirements by name, version control addresses by address; the pinned one of two wins."""
    asked: dict[str, Entry] = {}
    for entry in found:
        is_checkout = entry.kind in {Kind.PLACE, Kind.EDITABLE} and "+" in entry.value and "://" in entry.value
        name = entry.name or (_repository(entry.value) if is_checkout else "")
        if name and not (name in asked and asked[name].is_pinned):
            asked[name] = entry
    return {name: entry for name, entry in asked.items() if entry.requirement or "@" not in entry.value.split("://")[1]}


def _repository(address: str) -> str:
    return posixpath.basename(address.partition("#")[0].rstrip("/")).removesuffix(".git")


def _bound(project: Project, install: Install, sets: Iterable[RequirementSet]) -> tuple[Entry, ...]:
    """The constraints of an install, from its options and its files."""
    bound = [entry for each in sets for entry in each.constraints]
    for word in install.constraints:
        path = install.origin(project, word.value)
        bound += entries(path or "", (project.tree.text(path) if path else "") or "")
    return tuple(entry for entry in bound if entry.requirement)


def _why_not(project: Project, install: Install, sets: Iterable[RequirementSet]) -> str:
    """What in an install or its files no resolver can be asked about, "" where nothing is."""
    if other := next((option for option in _OTHER_MEANING if install.has(option)), ""):
        return f"{other} changes what is installed"
    if any(not (word.value and word.is_written) for word in (*install.packages, *install.constraints)):
        return "a part of this install is known only when the image is built"
    for found in sets:
        if not found.files:
            return f"{found.path} is no text"
        if found.troubles:
            return f"{found.troubles[0].entry.path} line {found.troubles[0].entry.line} {found.troubles[0].message}"
        for entry in found.entries:
            if doubt := _doubt(entry):
                return f"line {entry.line} of {entry.path} {doubt}"
    return ""


def _doubt(entry: Entry) -> str:
    if url_with_password(entry.text):
        return "holds a password, which no lock may repeat"
    if "$" in _line(entry):
        # Nor is it looked up: it would tell any address any secret of this machine.
        return "has a variable in it, which only the build knows"
    if entry.kind is Kind.EDITABLE and "://" in entry.value:
        return f"installs {entry.value} as a working copy"
    address = entry.requirement.url or "" if entry.requirement else entry.value
    if address.startswith("file:"):
        return f"installs {address}, and what that needs is not read"
    return ""


def _unknown(project: Project, install: Install) -> str:
    """Why the interpreter that installs is not known, "" where it is."""
    inside = interpreter(project, install.stage)
    if inside is None:
        return f"the Python of {project.reference(install.stage) or install.stage.base} is not known"
    asked = _VERSIONED.search(install.command.program)
    if (asked and asked[1] != inside.minor) or install.command.values[0].startswith("/usr/bin/"):
        return f"{install.command.values[0]} is another Python than the image's own"
    return ""
