"""What is installed is not the same from one build to the next.

`flask` or `flask>=2` means whatever is newest on the day of the build. The image that was
tested and the image that is built a week later from the same commit are two programs, and a
rollback builds a third one.

The cure is a lock beside the requirements: every package, the indirect ones too, with one
version each. Making it needs a resolver that knows the target's Python, so the finding says
how to run one; a version that nobody has resolved is never made up. It is quiet where a
constraints file pins all the names. A line that pip would stop at is told here too, with its
file and line.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.project import Project
from pydock.project.build_tools import python_minor
from pydock.project.images import python_image
from pydock.project.installs import RESOLVING, Install, installs
from pydock.project.locks import Manifest, locks, manifest
from pydock.project.requirements import Entry, Kind, RequirementSet, entries
from pydock.project.syncs import LOCKS, MANIFESTS, Sync, context_path, syncs
from pydock.rule import Example, Finding, Rule
from pydock.shell import Word

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
    if not project.tree.known:
        return
    seen: set[str] = set()
    for stage in project.dockerfile.stages:
        for install in installs(project.dockerfile, stage, RESOLVING):
            for word in install.files:
                path = project.origin(stage, word.value, install.instruction) if word.value else None
                if path and path not in seen and not path.endswith((".toml", ".cfg", ".py")):
                    seen.add(path)
                    yield from _of_file(project, install, word, path)
        for sync in syncs(project.dockerfile, stage):
            found = _without_lock(project, sync)
            if found and sync.tool not in seen:
                seen.add(sync.tool)
                yield found


def _of_file(project: Project, install: Install, word: Word, path: str) -> Iterator[Finding]:
    if project.tree.text(path) is None:
        if project.tree.has_file(path):
            message = (
                f"{path} is no text that pip reads: it has zero bytes, so perhaps UTF-16 without a byte order mark"
            )
            yield Finding(RULE, word.span, message, advice=f"Save {path} as UTF-8.")
        return
    found = project.requirement_set(path)
    yield from _troubles(project, found)
    if (project.tree.data(path) or b"").startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Finding(RULE, word.span, f"{path} is UTF-16, which only pip reads", advice=f"Save {path} as UTF-8.")
    asked = _asked(found)
    pinned = _constrained(project, install, found)
    loose = [name for name, entry in asked.items() if not entry.is_pinned and name not in pinned]
    if loose:
        yield Finding(
            RULE,
            word.span,
            f"{path}: {len(loose)} of {len(asked)} requirements are not pinned ({_some(loose)})",
            cost=_COST,
            advice=_advice(project, install, path, set(loose)),
        )


def _troubles(project: Project, found: RequirementSet) -> Iterator[Finding]:
    for trouble in found.troubles:
        entry = trouble.entry
        message = f"{entry.path} line {entry.line} {trouble.message}"
        if "{" in entry.text and trouble.entry.kind is Kind.INVALID:
            # A template is not a requirements file yet.
            return
        yield Finding(RULE, entry.span, message, None, "pip stops here", f"Correct {entry.path}.", entry.path)


def _asked(found: RequirementSet) -> dict[str, Entry]:
    """The requirements by name, version control addresses by address; the pinned one of two wins."""
    asked: dict[str, Entry] = {}
    for entry in found.entries:
        is_checkout = entry.kind in {Kind.PLACE, Kind.EDITABLE} and "+" in entry.value and "://" in entry.value
        name = entry.name or (_repository(entry.value) if is_checkout else "")
        if name and not (name in asked and asked[name].is_pinned):
            asked[name] = entry
    return {name: entry for name, entry in asked.items() if entry.requirement or "@" not in entry.value.split("://")[1]}


def _repository(address: str) -> str:
    return posixpath.basename(address.partition("#")[0].rstrip("/")).removesuffix(".git")


def _constrained(project: Project, install: Install, found: RequirementSet) -> frozenset[str]:
    pins = [entry for entry in found.constraints if entry.is_pinned]
    for word in install.constraints:
        path = project.origin(install.stage, word.value, install.instruction) if word.value else None
        text = project.tree.text(path) if path else None
        pins += [entry for entry in entries(path or "", text or "") if entry.is_pinned]
    return frozenset(entry.name for entry in pins)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _advice(project: Project, install: Install, path: str, loose: set[str]) -> str:
    for lock in locks(project):
        if lock.path != path and loose <= set(lock.pins) and not lock.problem:
            return f"{lock.path} pins all of them: install what it says instead of {path}."
    reference = project.reference(install.stage)
    image = python_image(reference) if reference else None
    minor = python_minor(image) if image else ""
    python = f" --python-version {minor}" if minor else ""
    lock_path = f"{path.rpartition('.')[0] or path}.lock"
    return (
        "`pydock lock` is not there yet; until then"
        f" `uv pip compile{python} {path} -o {lock_path}`, or pip-compile under the image's own Python,"
        f" and install {lock_path}."
    )


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
