"""A package is named in a RUN instead of in the requirements.

`pip install flask gunicorn` in the Dockerfile is seen by no resolver, no update bot and no
audit: its version is whatever is newest, it may pull another package away from the version
that the requirements pin, and a developer's machine does not have it.

Where a service has no list of requirements at all, the names move into a `requirements.txt`:
what is installed stays the same, so that is safe, and the list can be locked from then on.
A package that the same stage has installed with a pin already gets that pin, which changes
nothing today: that is safe. So is the version that a resolver gives for the image's Python,
where one could be asked. A pin from a lock that the stage does not install is offered as
unsafe, because the version changes. Anything else has no pin to take, so the finding says
where the package belongs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from itertools import groupby

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pydock.build import walk
from pydock.build.copies import copies
from pydock.build.installs import Install, installs_of, pinned, requirement_sets
from pydock.build.views import image
from pydock.dockerfile import Instruction
from pydock.locks.installs.build_tools import BUILD_TOOLS
from pydock.locks.installs.requests import Wanted, wanted
from pydock.locks.lock_files import locks
from pydock.packages.operands import is_place
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.compose import services
from pydock.project.memory import remembered
from pydock.project.pins import Answer
from pydock.rule import Example, Finding, Rule
from pydock.service.files.documents import documents
from pydock.shell import Word
from pydock.state import State
from pydock.state.needs import Distribution
from pydock.targets import is_dockerfile
from pydock.text import Edit, Fix, Safety, Span

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nCOPY all.txt ./\n"
        "RUN uv pip install --system --python-preference system --requirements all.txt\n",
        files={"all.txt": "flask\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY requirements.txt ./\n"
        "RUN pip install -r requirements.txt\nRUN pip install gunicorn\n",
        after="FROM python:3.12-slim\nCOPY requirements.txt ./\n"
        "RUN pip install -r requirements.txt\nRUN pip install gunicorn==23.0.0\n",
        files={"requirements.txt": "gunicorn==23.0.0\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n"
        "RUN pip uninstall -y gunicorn && pip install gunicorn\n",
        files={"requirements.txt": "gunicorn==19.0.0\n"},
        finds=True,
    ),
    Example(
        before="FROM python:3.12-slim\nRUN pip install flask gunicorn\n",
        after="FROM python:3.12-slim\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n",
    ),
    Example(
        before="FROM python:3.12-slim\nRUN pip install flask gunicorn\n",
        files={"requirements.txt": "redis==6.4.0\n"},
        finds=True,
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY all.txt ./\nRUN pip install -Ur all.txt\n", files={"all.txt": "flask\n"}
    ),
    Example(before="FROM python:3.12-slim\nRUN pip install --upgrade pip\n"),
    Example(before="FROM python:3.12-slim\nCOPY . .\nRUN pip install flask==3.1.2 .\n"),
)


REQUIREMENTS = "requirements.txt"
# What shows a file in a page: snippets of mkdocs, Sphinx.
_INCLUDES = regex(r"--8<--|\bliteralinclude::|\binclude::|\{!|\{%\s*include", words="8< include {!")
_CHANGES = frozenset({"packages"})
_MOST_SHOWN = 3
_IDLE = frozenset({"--no-cache-dir", "-q", "--quiet", "--python"})
_LISTS = (REQUIREMENTS, "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "requirements", "environment.yml")

# The packages of an install that have no pin, as written and as read.
Loose = tuple[tuple[Word, Requirement], ...]


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        installed: dict[str, str] = {}
        for install in installs_of(project, stage):
            loose = _loose(install)
            if loose:
                pins = {name: installed[name] for name in _there(project, install, loose) if name in installed}
                yield _finding(project, install, loose, pins)
            installed |= _pins_of(project, install)


def _there(project: Project, install: Install, loose: Loose) -> frozenset[str]:
    """Those packages that are in the image where an install begins; not those that were taken away again."""
    own = walk(project).of_instruction(install.instruction)
    state = next((step.before for step in own if step.member and step.member.span == install.step.span), State())
    names = {str(canonicalize_name(requirement.name)) for _, requirement in loose}
    return frozenset(
        name
        for environment, distributions in state.distributions.items()
        for name in names
        if name in distributions and Distribution(environment, name) in state.things
    )


def _loose(install: Install) -> Loose:
    """The packages that are named without a pin, build tools left to their own rule."""
    found = []
    for word in install.packages:
        requirement = _requirement(word)
        if requirement is None or requirement.url or canonicalize_name(requirement.name) in BUILD_TOOLS:
            continue
        pins = [entry for entry in requirement.specifier if entry.operator in {"==", "==="}]
        if not pins or "*" in pins[0].version:
            found.append((word, requirement))
    return tuple(found)


def _requirement(word: Word) -> Requirement | None:
    if word.value is None or is_place(word.value) or "://" in word.value:
        return None
    try:
        return Requirement(word.value)
    except InvalidRequirement:
        return None


def _pins_of(project: Project, install: Install) -> Mapping[str, str]:
    """What pip finds already installed after this command, at which version."""
    pins: dict[str, str] = {}
    if install.has("-t", "--target", "--prefix", "--root", "--user"):
        return pins
    for word in install.files:
        path = install.origin(project, word.value)
        for entry in project.requirement_set(path).entries if path and not path.endswith(".toml") else ():
            if entry.requirement and entry.is_pinned and not entry.requirement.url and not entry.requirement.marker:
                pins[entry.name] = next(iter(entry.requirement.specifier)).version
    return pins


def _finding(project: Project, install: Install, loose: Loose, installed: Mapping[str, str]) -> Finding:
    names = list(dict.fromkeys(requirement.name for _, requirement in loose))
    files = [entry.path for entry in requirement_sets(project)]
    place = files[0] if files else "a requirements file"
    return Finding(
        RULE,
        loose[0][0].span,
        f"{', '.join(names[:3])}{', ...' if len(names) > 3 else ''} installed here by name, without a version",
        _fix(project, install, loose, installed),
        cost="no lock, update bot or audit sees it, and each build may get another version",
        advice=f"Name {'it' if len(names) == 1 else 'them'} in {place}, pinned.",
    )


def _fix(project: Project, install: Install, loose: Loose, installed: Mapping[str, str]) -> Fix | None:
    moves = install.has(
        "-U", "--upgrade", "-I", "--ignore-installed", "-t", "--target", "--prefix", "-c", "--constraint"
    )
    names = {str(canonicalize_name(requirement.name)) for _, requirement in loose}
    is_bare = all(not requirement.specifier and not requirement.marker for _, requirement in loose)
    if moves or not is_bare or install.command.redirects or not all(word.is_written for word, _ in loose):
        return None
    if _is_only_list(project, install):
        return _into_file(project, install)
    if names <= set(installed):
        return Fix("pin to the installed version", Safety.SAFE, _edits(project, loose, installed), _CHANGES)
    asked = _by_instruction(project).get(install.instruction.span, ())
    entry = next((each for each in asked if each.install.command == install.command), None)
    answer = entry.answer(project) if entry else None
    resolved = {pin.name: pin.version for pin in answer.pins if not pin.place} if answer else {}
    if names <= set(resolved):
        image = project.running.image
        title = f"pin {' and '.join(sorted(names))} to what {f'{image} runs' if image else 'is installed today'}"
        notes = tuple(_notes(project, entry, answer)) if entry and answer else ()
        return Fix(title, Safety.SAFE, _edits(project, loose, resolved), _CHANGES, notes=notes)
    for lock in locks(project):
        if names <= set(lock.pins) and not lock.freshness.why_stale:
            doubt = f"{lock.path} may be of another part of the project, and the newest version is installed now"
            title = f"pin as {lock.path} does"
            return Fix(title, Safety.UNSAFE, _edits(project, loose, lock.pins), _CHANGES, (doubt,))
    return None


@remembered
def _by_instruction(project: Project) -> Mapping[Span, tuple[Wanted, ...]]:
    return {at: tuple(found) for at, found in groupby(wanted(project), lambda each: each.install.instruction.span)}


def _notes(project: Project, entry: Wanted, answer: Answer) -> Iterator[str]:
    if entry.request is None:
        return
    yield from project.running.notes(entry.request, answer)
    known = {*entry.asked, *(preference.partition("==")[0] for preference in entry.request.preferences)}
    if left := [pin.name for pin in answer.pins if pin.name not in known]:
        more = ", ..." if len(left) > _MOST_SHOWN else ""
        shown = f"{', '.join(left[:_MOST_SHOWN])}{more}"
        yield f"what comes with it has no version still ({shown}): a list gets a lock of all"


def _is_only_list(project: Project, install: Install) -> bool:
    """Whether this command is all that the service says about its requirements."""
    tree = project.tree
    if (
        not tree.known
        or any(tree.has_file(name) or tree.has_folder(name) for name in _LISTS)
        or tree.ignore.hides(REQUIREMENTS)
        or _is_named(project)
    ):
        return False
    is_plain = install.call.is_alone and not install.instruction.heredocs and install.is_plain
    is_plain &= install.call.before.workdir == image(project, install.stage, install.instruction).workdir
    has_options = any(option.name not in _IDLE for option in install.line.options)
    are_names = all(_requirement(word) is not None for word in install.packages)
    if not is_plain or not are_names or has_options:
        return False
    installs = (each for stage in project.dockerfile.stages for each in installs_of(project, stage))
    return not any(each is not install and _asks(each) for each in installs)


def _is_named(project: Project) -> bool:
    """Whether something else speaks of a list of that name, which is not here: it would be another one's."""
    others = [path for path in project.tree.files if is_dockerfile(posixpath.basename(path)) and path != project.path]
    texts = (*(text for path, text in documents(project) if path != project.path), *map(project.tree.text, others))
    return any(REQUIREMENTS in (text or "") for text in texts)


