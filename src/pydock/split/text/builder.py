"""The builder stage: what Python packages are installed by, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.installs import plain_pip
from pydock.dockerfile import Instruction
from pydock.images.setuptools import WITH_PKG_RESOURCES, setuptools_beside
from pydock.locks.installs.build_tools import latest_tool
from pydock.patches import Add, Change, Keep, Piece, Repeat, comment_lines
from pydock.patterns import regex
from pydock.split.draft import Draft
from pydock.split.facts.environment import LAST_PIP, tool_of
from pydock.split.facts.members import package_of
from pydock.split.text.assignments import assigned
from pydock.split.text.comments import Divided, divided, words_of_builder, words_of_runtime
from pydock.split.text.copies import copy_pieces, leaves_runtime
from pydock.split.text.parts import is_builders, is_dropped
from pydock.split.text.reasons import listed
from pydock.split.text.run_text import builder_edits, builder_members, run_text, runtime_members
from pydock.state import Numbers

# A variable of each official image whose pip fills no other environment (docker-library/python, read 2026-11).
_PIP_OF_IMAGE = "$PYTHON_PIP_VERSION"
_CHAINED = " \\\n    && "
_ASIDE = regex(r"\s*#+\s*(?:RUN|COPY|ADD|ENV|ARG|FROM|WORKDIR|USER|CMD|ENTRYPOINT)\s")
# https://pip.pypa.io/en/stable/topics/configuration/#environment-variables, read 2026-11.
_LISTS = frozenset({"PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "PIP_REQUIREMENT", "UV_CONSTRAINT", "UV_OVERRIDE"})


def builder_pieces(draft: Draft) -> tuple[Piece, ...]:
    """The pieces of the builder, from what rarely changes to what changes often."""
    last = max((at for at, entry in enumerate(draft.stage.instructions) if is_builders(draft, entry)), default=0)
    reach = draft.stage.instructions[1 : last + 1]
    early = list(_pieces(draft, reach, late=False))
    late = _without_idle_workdirs(list(_pieces(draft, reach, late=True)))
    return (_from(draft), *_with_comments(draft, [*early, *_environment(draft), *late]))


def comments_of_run(draft: Draft, run: Instruction) -> Divided:
    """The comments above a RUN that both stages have a part of: what goes to the builder, and what stays."""
    members = [each for each in draft.members[run] if any(step.number in draft.slices.builder for step in each.steps)]
    theirs, ours = words_of_builder(draft, members), words_of_runtime(draft, runtime_members(draft, run))
    return divided(draft, run, theirs, ours)


def _pieces(draft: Draft, reach: tuple[Instruction, ...], *, late: bool) -> Iterator[Piece]:
    for entry in reach:
        match entry.keyword:
            case "ARG" | "ENV" if (_names_a_list(entry) or _is_below_installs(draft, entry)) is late:
                yield from _variables(draft, entry)
            case "SHELL" if not late:
                yield Repeat(entry, draft.project.dockerfile.slice(entry.span), "the same shell")
            case "WORKDIR" if late:
                yield Repeat(entry, draft.project.dockerfile.slice(entry.span), "paths are relative to it")
            case "COPY" | "ADD" if _is_late(draft, entry) is late:
                yield from copy_pieces(draft, entry)
            case "RUN":
                yield from _run(draft, entry, late=late)
            case _:
                pass


def _names_a_list(entry: Instruction) -> bool:
    """Whether installers read a file that a variable names, which has to be there by then."""
    return any(each.name in _LISTS for each in entry.assignments)


def _is_below_installs(draft: Draft, entry: Instruction) -> bool:
    """Whether an ARG stands below an install and nothing above the environment takes it.

    Above them each new value would install everything again:
    https://docs.docker.com/build/cache/invalidation/#build-arguments
    """
    numbers = Numbers(step.number for step in draft.steps.get(entry, ()))
    if entry.keyword != "ARG" or not numbers or min(numbers) < min(draft.late, default=0):
        return False
    early = (step for step in draft.by_number.values() if step.number in draft.slices.builder)
    return not any(
        any(number in answer.makers for number in numbers)
        for step in early
        if step.number not in draft.late
        for _, answer in (*step.needs, *step.takes)
    )


def _is_late(draft: Draft, entry: Instruction) -> bool:
    return any(step.number in draft.late for step in draft.steps.get(entry, ()))


def _from(draft: Draft) -> Piece:
    start = draft.stage.start
    flags = "".join(f"--{flag.name}={flag.value} " for flag in start.flags)
    text, why = f"FROM {flags}{draft.base.builder} AS {draft.builder_name}\n", "compilers and caches stay in this stage"
    return Repeat(start, text, why) if draft.is_below_others else Change(start, text, why)


def _with_comments(draft: Draft, pieces: list[Piece]) -> tuple[Piece, ...]:
    """The pieces with the comments that no instruction of the file stands below any more, above what comes next."""
    order = {entry: at for at, entry in enumerate(draft.stage.instructions)}
    notes: dict[int, str] = {}
    for entry in draft.stage.instructions[1:]:
        text = _left_over(draft, entry)
        if not text:
            continue
        own = [(order[piece.instruction], at) for at, piece in enumerate(pieces) if not isinstance(piece, Add)]
        later = [each for each in own if each[0] > order[entry]]
        at = min(later)[1] if later else max(own)[1]
        notes[at] = notes.get(at, "") + text
    found: list[Piece] = []
    for at, piece in enumerate(pieces):
        found += [Add(notes[at], "what it was about is not needed here")] if at in notes else []
        found.append(piece)
    return tuple(found)


def _left_over(draft: Draft, entry: Instruction) -> str:
    """The comments of an instruction that the builder has nothing of, as far as they are not gone with it."""
    dockerfile = draft.project.dockerfile
    if is_dropped(draft, entry):
        # The lines right above it speak of it alone, unless they are instructions that somebody has put aside.
        above = dockerfile.slice(entry.lead).splitlines(keepends=True)
        while above and above[-1].lstrip().startswith("#") and not _ASIDE.match(above[-1]):
            above.pop()
        return comment_lines("".join(above)) + _already_there(draft, entry)
    if entry.keyword != "RUN" or is_builders(draft, entry):
        return _already_there(draft, entry)
    there = _already_there(draft, entry)
    return (comments_of_run(draft, entry).gone if there else "") + there


def tells_of(draft: Draft, run: Instruction) -> bool:
    """Whether the builder has a part of a RUN, or says that its image has that."""
    return is_builders(draft, run) or bool(_already_there(draft, run))


def _already_there(draft: Draft, entry: Instruction) -> str:
    """What the full image has of what an instruction installs, as a comment."""
    names = [
        name
        for member in draft.members.get(entry, ())
        for step in member.steps
        if (name := package_of(step)) in draft.system.there and not draft.system.runtime_has(step)
    ]
    gone = sorted(dict.fromkeys(names))
    verb = "is" if len(gone) == 1 else "are"
    return f"# {listed(gone)} {verb} in the full image\n" if gone else ""


def _variables(draft: Draft, entry: Instruction) -> Iterator[Piece]:
    """The variables of an ENV or ARG that the builder has a use for."""
    steps = draft.steps.get(entry, ())
    wanted = [step for step in steps if step.number in draft.slices.builder]
    if not wanted:
        return
    source = draft.project.dockerfile.slice(entry.span)
    if len(wanted) == len(steps):
        if leaves_runtime(draft, entry):
            yield Keep(entry, "only building reads it")
        else:
            yield Repeat(entry, source, "building reads it")
        return
    text = assigned(draft, entry, draft.slices.builder)
    if leaves_runtime(draft, entry):
        yield Change(entry, text, "only building reads it")
    else:
        yield Repeat(entry, text, "building reads it")


def _run(draft: Draft, entry: Instruction, *, late: bool) -> Iterator[Piece]:
    """The builder's part of a RUN, above the environment or below it, with the comments that speak of it."""
    members = builder_members(draft, entry, late=late)
    text = run_text(draft, entry, members, builder_edits(draft, members, late=late))
    if not text:
        return
    others = builder_members(draft, entry, late=not late)
    has_runtime = bool(runtime_members(draft, entry))
    if has_runtime:
        above = "" if late and others else comments_of_run(draft, entry).gone
        yield Repeat(entry, above + text, "the part that building needs")
    elif others:
        yield _half(draft, entry, text, late=late)
    elif text == draft.project.dockerfile.slice(entry.span):
        yield Keep(entry, "building needs it")
    else:
        yield Change(entry, text, "building needs it")


