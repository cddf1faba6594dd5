"""What a container of the final stage runs: ENTRYPOINT and CMD, their scripts, probes, compose services.

Composition: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact, read 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from pydock.dockerfile import Instruction, Stage
from pydock.lines import Span
from pydock.project import Project, calls, compose
from pydock.project.programs import BUILTINS, DJANGO_SERVICES, JOBS, PREPARATIONS, SERVERS
from pydock.project.sources import PROGRAM_FOLDERS, origin, remembered, script_file
from pydock.project.wrappers import unwrap
from pydock.shell import Command, Script, Word, script, script_of_text
from pydock.values import Value, replace
from pydock.words import in_double_quotes

SHELLS = frozenset({"sh", "bash", "dash", "ash"})
DEEPEST = 3
_ARGUMENTS = frozenset({'"$@"', "$@", '"${@}"', "${@}", "$*", '"$*"'})


class Start(Value):
    """One command that a container runs.

    `command` is what stands behind `exec`, `tini --`, `gosu app` and the like, which are the
    `wrappers`. Its spans are offsets in the file `path`; "" means that they are no place in
    any file. `span` is where a finding about it belongs in the Dockerfile. `in_shell`: words
    are a shell's, not JSON strings. `script`: the context path of the shell script that it
    runs, whose own commands follow. `line` is the line in `path`. `is_last`: nothing follows
    it in its script; `is_conditional`: it stands inside an `if`, a loop or the like;
    `is_background`: the script does not wait for it.
    """

    command: Command
    origin: str
    instruction: Instruction | None = None
    span: Span | None = None
    in_shell: bool = False
    role: str = "start"
    path: str = ""
    wrappers: tuple[str, ...] = ()
    script: str = ""
    is_last: bool = True
    is_conditional: bool = False
    is_background: bool = False
    service: str = ""

    @property
    def program(self) -> str:
        return self.command.program


@remembered
def starts(project: Project) -> tuple[Start, ...]:
    """Every command that is known to run in a container of the final stage, in order.

    What a base image outside of this file would run is not known and not in here.
    """
    found = [*_of_image(project), *_of_probe(project)]
    for service in compose.services(project):
        found += _of_service(project, service)
    return tuple(found)


class Declared(Value):
    """The ENTRYPOINT and CMD in force, None where none is set in this file."""

    entrypoint: Instruction | None
    cmd: Instruction | None


@remembered
def declared(project: Project) -> Declared:
    """The instructions that decide what runs; an ENTRYPOINT cancels a CMD that it inherits."""
    entrypoint = cmd = None
    for stage in project.lineage(project.final):
        entrypoint = stage.last("ENTRYPOINT")
        cmd = cmd or stage.last("CMD")
        if entrypoint is not None:
            break
    return Declared(entrypoint, cmd)


def probe(project: Project) -> Instruction | None:
    """The HEALTHCHECK in force, NONE included."""
    found = (stage.last("HEALTHCHECK") for stage in project.lineage(project.final))
    return next((instruction for instruction in found if instruction is not None), None)


def _of_image(project: Project) -> Iterator[Start]:
    instructions = declared(project)
    entrypoint, cmd = instructions.entrypoint, instructions.cmd
    if entrypoint is None or entrypoint.exec_form == ():
        if cmd is not None:
            yield from _of_instruction(project, cmd, ())
        return
    arguments: tuple[Word, ...] = ()
    if cmd is not None and entrypoint.exec_form is not None:
        # Docker hands a shell-form CMD over as three words: /bin/sh -c "...".
        words = script(cmd).commands[0].words if cmd.exec_form else ()
        arguments = words if cmd.exec_form is not None else _as_shell_words(cmd)
    yield from _of_instruction(project, entrypoint, arguments)


def _as_shell_words(cmd: Instruction) -> tuple[Word, ...]:
    return tuple(Word(text, text, cmd.value_span) for text in ("/bin/sh", "-c", cmd.value))


def _of_probe(project: Project) -> Iterator[Start]:
    instruction = probe(project)
    if instruction is not None and instruction.value.strip().upper() != "NONE":
        yield from _of_instruction(project, instruction, (), role="probe")


def _of_instruction(
    project: Project, instruction: Instruction, arguments: tuple[Word, ...], role: str = "start"
) -> Iterator[Start]:
    if instruction.exec_form is None and not has_posix_shell(project.final):
        return
    read = script(instruction)
    start = Start(
        Command((), (), instruction.value_span),
        instruction.keyword,
        instruction,
        instruction.value_span,
        in_shell=read.shell,
        role=role,
        path=project.path,
    )
    for each in _of_script(read, start):
        command = each.command
        words = (*command.words, *arguments) if not read.shell else command.words
        yield from _expanded(project, replace(each, command=replace(command, words=words)), (), 0)


def has_posix_shell(stage: Stage) -> bool:
    """Whether shell form means sh or bash, by SHELL."""
    shell = stage.last("SHELL")
    words = shell.exec_form or () if shell else ()
    return not words or posixpath.basename(words[0].text) in SHELLS


def is_windows(project: Project) -> bool:
    """Whether the base image or SHELL says that this is Windows."""
    shells = [shell for stage in project.lineage(project.final) if (shell := stage.last("SHELL"))]
    named = f"{project.reference(project.final) or ''} {shells[0].value if shells else ''}"
    return re.search(r"windows|nanoserver|powershell|pwsh|\bcmd\b", named, re.I) is not None


def _of_script(read: Script, start: Start) -> Iterator[Start]:
    """One Start for each command of a script; `start` says what they have in common."""
    for at, step in enumerate(read.steps):
        following = read.steps[at + 1] if at + 1 < len(read.steps) else None
        for command in step.commands:
            is_own = command is step.command
            yield replace(
                start,
                command=command,
                is_last=start.is_last and following is None and is_own,
                is_conditional=start.is_conditional or not is_own,
                is_background=start.is_background or (following is not None and following.operator == "&"),
            )


class _Nested(Value):
    """A script behind a command: a file of the context, or the string behind `sh -c`.

    `path` is the file that the text is a piece of, from the offset `at` on; "" for none.
    """

    text: str
    path: str
    at: int
    file: str
    arguments: tuple[Word, ...]


def _expanded(project: Project, start: Start, arguments: tuple[Word, ...], depth: int) -> Iterator[Start]:
    """The start without its wrappers, then the commands of the script that it runs."""
    start = _with_arguments(project, start, arguments)
    wrappers, command = unwrap(start.command)
    start = replace(start, command=command, wrappers=(*start.wrappers, *wrappers))
    if not command.words:
        return
    nested = _nested(project, start) if depth < DEEPEST else None
    read = script_of_text(nested.text) if nested else None
    if nested is None or read is None or not read.commands:
        yield start
        return
    if nested.file:
        yield replace(start, script=nested.file)
    role = "script" if nested.file and start.role == "start" else start.role
    inner = replace(start, in_shell=True, path=nested.path, role=role)
    for each in _of_script(read, inner):
        line = nested.text.count("\n", 0, each.command.span.start) + 1
        origin = f"{nested.file}:{line}" if nested.file else start.origin
        wrappers = () if nested.file else (*start.wrappers, start.program)
        moved = replace(each, command=_moved(each.command, nested.at), origin=origin, wrappers=wrappers)
        yield from _expanded(project, moved, nested.arguments, depth + 1)


def _with_arguments(project: Project, start: Start, arguments: tuple[Word, ...]) -> Start:
    """The start with `"$@"` replaced by what its script was called with."""
    words: list[Word] = []
    for word in start.command.words:
        words += arguments if word.text in _ARGUMENTS else (word,)
    if tuple(words) == start.command.words:
        return start
    replaced = replace(start, command=replace(start.command, words=tuple(words)))
    wrapped = unwrap(start.command)[1].words
    cmd = declared(project).cmd
    if start.service or cmd is None or len(wrapped) != 1 or wrapped[0].text not in _ARGUMENTS:
        return replace(replaced, path="" if arguments else start.path)
    # The whole command is the CMD, so that is where it stands.
    in_shell, span = cmd.exec_form is None, cmd.value_span
    return replace(
        replaced, origin="CMD", instruction=cmd, span=span, path=project.path, in_shell=in_shell, role="start"
    )


def _nested(project: Project, start: Start) -> _Nested | None:
    words = start.command.words
    is_searched = True
    if start.program in SHELLS:
        words = words[1:]
        while words and (option := words[0].value or "").startswith(("-", "+")):
            words = words[1:]
            if "c" in option and not option.startswith("--"):
                return _string(project, start, words)
        is_searched = False
    elif start.program in {".", "source"}:
        words, is_searched = words[1:], False
    if not words or not words[0].value:
        return None
    found = script_file(project, words[0].value, is_searched=is_searched)
    return _Nested(found[1], found[0], 0, found[0], words[1:]) if found else None


def _string(project: Project, start: Start, words: tuple[Word, ...]) -> _Nested | None:
    """The string of `sh -c`, in its place in the Dockerfile where it needed no escapes."""
    text = words[0].value if words else None
    if words and text is None:
        text = in_double_quotes(words[0].text)
    if text is None:
        return None
    at = words[0].span.start + 1
    is_shell_form = start.instruction is not None and words[0].span == start.instruction.value_span
    at -= is_shell_form
    is_plain = start.path == project.path and project.dockerfile.text[at : at + len(text)] == text
    return _Nested(text, project.path if is_plain else "", at if is_plain else 0, "", words[2:])


def _moved(command: Command, by: int) -> Command:
    def moved(word: Word) -> Word:
        return replace(word, span=Span(word.span.start + by, word.span.end + by))

    words, assignments = tuple(map(moved, command.words)), tuple(map(moved, command.assignments))
    span = Span(command.span.start + by, command.span.end + by)
    return replace(command, words=words, assignments=assignments, span=span)


def _of_service(project: Project, service: compose.Service) -> Iterator[Start]:
    """The commands of a compose service where it does not run what the image says."""
    start = Start(Command((), (), Span(0, 0)), service.origin, role="compose", service=service.name)
    if service.healthcheck:
        probed = replace(start, command=_command(service.healthcheck), role="probe")
        yield from _expanded(project, probed, (), 0)
    if service.command is None and service.entrypoint is None:
        return
    instructions = declared(project)
    words = service.entrypoint
    if words is None:
        entrypoint = instructions.entrypoint
        if entrypoint is not None and entrypoint.exec_form is None:
            return
        words = tuple(piece.text for piece in entrypoint.exec_form or ()) if entrypoint else ()
    words = (*words, *(service.command or ()))
    yield from _expanded(project, replace(start, command=_command(words)), (), 0)


def _command(words: tuple[str, ...]) -> Command:
    here = Span(0, 0)
    return Command(tuple(Word(text, None if "$" in text else text, here) for text in words), (), here)


def main_command(project: Project) -> Start | None:
    """The one long-running command of the image, None where it is not clear which that is."""
    own = [start for start in starts(project) if start.role in {"start", "script"} and not start.script]
    served = [start for start in own if start.program in SERVERS or _is_framework_server(start)]
    if served:
        return served[0] if len(served) == 1 else None
    other = [start for start in own if start.program not in PREPARATIONS and not is_job(start)]
    return other[0] if len(other) == 1 and other[0].is_last else None


def _is_framework_server(start: Start) -> bool:
    values = start.command.values
    is_module = values[1:3] in {("-m", "gunicorn"), ("-m", "uvicorn"), ("-m", "flask"), ("-m", "hypercorn")}
    return "runserver" in values or (start.program == "flask" and "run" in values) or (is_module and "db" not in values)


def is_job(start: Start) -> bool:
    """Whether a command is known to do its work and end: migrations, static files, waiting, tests."""
    values = start.command.values
    is_django = any(value.endswith("manage.py") for value in values[:2]) or start.program == "django-admin"
    is_flask = start.program == "flask" or values[1:3] == ("-m", "flask")
    ends = (is_django and not DJANGO_SERVICES & set(values)) or (is_flask and "run" not in values)
    return ends or start.program in JOBS or (values[1:2] == ("-m",) and values[2:3] in {("pytest",), ("pip",)})


def called_programs(project: Project) -> Mapping[str, tuple[str, ...]]:
    """What the final image calls at run time, by program name, with the places that call it.

    Shell builtins, functions and the image's own scripts are left out.
    """
    found: dict[str, list[str]] = {}
    for start in starts(project):
        names = [*start.wrappers, "" if start.script else _called(project, start)]
        for name in names:
            if name and name not in BUILTINS:
                found.setdefault(name, []).append(start.origin)
    for name, place in calls.python_calls(project):
        found.setdefault(name, []).append(place)
    return {name: tuple(dict.fromkeys(places)) for name, places in found.items()}


def _called(project: Project, start: Start) -> str:
    """The name of the program, "" for a function, for a file of the image and for a path outside of PATH."""
    name = start.command.values[0] if start.command.values else ""
    folder = posixpath.dirname(name)
    if folder and folder not in PROGRAM_FOLDERS:
        return ""
    if start.path not in {"", project.path} and _defines(project.tree.text(start.path) or "", name):
        return ""
    places = [name] if folder else [f"{each}/{name}" for each in PROGRAM_FOLDERS]
    is_own = any(origin(project, project.final, place) for place in places)
    return "" if is_own else posixpath.basename(name)


def _defines(text: str, name: str) -> bool:
    return (
        re.search(rf"^\s*(?:function\s+)?{re.escape(name)}\s*\(\)|^\s*function\s+{re.escape(name)}\b", text, re.M)
        is not None
    )
