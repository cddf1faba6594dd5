"""What is installed is not the same from one build to the next.

`flask` or `flask>=2` means whatever is newest on the day of the build. The image that was
tested and the image that is built a week later from the same commit are two programs, and a
rollback builds a third one.

The cure is a lock beside the requirements: every package, the indirect ones too, with one
version each. Making it needs a resolver that knows the target's Python, so the finding says
how to run one; a version that nobody has resolved is never made up. It is quiet where a
constraints file pins all the names, and where a lock of them stands beside, which PYD211 is
about. A line that pip would stop at is told here too, with its file and line.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from datetime import timedelta

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pydock.context import LARGEST_TEXT
from pydock.locks.installs.lock_installs import LOCKS, MANIFESTS, Sync, context_path, syncs
from pydock.locks.installs.requests import Wanted, wanted
from pydock.locks.lock_edits import Locked, locked
from pydock.locks.lock_files import Manifest, locks, manifest
from pydock.locks.lock_files import lock as lock_at
from pydock.locks.lockfile import lock_path
from pydock.locks.stale_locks import lock_beside
from pydock.packages.requirements import Entry, Kind, RequirementSet
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.shell import Word
from pydock.text import Fix, Safety

_COST = "the next build may install other versions than this one, from the same commit"
_FILE = "FROM python:3.12-slim\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n"
_MAKE = {"uv": "uv lock", "poetry": "poetry lock", "pipenv": "pipenv lock", "pdm": "pdm lock"}

EXAMPLES = (
    Example(before=_FILE, files={"requirements.txt": "flask\ngunicorn==23.0.0\n"}, finds=True),
    Example(before=_FILE, files={"requirements.txt": "-r base.txt\nflask==3.1.2\n"}, finds=True),
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2\n"}),
    Example(
        before="FROM python:3.12-slim\nCOPY *.txt ./\nRUN pip install -r requirements.txt -c constraints.txt\n",
        files={"requirements.txt": "flask\n", "constraints.txt": "flask==3.1.2\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nRUN pip install poetry==2.2.1\nCOPY pyproject.toml ./\nRUN poetry install\n",
        files={"pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n'},
        finds=True,
    ),
)


def check(project: Project) -> Iterator[Finding]:
    seen: set[str] = set()
    for entry in wanted(project):
        for word, path in zip(entry.install.files, entry.paths, strict=False):
            if path not in seen:
                seen.add(path)
                yield from _unreadable(project, word, path)
        yield from _contradictions(project, entry)
        is_new = entry.paths and entry.paths[0] not in seen - set(entry.paths)
        if is_new and _loose(entry) and not lock_beside(project, entry):
            yield _finding(project, entry)
    for stage in project.dockerfile.stages if project.tree.known else ():
        for sync in syncs(project, stage):
            found = _without_lock(project, sync)
            if found and sync.tool not in seen:
                seen.add(sync.tool)
                yield found


def _loose(entry: Wanted) -> tuple[str, ...]:
    """What the files of an install leave open; PYD204 is about what it names itself."""
    named = {canonicalize_name(Requirement(name).name) for name in entry.names}
    return tuple(name for name in entry.loose if name not in named)


def _unreadable(project: Project, word: Word, path: str) -> Iterator[Finding]:
    if project.tree.text(path) is None:
        if not project.tree.has_file(path):
            return
        if project.tree.data(path) is None:
            most = f"it is larger than {LARGEST_TEXT // 2**20} MB, or nobody but its owner may read it"
            yield Finding(
                RULE, word.span, f"{path} was not read: {most}", advice="Nothing is known of what it asks for."
            )
            return
        message = f"{path} is no text that pip reads: it has zero bytes, so perhaps UTF-16 without a byte order mark"
        yield Finding(RULE, word.span, message, advice=f"Save {path} as UTF-8.")
        return
    yield from _troubles(project.requirement_set(path))
    if (project.tree.data(path) or b"").startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Finding(RULE, word.span, f"{path} is UTF-16, which only pip reads", advice=f"Save {path} as UTF-8.")


def _troubles(found: RequirementSet) -> Iterator[Finding]:
    for trouble in found.troubles:
        entry = trouble.entry
        message = f"{entry.path} line {entry.line} {trouble.message}"
        if "{" in entry.text and trouble.entry.kind is Kind.INVALID:
            # A template is not a requirements file yet.
            return
        yield Finding(RULE, entry.span, message, None, "pip stops here", f"Correct {entry.path}.", entry.path)


def _contradictions(project: Project, entry: Wanted) -> Iterator[Finding]:
    """Two pins of one package in the files of an install, where no resolver has said so."""
    if entry.answer(project):
        return
    found: dict[str, Entry] = {}
    for line in (line for path in entry.paths for line in project.requirement_set(path).entries):
        if line.requirement is None or not line.is_pinned or line.requirement.url or line.requirement.marker:
            continue
        first = found.setdefault(line.name, line)
        assert first.requirement is not None
        if not first.requirement.specifier.contains(next(iter(line.requirement.specifier)).version, prereleases=True):
            message = (
                f"{line.path} line {line.line} asks for {line.requirement}, line {first.line} of {first.path} for "
            )
            message += str(first.requirement)
            yield Finding(RULE, line.span, message, None, "pip stops here", "Keep one of them.", line.path)


def _finding(project: Project, entry: Wanted) -> Finding:
    path = entry.paths[0]
    some = ", ".join(entry.loose[:3]) + (", ..." if len(entry.loose) > 3 else "")
    message = f"{path}: {len(entry.loose)} of {len(entry.asked)} requirements are not pinned ({some})"
    lock = locked(project, entry)
    fix = None if isinstance(lock, str) else _fix(project, entry, lock)
    advice = _advice(project, entry, lock) if isinstance(lock, str) else ""
    return Finding(RULE, (entry.install.files or entry.install.places)[0].span, message, fix, _COST, advice)


def _fix(project: Project, entry: Wanted, lock: Locked) -> Fix:
    request, answer = entry.request, entry.answer(project)
    minor = request.python.rpartition(".")[0] if request else ""
    day = (request.before - timedelta(days=1)).isoformat() if request and request.before else "today"
    running, beside = project.running, lock_at(project, entry.standing)
    if beside and answer:
        kept = sum(beside.pins.get(pin.name) == pin.version for pin in answer.pins)
        held = f"{kept} of {lock.count} packages at the versions of {beside.path}"
    elif running.image and answer:
        held = f"{running.kept(answer)} of {lock.count} packages at the versions that {running.image} runs"
    else:
        held = f"{lock.count} packages at their versions of {day}"
    title = f"install {lock.path}: {held}, for Python {minor}"
    notes: tuple[str, ...] = ()
    if request and answer:
        notes = (*running.notes(request, answer), *answer.warnings, *lock.notes)
    return Fix(title, Safety.SAFE, lock.edits, frozenset({"packages", "files"}), notes=notes)


def _advice(project: Project, entry: Wanted, why_not: str) -> str:
    path, loose = entry.paths[0], set(entry.loose)
    lock_file, answer = lock_path(path), entry.answer(project)
    for lock in locks(project):
        if lock.path not in entry.paths and loose <= set(lock.pins) and not lock.problem:
            reason = f" {lock_file} was not made: {why_not}." if why_not else ""
            return f"{lock.path} pins all of them: install what it says instead of {path}.{reason}"
    if why_not and not (answer and answer.is_unreachable):
        return f"{lock_file} was not made: {why_not}."
    reason = f" ({why_not})" if why_not else ""
    return f"`pydock fix` makes {lock_file}, with the indirect packages, where it can ask a package index{reason}."


def _without_lock(project: Project, sync: Sync) -> Finding | None:
    path = context_path(project, sync, MANIFESTS[sync.tool])
    if (
        path is None
        or context_path(project, sync, LOCKS[sync.tool])
        or sync.names
        or not _asks(manifest(project, path))
    ):
        return None
    lock = posixpath.join(posixpath.dirname(path), LOCKS[sync.tool])
    if project.tree.ignore.hides(lock) and project.tree.has_file(lock):
        message, advice = f"{lock} is hidden by .dockerignore", f"Take {lock} out of .dockerignore and copy it."
    elif project.tree.has_file(lock):
        message, advice = f"{lock} is not copied before this install", f"Copy {lock} beside {path}."
    else:
        message, advice = f"there is no {lock}", f"Run `{_MAKE[sync.tool]}` and commit {lock}."
    return Finding(RULE, sync.verb.span, f"{message}: nothing of {path} is pinned", cost=_COST, advice=advice)


def _asks(found: Manifest | None) -> bool:
    if found is None:
        return False
    poetry = set(found.table("tool", "poetry", "dependencies")) - {"python"}
    return bool(found.dependencies or poetry or found.table("packages"))


RULE = Rule("PYD201", "unpinned-requirement", check, __doc__, EXAMPLES)