def _half(draft: Draft, entry: Instruction, text: str, *, late: bool) -> Piece:
    """One of two parts in the builder: comments stay with what installs packages, else with the first."""
    early, below = (builder_members(draft, entry, late=is_late) for is_late in (False, True))
    if not any(member.installs for member in below):
        return Repeat(entry, text, "building needs it") if late else Change(entry, text, "building needs it")
    comments = divided(draft, entry, words_of_builder(draft, early), words_of_builder(draft, below))
    if late:
        return Change(entry, text, "building needs it", comments.lead)
    return Repeat(entry, comments.gone + text, "building needs it")


def _environment(draft: Draft) -> Iterator[Piece]:
    environment = draft.environment
    if not environment.is_made:
        return
    option = "--without-pip " if environment.is_filled_from_outside else ""
    why, seeds = _seeds(draft)
    commands = [f"python -m venv {option}{environment.path}", *seeds]
    whose = ""
    if environment.brings_uv:
        commands.insert(0, f"pip install uv=={latest_tool('uv', draft.image.minor)}")
        whose = "; uv installs faster, and stays in the builder"
    elif option:
        whose = ", filled by the image's own pip"
    text = f"{why}RUN {_CHAINED.join(commands)}\n"
    yield Add(text, f"packages live in an environment that can be copied as a whole{whose}")
    yield from _settings(draft)