def _asks(install: Install) -> bool:
    """Whether an install brings more than build tools."""
    names = {canonicalize_name(entry.name) for word in install.packages if (entry := _requirement(word))}
    return not names or not names <= BUILD_TOOLS


def _into_file(project: Project, install: Install) -> Fix | None:
    first, last = install.packages[0], install.packages[-1]
    between = [word for word in install.command.words if first.span.start <= word.span.start <= last.span.start]
    if len(between) != len(install.packages) or image(project, install.stage, install.instruction).workdir is None:
        return None
    is_exec = install.instruction.exec_form is not None
    start = Span(install.instruction.span.start, install.instruction.span.start)
    listed = "".join(f"{word.value}\n" for word in install.packages)
    doubts = tuple(_doubts(project, install.instruction))
    edits = (
        Edit(project.path, start, project.dockerfile.written(f"COPY {REQUIREMENTS} ./\n")),
        Edit(
            project.path,
            Span(first.span.start, last.span.end),
            f'"-r", "{REQUIREMENTS}"' if is_exec else f"-r {REQUIREMENTS}",
        ),
        Edit(REQUIREMENTS, Span(0, 0), listed),
    )
    safety = Safety.UNSAFE if doubts else Safety.SAFE
    return Fix(f"name them in {REQUIREMENTS}", safety, edits, _CHANGES | {"files"}, doubts)


def _doubts(project: Project, run: Instruction) -> Iterator[str]:
    if not _is_context_told(project):
        yield "nothing tells in which folder this file is built"
    name, words = posixpath.basename(project.path), _in_one_line(run.value)
    for path, text in documents(project):
        includes = any(name in line for line in text.splitlines() if _INCLUDES.search(line))
        if path != project.path and (includes or f"RUN {words}" in _in_one_line(text)):
            yield f"{path} shows this file, and {REQUIREMENTS} would not be shown beside it"
            return


def _in_one_line(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())


def _is_context_told(project: Project) -> bool:
    """Whether a COPY or a compose file says which folder the build context is, or there is none above it."""
    if any(copies(project, stage) for stage in project.dockerfile.stages) or services(project):
        return True
    return not (project.above or project.told)


def _edits(project: Project, loose: Loose, pins: Mapping[str, str]) -> tuple[Edit, ...]:
    return tuple(
        Edit(project.path, *pinned(project.dockerfile, word, pins[str(canonicalize_name(requirement.name))]))
        for word, requirement in loose
    )


RULE = Rule("PYD204", "inline-requirement", check, __doc__, EXAMPLES)
