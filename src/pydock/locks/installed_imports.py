"""What the service imports when it starts, what is installed for it, and what is installed and never named.

Every answer leans to silence: an import that may fail on purpose does not count, and neither does a
package that another one may bring. Tables: `import_names`, `package_requires`.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from packaging.utils import canonicalize_name

from pydock.build import walk
from pydock.build.commands import CommandLine
from pydock.build.files import PROGRAM_FOLDERS
from pydock.build.installs import Install, installs_of, requirement_sets
from pydock.build.sources import sources
from pydock.data import rows, rows_of
from pydock.locks.installs.lock_installs import LOCKS, MANIFESTS, context_path, syncs
from pydock.locks.installs.requests import wanted
from pydock.locks.installs.shipped_stages import feeding
from pydock.locks.lock_files import compiled, lock
from pydock.packages.requirements import Entry, Kind
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.programs import SERVERS
from pydock.service.code.imports import imported_files
from pydock.service.code.removals import refused_sources
from pydock.service.entry import entry_file
from pydock.service.server import server
from pydock.source import syntax
from pydock.system.apt import apt_installs
from pydock.values import Value

MOST_FILES = 400
_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_LOCKED = regex(r'^name = "([^"]+)"', re.M)
_GONE = frozenset({"distutils", "imp", "asyncore", "asynchat", "smtpd", "cgi", "cgitb", "pipes", "telnetlib", "crypt"})
_STANDARD = sys.stdlib_module_names | _GONE
# Requirements, locks and documents name packages without using them; what a browser gets names none.
_LISTS = regex(
    r"(?:requirements|constraints)[^/]*\Z|\.(?:lock|md|rst|txt|js|jsx|tsx?|css|scss|map|svg|po|csv)\Z"
    r"|(?:\A|/)(?:Pipfile[^/]*|pyproject\.toml|setup\.cfg)\Z|\Asetup\.py\Z"
)
_INSTALLS_MORE = regex(r"\.sh\b|\bmake\b|\bconda\b|\bmamba\b|easy_install|get-pip|\.whl\b|site-packages")


class Import(Value):
    """A module that a file needs before anything else of it runs, by its first name."""

    module: str
    path: str
    line: int


class Installed(Value):
    """The packages of the image by name. `is_whole`: nothing else can have come along."""

    names: frozenset[str]
    is_whole: bool


def packages_of(module: str) -> tuple[str, ...]:
    """The packages that may bring a module, the usual one first; () where that is not known."""
    return next((tuple(row["packages"].split()) for row in rows_of("import_names", module)), ())


@cache
def _modules() -> dict[str, tuple[tuple[str, str], ...]]:
    """The modules of each package, with how they come to be used."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in rows("import_names"):
        for name in row["packages"].split():
            found[name] = (*found.get(name, ()), (row["module"], row["used"]))
    return found


@cache
def _requires() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """What each package brings, and what its extras bring."""
    table = rows("package_requires")
    return {row["package"]: (frozenset(row["requires"].split()), frozenset(row["extras"].split())) for row in table}


def closure(names: Iterable[str], with_extras: Iterable[str] = ()) -> Installed:
    """Packages with all that they may bring; not whole where one of them is not in the table."""
    table, nothing = _requires(), (frozenset[str](), frozenset[str]())
    found, todo, asked = set(names), list(names), frozenset(with_extras)
    is_whole = found <= table.keys()
    while todo:
        name = todo.pop()
        brought, extras = table.get(name, nothing)
        fresh = (brought | extras if name in asked else brought) - found
        found |= fresh
        todo += fresh
    # What is brought and not in the table brings nothing that anybody would import.
    return Installed(frozenset(found), is_whole)


@remembered
def installed(project: Project) -> Installed:
    """Every package that the image may have."""
    names: set[str] = set()
    extended: set[str] = set()
    locked: set[str] = set()
    is_whole, build = project.tree.known and project.python_image(project.final) is not None, walk(project)
    for stage in feeding(project):
        runs = [entry.value for entry in stage.of("RUN", "ADD")]
        is_whole &= not any(map(_INSTALLS_MORE.search, runs))
        is_whole &= not any(step.is_unread for step in build.of_stage(stage.index))
        is_whole &= not any(map(_is_own, build.commands_of(stage.index)))
        is_whole &= not any(name.startswith("python") for step in apt_installs(project, stage) for name in step.names)
        for install in installs_of(project, stage):
            found = _asked(project, install)
            is_whole &= found is not None
            names |= {entry.name for entry in found or () if entry.name}
            extended |= {entry.name for entry in found or () if entry.requirement and entry.requirement.extras}
            for word in install.packages:
                if match := _NAME.match(word.value or ""):
                    names.add(str(canonicalize_name(match[1])))
                    extended |= {str(canonicalize_name(match[1]))} if "[" in (word.value or "") else set()
        for sync in syncs(project, stage):
            path = context_path(project, sync, LOCKS[sync.tool])
            found_lock = lock(project, path) if path else None
            is_whole &= found_lock is not None and not found_lock.problem
            locked |= found_lock.pins.keys() if found_lock else set()
            # Also those that the lock has in several versions.
            text = (project.tree.text(path) if path else "") or ""
            locked |= {str(canonicalize_name(name)) for name in _LOCKED.findall(text)}
    answers = [entry.answer(project) for entry in wanted(project)]
    locked |= {pin.name for answer in answers if answer for pin in answer.pins}
    below = closure(names - locked, extended)
    return Installed(below.names | locked, is_whole and below.is_whole)


def _is_own(call: CommandLine) -> bool:
    """Whether a build step runs a program of the project, which may install anything."""
    path = call.line.path or ""
    is_path = "/" in path and not path.startswith(PROGRAM_FOLDERS)
    return is_path or (call.program.startswith("python") and any(word.head.endswith(".py") for word in call.words))