def _seeds(draft: Draft) -> tuple[str, tuple[str, ...]]:
    """(why, as a comment, the commands) of what a new environment gets of what is beside the image's Python."""
    environment, minor = draft.environment, draft.image.minor
    pip = f"{environment.path}/bin/pip"
    given = {tool_of(step) for step in draft.by_number.values()}
    if not environment.is_filled_from_outside and "pip" not in given and (old_pip := LAST_PIP.get(minor)):
        return "", (f"{pip} install --upgrade pip=={old_pip} setuptools wheel",)
    packages = {"setuptools": environment.setuptools, "wheel": environment.wheel}
    named = {name: f"{name}=={version}" for name, version in packages.items() if version is not None}
    if environment.has_older_pip:
        named = {"pip": f"pip=={_PIP_OF_IMAGE}", **named}
    if not named or environment.brings_uv:
        return "", ()
    if environment.is_filled_from_outside:
        pip = f"pip --python {environment.path}"
    return _why(draft, tuple(named)), (f"{pip} install {_index(draft)}{' '.join(named.values())}",)


def _why(draft: Draft, names: tuple[str, ...]) -> str:
    if "pip" in names:
        return "# the pip of the image, which is newer than the one that its Python brings for environments\n"
    given = {tool_of(step) for step in draft.by_number.values()}
    if "setuptools" not in given:
        imported = "pkg_resources" if setuptools_beside(draft.image.minor) else "setuptools"
        what = listed([imported if name == "setuptools" else name for name in names])
        return f"# {what}, which the image has outside of the environment\n"
    return (
        "# setuptools before 82, which took pkg_resources out\n"
        if draft.environment.setuptools == WITH_PKG_RESOURCES
        else ""
    )


def _index(draft: Draft) -> str:
    """The options that tell the installs of the file from where they take packages, where they are written out.

    An index that only some installs name may be that of a few packages (https://download.pytorch.org/whl/cpu), so what
    installs a list or the project says where everything is; where one names none, pip's own index is reached.
    """
    found: dict[str, bool] = {}
    for member in (member for members in draft.members.values() for member in members if member.installs):
        for line in filter(None, map(plain_pip, member.calls)):
            index, host = line.value("-i", "--index-url"), line.value("--trusted-host")
            if index is None or not index.is_written or "@" in index.text:
                return ""
            trusted = f"--trusted-host {host.text} " if host is not None and host.is_written else ""
            option = f"--index-url {index.text} {trusted}"
            found[option] = found.get(option, False) or line.has("-r", "--requirement", "-e", "--editable")
    of_lists = [option for option, has_list in found.items() if has_list or len(found) == 1]
    return of_lists[0] if len(of_lists) == 1 else ""


def _settings(draft: Draft) -> Iterator[Piece]:
    """What tells the installers, and the commands between them, where the environment is."""
    environment = draft.environment
    path, places = environment.path, f'PATH="{environment.path}/bin:$PATH"'
    if _syncs(draft):
        yield Add(f"ENV UV_PROJECT_ENVIRONMENT={path} {places}\n", "uv installs into it")
    elif environment.brings_uv:
        # The cache mount is another file system, so nothing can be linked from it; bytecode that is
        # not compiled here is compiled at every start.
        settings = "UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1"
        yield Add(f"ENV VIRTUAL_ENV={path} {places} \\\n    {settings}\n", "uv installs into it")
    elif environment.manager is not None:
        yield Add(f"ENV VIRTUAL_ENV={path} {places}\n", f"{environment.manager} installs into it")
    elif not environment.is_filled_from_outside or _needs_path(draft):
        yield Add(f"ENV {places}\n", "pip installs into it")


def _syncs(draft: Draft) -> bool:
    installing = [member for members in draft.members.values() for member in members if member.installs]
    return any((call.program, call.verb) == ("uv", "sync") for member in installing for call in member.calls)


def _needs_path(draft: Draft) -> bool:
    """Whether a command of the builder runs Python or a program of the environment."""
    for entry in draft.stage.of("RUN"):
        for member in builder_members(draft, entry, late=True):
            if any(plain_pip(call) is None and call.program not in _NEUTRAL for call in member.calls):
                return True
    return False


_NEUTRAL = frozenset({"", "echo", "cat", "sed", "grep", "cd", "set", "cp", "mv", "mkdir", "rm", "chmod", "true", "git"})


def _without_idle_workdirs(pieces: list[Piece]) -> list[Piece]:
    """A WORKDIR that nothing in the builder follows, or only another one by its whole path, has no use there."""
    kept: list[Piece] = []
    for piece in reversed(pieces):
        following = kept[-1] if kept else None
        is_idle = following is None or (_is_workdir(following) and _is_absolute(following))
        if not (_is_workdir(piece) and is_idle):
            kept.append(piece)
    return kept[::-1]


def _is_absolute(piece: Piece) -> bool:
    return isinstance(piece, Repeat) and piece.instruction.value.startswith("/")


def _is_workdir(piece: Piece) -> bool:
    return isinstance(piece, Repeat) and piece.instruction.keyword == "WORKDIR"
