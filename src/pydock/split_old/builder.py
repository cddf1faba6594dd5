"""The builder stage: what Python packages are installed by, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.chains import comment_lines
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.plan import Add, Change, Keep, Piece, Repeat
from pydock.project.build_tools import latest_tool
from pydock.split_old.copying import copy_pieces, leaves_runtime
from pydock.split_old.draft import Draft
from pydock.split_old.environment import WITHOUT_PIP, WITHOUT_PIP_COMMENT
from pydock.split_old.pieces import builder_edits, builder_installs, builder_steps, run_text, runtime_steps
from pydock.split_old.preparing import is_preparing_copy, read_variables
from pydock.split_old.reasons import listed
from pydock.split_old.roles import Role
from pydock.words import variables

# Variables that pip, the managers, compilers and apt read without being named on a command line.
_BUILD_VARIABLE = regex(
    r"(PIP|UV|POETRY|PIPENV|PDM|HATCH|SETUPTOOLS|GIT|CARGO|RUST|CYTHON|NPY|CRYPTOGRAPHY|GDAL|SKLEARN|BLIS)_.*"
    r"|(C|CXX|CPP|LD|F)FLAGS|CC|CXX|MAKEFLAGS|(C|CPLUS)_INCLUDE_PATH|LIBRARY_PATH|LD_LIBRARY_PATH|PATH|VIRTUAL_ENV"
    r"|\w+_(C|CXX|CPP|LD)FLAGS|PKG_CONFIG_PATH|(HDF5|CUDA|JAVA|OPENSSL|LLVM|GEOS|PROJ|TORCH|BLAS|LAPACK)_\w+|MAX_JOBS"
    r"|PBR_VERSION|\w*PRETEND_VERSION\w*|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|SSH_\w+|HOME|TMPDIR|(PG|MYSQL)_CONFIG"
    r"|.*_USES_.*|.*_GPL_UNIDECODE|(https?|no|ftp)_proxy|(HTTPS?|NO|FTP)_PROXY|PYTHONPATH|.*_EXTENSIONS?"
)
_WIDTH = 100
# The last pip that installs on an interpreter whose own venv brings one without manylinux2014 wheels.
_LAST_PIP = {"3.3": "10.0.1", "3.4": "19.1.1", "3.5": "20.3.4", "3.6": "21.3.1"}


def builder_pieces(draft: Draft) -> tuple[Piece, ...]:
    """The pieces of the builder, from what rarely changes to what changes often."""
    stage = draft.stage
    reach = stage.instructions[1 : draft.last_install + 1]
    late = _late(draft, reach)
    early = _early(draft, reach, late)
    return (_from(draft), *early, *_environment(draft), *late)


def _from(draft: Draft) -> Piece:
    start = draft.stage.start
    flags = "".join(f"--{flag.name}={flag.value} " for flag in start.flags)
    text = f"FROM {flags}{draft.base.builder} AS {draft.builder_name}\n"
    return Change(start, _already_there(draft) + text, "compilers and caches stay in this stage")


def _already_there(draft: Draft) -> str:
    """What the full image has of what the file installs, under the comments of instructions that it makes idle."""
    gone = [entry.package for entry in draft.system.divisions if entry.package in draft.there and not entry.runtime]
    comments = "".join(
        comment_lines(draft.project.dockerfile.slice(entry.lead))
        for entry in draft.stage.of("RUN")
        if drops_from_runtime(draft, entry)
        and not builder_steps(draft, entry, late=False)
        and not builder_steps(draft, entry, late=True)
    )
    return comments + (f"# the full image has {listed(sorted(gone))}\n" if gone else "")


def _early(draft: Draft, reach: tuple[Instruction, ...], late: list[Piece]) -> Iterator[Piece]:
    texts = [_text(piece) for piece in late]
    for entry in reach:
        if entry.keyword == "RUN" and (steps := builder_steps(draft, entry, late=False)):
            texts.append(run_text(draft, entry, steps, builder_edits(draft, entry)))
    texts += [entry.logical.text for entry in reach if is_preparing_copy(entry)]
    filled_in = read_variables(draft.project, draft.stage, draft.inputs)
    named = _named(draft, frozenset([*filled_in, *(name for text in texts for name in variables(text))]))
    for entry in reach:
        match entry.keyword:
            case "ARG" | "ENV" if text := _assignments(entry, named):
                yield _shared(draft, entry, text)
            case "SHELL":
                yield Repeat(entry, draft.project.dockerfile.slice(entry.span), "the same shell")
            case "COPY" | "ADD" if is_preparing_copy(entry):
                yield Repeat(entry, draft.project.dockerfile.slice(entry.span), "says how packages are fetched")
            case "RUN" if steps := builder_steps(draft, entry, late=False):
                yield _run(
                    draft,
                    entry,
                    run_text(draft, entry, steps, builder_edits(draft, entry)),
                    is_last=not builder_steps(draft, entry, late=True),
                )
            case _:
                pass


def _named(draft: Draft, names: frozenset[str]) -> frozenset[str]:
    """The names and those that their own values are made of."""
    values = {entry.name: entry.value or "" for each in draft.stage.of("ARG", "ENV") for entry in each.assignments}
    found, pending = set(names), list(names)
    for name in values:
        if _BUILD_VARIABLE.fullmatch(name) and name not in found:
            found.add(name)
            pending.append(name)
    if builder_installs(draft):
        found.add("DEBIAN_FRONTEND")
    while pending:
        more = variables(values.get(pending.pop(), "")) - found
        found |= more
        pending += more
    return frozenset(found)


def _assignments(entry: Instruction, named: frozenset[str]) -> str:
    """The ENV or ARG with the variables that the builder has a use for."""
    wanted = [each for each in entry.assignments if each.name in named]
    if not wanted:
        return ""
    if len(wanted) == len(entry.assignments):
        return "whole"
    by_name = {each.name: each.span for each in wanted}
    source = entry.logical.text
    words = [word.text for word in entry.words if word.text.split("=", 1)[0].strip("\"'") in by_name]
    line = f"{source.split()[0]} {' '.join(words)}\n"
    return line if len(line) <= _WIDTH or len(words) == 1 else f"{source.split()[0]} " + " \\\n    ".join(words) + "\n"


def _shared(draft: Draft, entry: Instruction, text: str) -> Piece:
    """A variable in the builder; it stays at run time unless only building reads it."""
    source = draft.project.dockerfile.slice(entry.span)
    if text == "whole" and is_builders_own(draft, entry):
        return Keep(entry, "only building reads it")
    return Repeat(entry, source if text == "whole" else text, "building reads it")


def is_builders_own(draft: Draft, entry: Instruction) -> bool:
    """Whether an ENV or ARG means nothing to a running container."""
    names = {each.name for each in entry.assignments}
    tool = re.compile(r"(PIP|POETRY|PIPENV|PDM)_.*")
    if not all(tool.fullmatch(name) for name in names):
        return False
    others = [each for each in draft.stage.instructions if each is not entry and each.keyword not in {"RUN"}]
    texts = [each.value for each in others] + [
        " ".join(word.text for command in step.commands for word in command.words)
        for run in draft.stage.of("RUN")
        for step in runtime_steps(draft, run)
    ]
    return not any(variables(text) & names for text in texts)


def _environment(draft: Draft) -> Iterator[Piece]:
    if not draft.makes_venv:
        return
    old_pip = _LAST_PIP.get(draft.image.minor)
    command = f"python -m venv {_venv_options(draft)}{draft.venv}"
    if old_pip and not draft.shares_pip:
        command += f" \\\n    && {draft.venv}/bin/pip install --upgrade pip=={old_pip} setuptools wheel"
    comment = WITHOUT_PIP_COMMENT if draft.shares_pip else ""
    whose = ", filled by the image's own pip" if draft.shares_pip and not draft.brings_uv else ""
    if draft.brings_uv:
        command = f"pip install uv=={latest_tool('uv', draft.image.minor)} \\\n    && {command}"
        whose = "; uv installs faster, and stays in the builder"
    yield Add(f"{comment}RUN {command}\n", f"packages live in an environment that can be copied as a whole{whose}")
    tool = draft.manager or (
        "uv" if any(install.tool == "uv" for entry in draft.steps for install in entry.installs) else ""
    )
    if tool == "uv" and any(
        command.values[:2] in {("uv", "sync")} for entry in draft.steps for command in entry.step.commands
    ):
        yield Add(f'ENV UV_PROJECT_ENVIRONMENT={draft.venv} PATH="{draft.venv}/bin:$PATH"\n', "uv installs into it")
    elif draft.brings_uv:
        # The cache mount is another file system, so nothing can be linked from it; bytecode that is
        # not compiled here is compiled at every start.
        settings = "UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1"
        text = f'ENV VIRTUAL_ENV={draft.venv} PATH="{draft.venv}/bin:$PATH" \\\n    {settings}\n'
        yield Add(text, "uv installs into it")
    elif tool:
        yield Add(f'ENV VIRTUAL_ENV={draft.venv} PATH="{draft.venv}/bin:$PATH"\n', f"{tool} installs into it")
    else:
        yield Add(f'ENV PATH="{draft.venv}/bin:$PATH"\n', "pip installs into it")


def _venv_options(draft: Draft) -> str:
    if draft.shares_pip:
        return WITHOUT_PIP
    installs = [command for entry in draft.steps if entry.role is Role.INSTALL for command in entry.step.commands]
    return "--without-pip " if all(command.values[:2] == ("uv", "sync") for command in installs) else ""


def _late(draft: Draft, reach: tuple[Instruction, ...]) -> list[Piece]:
    pieces: list[Piece] = []
    for entry in reach:
        match entry.keyword:
            case "WORKDIR":
                pieces.append(Repeat(entry, draft.project.dockerfile.slice(entry.span), "paths are relative to it"))
            case "COPY" | "ADD":
                pieces += copy_pieces(draft, entry)
            case "RUN" if steps := builder_steps(draft, entry, late=True):
                pieces.append(
                    _run(draft, entry, run_text(draft, entry, steps, builder_edits(draft, entry)), is_last=True)
                )
            case _:
                pass
    return _without_idle_workdirs(pieces)


def _without_idle_workdirs(pieces: list[Piece]) -> list[Piece]:
    """A WORKDIR that nothing in the builder follows has no use there."""
    last = max((at for at, piece in enumerate(pieces) if not _is_workdir(piece)), default=-1)
    return pieces[: last + 1]


def _is_workdir(piece: Piece) -> bool:
    return isinstance(piece, Repeat) and piece.instruction.keyword == "WORKDIR"


def _run(draft: Draft, run: Instruction, text: str, *, is_last: bool) -> Piece:
    """The builder's part of a RUN; its comments come along where nothing of it is left at run time."""
    if runtime_steps(draft, run) or not is_last:
        return Repeat(run, text, "the part that building needs")
    if text == draft.project.dockerfile.slice(run.span):
        return Keep(run, "building needs it")
    return Change(run, text, "building needs it")


def _text(piece: Piece) -> str:
    match piece:
        case Keep(instruction):
            return instruction.logical.text
        case Change(_, text, _) | Repeat(_, text, _) | Add(text, _):
            return text


def drops_from_runtime(draft: Draft, entry: Instruction) -> bool:
    """Whether the builder has an instruction of the source to itself."""
    match entry.keyword:
        case "ARG" | "ENV":
            at = draft.stage.instructions.index(entry)
            return at <= draft.last_install and is_builders_own(draft, entry)
        case "COPY" | "ADD":
            return leaves_runtime(draft, entry)
        case "RUN":
            roles = {each.role for each in draft.by_run.get(entry, ())}
            return bool(roles - {Role.OTHER}) and not runtime_steps(draft, entry)
        case _:
            return False