def _asked(project: Project, install: Install) -> tuple[Entry, ...] | None:
    """What an install reads from files, None where something of it cannot be known."""
    if install.places or install.has("-t", "--target", "--prefix", "--root"):
        return None
    found: list[Entry] = []
    for word in install.files:
        path = install.origin(project, word.value)
        if path is None or not path.endswith((".txt", ".in", ".pip", ".lock")):
            return None
        listed = project.requirement_set(path)
        places = [each for each in listed.entries if each.kind in {Kind.EDITABLE, Kind.PLACE, Kind.INVALID}]
        if places or listed.missing or listed.troubles or project.tree.text(path) is None:
            return None
        found += listed.entries
    return tuple(found)


@lru_cache(maxsize=512)
def required_imports(text: str) -> tuple[tuple[str, int], ...]:
    """(dotted name, line) of what a file imports unconditionally at its top; a relative import keeps its dots."""
    tree = syntax(text)
    found: list[tuple[str, int]] = []
    for node in tree.body if tree else ():
        match node:
            case ast.Import(names=aliases):
                found += [(alias.name, node.lineno) for alias in aliases]
            case ast.ImportFrom(module=module, level=level, names=aliases):
                origin = "." * level + (module or "")
                joint = "" if origin.endswith(".") else "."
                found += [(f"{origin}{joint}{alias.name}", node.lineno) for alias in aliases]
            case _:
                pass
    return tuple(found)


@remembered
def imports_at_start(project: Project) -> tuple[Import, ...]:
    """Modules from outside of the context that the service cannot start without."""
    found_server = server(project)
    entry = entry_file(project, found_server) if found_server else None
    if entry is None:
        return ()
    seen, todo = {entry}, [entry]
    found: dict[str, Import] = {}
    while todo and len(seen) < MOST_FILES:
        path = todo.pop(0)
        for dotted, line in required_imports(project.tree.text(path) or ""):
            places = [place for place, _ in imported_files(project, path, dotted)]
            fresh = [place for place in places if place not in seen]
            seen.update(fresh)
            todo += fresh
            module = dotted.partition(".")[0]
            if module and not places and module not in _STANDARD and not _is_local(project, module):
                found.setdefault(module, Import(module, path, line))
    return tuple(found.values())


@remembered
def _parts(project: Project) -> frozenset[str]:
    """The names of all folders of the context, and of its Python files and extensions."""
    files = [
        posixpath.splitext(path)[0] if path.endswith((".py", ".pyx", ".so")) else path for path in project.tree.files
    ]
    return frozenset(part.partition(".")[0] for path in files for part in path.split("/"))


def _is_local(project: Project, module: str) -> bool:
    return module in _parts(project)


def missing_imports(project: Project) -> Iterator[tuple[Import, str]]:
    """Imports that no package of the image can bring, each with the package that usually does."""
    have = installed(project)
    for each in imports_at_start(project) if have.is_whole else ():
        packages = packages_of(each.module)
        if packages and not have.names & set(packages):
            yield each, packages[0]


def missing_programs(project: Project) -> Iterator[tuple[str, str]]:
    """Servers that no package of the image can bring, each with the package that does."""
    have = installed(project)
    for name in sorted(SERVERS) if have.is_whole else ():
        packages = packages_of(name)
        if packages and not have.names & {*packages, name}:
            yield name, packages[0]


def unused_requirements(project: Project) -> Iterator[Entry]:
    """Requirements whose modules no file of the context names, and that nothing but an import would use."""
    listed = [each for each in requirement_sets(project) if compiled(project, each) is None]
    listed += [project.requirement_set(path) for path in _manifests(project)]
    entries = [entry for each in listed for entry in each.entries if entry.name]
    if refused_sources(project) or not sources(project):
        return
    candidates = {
        entry.name: entry for entry in entries if _is_only_imported(entry) and not _is_brought(entry, entries)
    }
    words = {name: {name, *(module for module, _ in _modules()[name])} for name in candidates}
    if words:
        said = _said(project, {word for each in words.values() for word in each})
        yield from (candidates[name] for name in candidates if not words[name] & said)


def _manifests(project: Project) -> Iterator[str]:
    """The tables of dependencies that uv, Poetry or PDM install from."""
    found = [sync for stage in feeding(project) for sync in syncs(project, stage)]
    paths = (context_path(project, sync, name) for sync in found if (name := MANIFESTS[sync.tool]) != "Pipfile")
    yield from dict.fromkeys(filter(None, paths))


def _is_only_imported(entry: Entry) -> bool:
    modules = _modules().get(entry.name, ())
    asked = entry.requirement
    is_plain = asked is not None and not asked.extras and not asked.marker and not asked.url
    return is_plain and bool(modules) and all(used == "import" for _, used in modules)


def _is_brought(entry: Entry, entries: list[Entry]) -> bool:
    """Whether another requirement may be why this one is listed, as in the output of pip freeze."""
    names = [each.name for each in entries if each.name != entry.name]
    others = closure(names, names)
    is_frozen = all(each.is_pinned for each in entries)
    return entry.name in others.names or (is_frozen and not others.is_whole)


def _said(project: Project, words: set[str]) -> set[str]:
    """Those of some words that any file of the context says."""
    left, found = set(words), set()
    for path in project.tree.files:
        if not left:
            break
        if _LISTS.search(path):
            continue
        text = project.tree.text(path) or ""
        # A plain search first: most files name none of them.
        likely = {word for word in left if word in text}
        named = {word for word in likely if re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", text)}
        found |= named
        left -= named
    return found
