"""The code is copied before its dependencies are installed.

A layer is built again when anything in an earlier one has changed. With `COPY . .` above
`pip install`, one changed line of code downloads and installs every package again.

The cure is two copies: the requirement files before the install, the code behind it. Safe where the install reads
nothing but these files and nothing in between uses the code. `poetry install` and `uv sync` are run once more in
front of the code, without the project itself. Where pip takes the project the rule says so and changes nothing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from itertools import groupby

from pydock.build import walk
from pydock.build.commands import CommandLine
from pydock.build.copies import Copied, copies, text_without
from pydock.build.installs import Install, has_the_rest, installs_in, installs_of
from pydock.build.views import image, user_set
from pydock.dockerfile import Instruction, Stage
from pydock.locks.installs.manifests import is_source
from pydock.packages.requirements import RequirementSet
from pydock.patches import ended
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.service.files.ignore_file import ignore_of
from pydock.state import Numbers, is_below, needs
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import Value

_QUIET = "apt-get apt apk pip pip3 echo useradd adduser groupadd addgroup true set export rm mkdir chown chmod ln"
_HARMLESS = frozenset(_QUIET.split())
_PASSIVE = frozenset({"WORKDIR", "ENV", "ARG", "LABEL", "EXPOSE", "VOLUME", "MAINTAINER", "STOPSIGNAL", "USER"})
_MANAGERS = (("poetry", "install"), ("pipenv", "install"), ("pipenv", "sync"), ("uv", "sync"), ("pdm", "install"))
# (manager, its lock file, the option that leaves out the project itself)
_WITHOUT_PROJECT = {"poetry": ("poetry.lock", "--no-root"), "uv": ("uv.lock", "--no-install-project")}
_LOCAL = regex(r"\bpath\s*=|file://|workspace|\bfile\s*=\s*[\"']\.|develop\s*=")

_HEAD = "FROM python:3.12-slim\nWORKDIR /app\n"
_INSTALL = "RUN pip install -r requirements.txt\n"
_WHEELS = "FROM python:3.12 AS builder\nCOPY requirements.txt ./\nRUN pip wheel -w /wheels -r requirements.txt\n"
_FILES = {"requirements.txt": "flask==3.1.2\n", "app/server.py": ""}

EXAMPLES = (
    Example(
        before=f"{_HEAD}# the code\nCOPY . .\n{_INSTALL}CMD python app.py\n",
        after=f"{_HEAD}COPY requirements.txt ./\n{_INSTALL}# the code\nCOPY . .\nCMD python app.py\n",
        files=_FILES,
    ),
    Example(
        before=f"{_WHEELS}COPY app/ ./app/\nRUN pip install /wheels/*\n",
        after=f"{_WHEELS}RUN pip install /wheels/*\nCOPY app/ ./app/\n",
        files=_FILES,
    ),
    Example(
        before=f"{_HEAD}COPY requirements.txt \\\n    server.py ./\n{_INSTALL}",
        after=f"{_HEAD}COPY requirements.txt ./\n{_INSTALL}COPY server.py ./\n",
        files={**_FILES, "server.py": ""},
    ),
    Example(
        before=f"{_HEAD}COPY pyproject.toml ./\nCOPY src src\nRUN pip install .\n",
        files={"pyproject.toml": "", "src/app.py": ""},
        finds=True,
    ),
    Example(
        before=f"{_HEAD}COPY . .\nRUN uv sync --locked\n",
        after=(
            f"{_HEAD}COPY pyproject.toml uv.lock ./\nRUN uv sync --no-install-project --locked\n"
            "COPY . .\nRUN uv sync --locked\n"
        ),
        files={"pyproject.toml": "", "uv.lock": "", "app.py": ""},
    ),
    Example(
        before=f"{_HEAD}COPY requirements.txt ./\n{_INSTALL}COPY . .\nRUN pip install -e .\n",
        files={**_FILES, "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n'},
    ),
    Example(
        before=f"{_HEAD}COPY lists lists\nRUN pip install -r lists/live.pip\n",
        files={"lists/live.pip": "flask==3.1.2\n"},
    ),
    Example(before=f"{_HEAD}COPY .python-version requirements.txt ./\n{_INSTALL}COPY . .\n", files=_FILES),
    Example(before=f"{_HEAD}COPY pyproject.toml ./poetry.lock* ./\nRUN poetry install\n", files={"pyproject.toml": ""}),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        found = (each for each in installs_of(project, stage) if not each.is_code)
        installed = (each for each in found if not has_the_rest(project, each))
        by_run = {run: list(found) for run, found in groupby(installed, lambda each: each.instruction)}
        code = [copied for copied in copies(project, stage) if is_source(project, copied)]
        code = [copied for copied in code if not _is_for_installs(project, stage, copied)] if by_run else code
        for run in stage.of("RUN") if code else ():
            installs = by_run.get(run, [])
            managed = [call for call in walk(project).commands_in(run) if (call.program, call.verb) in _MANAGERS]
            above = code if installs or managed else ()
            sources = [each for each in above if each.instruction.span.start < run.span.start]
            if not sources or (managed and _is_staged(project, stage, managed[0], sources[0])):
                continue
            span = installs[0].command.span if installs else managed[0].span
            fix = _staged_fix(project, stage, run, sources) if managed else _fix(project, stage, run, sources)
            yield Finding(
                RULE,
                span,
                f"the code is copied before this install, on line {sources[0].instruction.number}",
                fix,
                cost=_cost(project, installs),
                advice="" if fix else "Copy the files that name the dependencies, install them, then copy the code.",
            )
            break


def _cost(project: Project, installs: Sequence[Install]) -> str:
    names: set[str] = set()
    for install in installs:
        names |= {word.text for word in install.packages}
        names |= {name for entry in _sets(project, install) or () for name in entry.names}
    count = f"{len(names)} packages" if len(names) > 1 else "every package"
    return f"each change of the code installs {count} again"


def _is_for_installs(project: Project, stage: Stage, copied: Copied) -> bool:
    """Whether a COPY brings only files that the installs read, however they are called."""
    found = {path for install in installs_of(project, stage) for path in _needed(project, install) or ()}
    brought = [path for path in project.tree.files if any(is_below(path, source) for source in copied.sources)]
    return bool(brought) and found.issuperset(brought)


class _Move(Value):
    """The COPYs that go down, the RUN they go behind, and the files that it needs instead."""

    copies: tuple[Copied, ...]
    first: Instruction
    last: Instruction
    files: tuple[tuple[str, str], ...]


def _fix(project: Project, stage: Stage, run: Instruction, sources: Sequence[Copied]) -> Fix | None:
    move = _move(project, stage, run, sources)
    if move is None:
        return None
    dockerfile = project.dockerfile
    moved = "".join(ended(text_without(project, copied, move.files), dockerfile.newline) for copied in move.copies)
    edits = [Edit(project.path, copied.instruction.whole, "") for copied in move.copies]
    text = _new_copies(project, stage, move)
    start = Span(move.first.lead.start, move.first.lead.start)
    if text and any(edit.span.end == start.end for edit in edits):
        edits = [edit if edit.span.end != start.end else Edit(edit.path, edit.span, text) for edit in edits]
    elif text:
        edits.append(Edit(project.path, start, text))
    end = move.last.span.end
    opening = "" if dockerfile.text[:end].endswith("\n") else dockerfile.newline
    edits.append(Edit(project.path, Span(end, end), opening + moved))
    return Fix("copy the code behind the install", Safety.SAFE, tuple(edits), frozenset({"files"}))


def _is_staged(project: Project, stage: Stage, call: CommandLine, source: Copied) -> bool:
    """Whether an earlier RUN has installed everything but the project already."""
    option, start = _WITHOUT_PROJECT.get(call.program, ("", ""))[1], source.instruction.span.start
    earlier = (other for other in walk(project).commands_of(stage.index) if other.span.start < start)
    same = (other.line for other in earlier if (other.program, other.verb) == (call.program, call.verb))
    return bool(option) and any(line.has(option) for line in same)


def _staged_fix(project: Project, stage: Stage, run: Instruction, sources: Sequence[Copied]) -> Fix | None:
    """The same install in front of the code, without the project; the later one finds it done."""
    calls, copied = walk(project).commands_in(run), sources[0]
    command = calls[0].command if len(calls) == 1 and calls[0].is_alone else None
    if command is None or command.program not in _WITHOUT_PROJECT or len(sources) > 1 or not project.tree.known:
        return None
    lock, option = _WITHOUT_PROJECT[command.program]
    workdir = image(project, stage, run).workdir
    instructions = stage.instructions
    between = instructions[instructions.index(copied.instruction) + 1 : instructions.index(run)]
    places = {name: posixpath.join(workdir or "", name) for name in ("pyproject.toml", lock)}
    is_here = workdir is not None and workdir == image(project, stage, copied.instruction).workdir
    if between or not is_here or any(copied.origin(project.tree, place) != name for name, place in places.items()):
        return None
    texts = [project.tree.text(name) for name in places]
    if None in texts or command.has(option, "--only-root") or _LOCAL.search(texts[0] or ""):
        return None
    if any(ignore_of(project).hides(name) for name in places):
        return None
    dockerfile, end = project.dockerfile, calls[0].line.verb_words[0].span.end
    early = dockerfile.text[run.span.start : end] + f" {option}" + dockerfile.text[end : run.span.end]
    text = dockerfile.written(f"COPY {' '.join(places)} ./\n") + ended(early, dockerfile.newline)
    start = Span(copied.instruction.lead.start, copied.instruction.lead.start)
    return Fix(
        "install what the lock names before the code is copied",
        Safety.SAFE,
        (Edit(project.path, start, text),),
        frozenset({"files"}),
    )


def _move(project: Project, stage: Stage, run: Instruction, sources: Sequence[Copied]) -> _Move | None:
    instructions = stage.instructions
    first = instructions.index(sources[0].instruction)
    at = instructions.index(run)
    moving = [copied.instruction for copied in sources]
    between = [entry for entry in instructions[first + 1 : at] if entry not in moving]
    if not project.tree.known or any(not _is_independent(project, stage, entry, sources) for entry in (*between, run)):
        return None
    if any(not _keeps_target(project, stage, copied, run) for copied in sources):
        return None
    first_needing, last = run, at
    while last + 1 < len(instructions) and _is_install_only(project, stage, instructions[last + 1], sources):
        last += 1
    files: dict[str, str] = {}
    for install in installs_of(project, stage):
        if instructions[at].span.start <= install.instruction.span.start <= instructions[last].span.start:
            needed = _needed(project, install)
            if needed is None:
                return None
            if needed and not files:
                first_needing = install.instruction
            files |= needed
    move = _Move(tuple(sources), first_needing, instructions[last], tuple(sorted(files.items())))
    return None if _reads_more(project, move) else move


def _reads_more(project: Project, move: _Move) -> bool:
    """Whether the installs need more of what the COPYs bring than the files that are copied for them."""
    build, moved = walk(project), {needs.File(place) for _, place in move.files}
    made = Numbers(step.number for copied in move.copies for step in build.of_instruction(copied.instruction))
    asked = (entry for each in build.steps if each.installs and each.line <= move.last.number for entry in each.needs)
    return any(it.makers & made and need not in moved and not isinstance(need, needs.Folder) for need, it in asked)


def _is_install_only(project: Project, stage: Stage, entry: Instruction, sources: Sequence[Copied]) -> bool:
    installs = installs_in(project, entry)
    if entry.keyword != "RUN" or not installs or not _is_independent(project, stage, entry, sources):
        return False
    return all(_needed(project, install) is not None for install in installs)


def _keeps_target(project: Project, stage: Stage, copied: Copied, run: Instruction) -> bool:
    """Whether a COPY means the same place, owner and variables behind the install."""
    before = image(project, stage, copied.instruction).workdir, user_set(project, stage, copied.instruction)
    after = image(project, stage, run).workdir, user_set(project, stage, run)
    target = copied.instruction.words[-1].text
    is_same_place = before[0] == after[0] or target.startswith("/")
    changed = image(project, stage, copied.instruction).variables != image(project, stage, run).variables
    return is_same_place and before[1] == after[1] and not ("$" in copied.instruction.value and changed)


def _is_independent(project: Project, stage: Stage, entry: Instruction, sources: Sequence[Copied]) -> bool:
    """Whether an instruction does the same without the code."""
    if entry.keyword in {"COPY", "ADD"}:
        if not _lands_alike(project, stage, entry, sources):
            return False
        # Only what lands beside the code could be overwritten by it later.
        here = next((copied for copied in copies(project, stage) if copied.instruction is entry), None)
        return entry.flag("from") is not None or (here is not None and not is_source(project, here))
    if entry.keyword != "RUN":
        return entry.keyword in _PASSIVE
    if walk(project).is_unread(entry) or any("bind" in flag.value for flag in entry.flags):
        return False
    installs = {install.call for install in installs_in(project, entry)}
    for call in walk(project).commands_in(entry):
        is_wheel = call.program in {"pip", "pip3"} and call.verb != "install"
        is_venv = call.program in {"venv", "virtualenv"}
        is_known = call in installs or is_venv or (call.program in _HARMLESS and not is_wheel)
        if not is_known or (call not in installs and _touches(call, sources)):
            return False
    return True


def _lands_alike(project: Project, stage: Stage, entry: Instruction, sources: Sequence[Copied]) -> bool:
    """Whether a COPY means the same place without the code: `COPY x /app/y` lies in y only where the code brings y."""
    state, target = image(project, stage, entry), entry.words[-1].text
    place = state.at(target)
    if target.endswith("/") or place is None:
        return True
    made = Numbers(step.number for each in sources for step in walk(project).of_instruction(each.instruction))
    return not state.find(needs.Folder(place)).makers & made


def _touches(call: CommandLine, sources: Sequence[Copied]) -> bool:
    """Whether a word of a command may be a path of the copied code."""
    if call.program in {"apt-get", "apt", "apk", "echo", "true", "set", "export", "mkdir"}:
        return False
    workdir = call.before.workdir or "/"
    words = (word.head for word in call.line.words[1:])
    paths = [posixpath.normpath(posixpath.join(workdir, word)) for word in words if word and word[0] != "-"]
    targets = [posixpath.normpath(copied.target) for copied in sources]
    return any(path.startswith(target.rstrip("/") + "/") or path == target for path in paths for target in targets)


def _sets(project: Project, install: Install) -> tuple[RequirementSet, ...] | None:
    """The requirement and constraint files of an install, None where one cannot be read."""
    found = []
    for word in (*install.files, *install.constraints):
        path = install.origin(project, word.value)
        if path is None or not project.tree.has_file(path):
            return None
        found.append(project.requirement_set(path))
    return tuple(found)


def _needed(project: Project, install: Install) -> dict[str, str] | None:
    """The files that an install reads, by context path, with the image path; None where it needs more."""
    workdir = image(project, install.stage, install.instruction).workdir
    sets = _sets(project, install)
    if sets is None or workdir is None or not install.is_plain or install.editables:
        return None
    if install.has("-f", "--find-links", "--target", "-t", "--src", "--config-settings"):
        return None
    files: dict[str, str] = {}
    for word, entry in zip((*install.files, *install.constraints), sets, strict=True):
        is_hidden = any(ignore_of(project).hides(path) for path in entry.files)
        if is_hidden or entry.places or entry.missing or entry.loop:
            return None
        base = posixpath.normpath(posixpath.join(workdir, word.value or ""))
        for path in entry.files:
            inside = posixpath.relpath(path, posixpath.dirname(entry.path) or ".")
            files[path] = posixpath.normpath(posixpath.join(posixpath.dirname(base), inside))
    return files


def _new_copies(project: Project, stage: Stage, move: _Move) -> str:
    """COPYs for the files that no other COPY brings before the install, one for each folder."""
    moving = {copied.instruction for copied in move.copies}
    others = [copied for copied in copies(project, stage, move.first) if copied.instruction not in moving]
    workdir = image(project, stage, move.first).workdir or "/"
    folders: dict[str, list[str]] = {}
    for path, place in move.files:
        if not any(copied.origin(project.tree, place) == path for copied in others):
            folders.setdefault(posixpath.dirname(place), []).append(path)
    flags = "".join(
        f"--{flag.name}={flag.value} " for flag in move.copies[0].instruction.flags if flag.name in {"chown", "chmod"}
    )
    lines = [f"COPY {flags}{' '.join(paths)} {_relative(folder, workdir)}\n" for folder, paths in folders.items()]
    return project.dockerfile.written("".join(lines))


def _relative(folder: str, workdir: str) -> str:
    inside = posixpath.relpath(folder, workdir)
    if inside == ".":
        return "./"
    is_outside = inside.startswith("..") or workdir == "/"
    return f"{folder.rstrip('/')}/" if is_outside else f"{inside}/"


RULE = Rule("PYD301", "source-before-dependencies", check, __doc__, EXAMPLES)
