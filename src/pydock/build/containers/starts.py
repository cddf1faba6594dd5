"""What a container of the final stage runs: ENTRYPOINT and CMD, their scripts, probes, compose services.

Composition: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.containers.container import Container
from pydock.build.containers.entry_point import declared, has_posix_shell, probe
from pydock.build.containers.managers import managed
from pydock.build.containers.mounts import own_mounts
from pydock.build.containers.start import Start
from pydock.context.compose import Service, Text, shown
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.project.compose import services
from pydock.project.heroku import dynos
from pydock.shell import SHELLS, Command, Flow, Script, Word, flow, literal, script, script_of_text, unwrapped
from pydock.text import Span, in_double_quotes, split
from pydock.values import Value, replace

DEEPEST = 3
# By these a script starts itself again, as another user.
_ITSELF = frozenset({"$0", "$BASH_SOURCE", "${BASH_SOURCE}", "${BASH_SOURCE[0]}"})
_BARE = regex(r"\$(?:(\w+)|\{(\w+)\})\Z")
_ARGUMENTS = frozenset({'"$@"', "$@", '"${@}"', "${@}", "$*", '"$*"'})


def starts_in(container: Container) -> tuple[Start, ...]:
    """Every command that is known to run in a container of the final stage, in order.

    What a base image outside of this file would run is not known and not in here.
    """
    found = [*_of_image(container), *_of_probe(container)]
    for service in (*services(container.project), *dynos(container.project)):
        found += starts_of(container, service)
    return tuple(found)


def _of_image(container: Container) -> Iterator[Start]:
    instructions = declared(container.project)
    entrypoint, cmd = instructions.entrypoint, instructions.cmd
    if entrypoint is None or entrypoint.exec_form == ():
        if cmd is not None:
            yield from _of_instruction(container, cmd, ())
        return
    arguments: tuple[Word, ...] = ()
    if cmd is not None and entrypoint.exec_form is not None:
        # Docker hands a shell-form CMD over as three words: /bin/sh -c "...".
        words = script(cmd).commands[0].words if cmd.exec_form else ()
        arguments = words if cmd.exec_form is not None else _as_shell_words(cmd)
    yield from _of_instruction(container, entrypoint, arguments)


def _as_shell_words(cmd: Instruction) -> tuple[Word, ...]:
    return tuple(Word(text, text, cmd.value_span) for text in ("/bin/sh", "-c", cmd.value))


def _of_probe(container: Container) -> Iterator[Start]:
    instruction = probe(container.project)
    if instruction is not None and instruction.value.strip().upper() != "NONE":
        yield from _of_instruction(container, instruction, (), role="probe")


def _of_instruction(
    container: Container, instruction: Instruction, arguments: tuple[Word, ...], role: str = "start"
) -> Iterator[Start]:
    if instruction.exec_form is None and not has_posix_shell(container.project):
        return
    read = script(instruction)
    start = Start(
        Command((), (), instruction.value_span),
        instruction.keyword,
        instruction,
        instruction.value_span,
        in_shell=read.shell,
        role=role,
        path=container.project.path,
    )
    for each in _of_script(read, start):
        command = each.command
        words = (*command.words, *arguments) if not read.shell else command.words
        yield from _expanded(container, replace(each, command=replace(command, words=words)), (), 0)


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


def _expanded(container: Container, start: Start, arguments: tuple[Word, ...], depth: int) -> Iterator[Start]:
    """The start without its wrappers, then the commands of the script that it runs."""
    start = _split(container, _with_arguments(container, start, arguments))
    wrappers, command = unwrapped(start.command)
    start = replace(start, command=command, wrappers=(*start.wrappers, *wrappers))
    if not command.words or command.words[0].text.strip('"') in _ITSELF:
        return
    for each in managed(container, command) if depth < DEEPEST else ():
        role = "managed" if start.role in {"start", "script"} else start.role
        held = replace(start, path="", in_shell=True, role=role, origin=f"{each.path}: {each.name}")
        for step in _of_script(script_of_text(each.text), held):
            yield from _expanded(container, step, (), depth + 1)
    nested = _nested(container, start) if depth < DEEPEST else None
    read = script_of_text(nested.text) if nested else None
    if nested is None or read is None or not read.commands:
        yield start
        return
    if nested.file:
        yield replace(start, script=nested.file)
    yield from _of_nested(container, start, nested, read, depth)


def _of_nested(container: Container, start: Start, nested: _Nested, read: Script, depth: int) -> Iterator[Start]:
    """What the commands of a script run, as it is called."""
    role = "script" if nested.file and start.role == "start" else start.role
    run = flow(nested.text, tuple(word.value for word in nested.arguments), container.environment)
    assigned = tuple({**dict(start.variables), **dict(run.variables)}.items())
    inner = replace(start, in_shell=True, path=nested.path, role=role, variables=assigned)
    arguments = nested.arguments[run.shifted :]
    for each in _of_script(read, inner):
        at = each.command.span.start
        line = nested.text.count("\n", 0, at) + 1
        moved = replace(
            each,
            command=each.command.shifted(nested.at),
            origin=f"{nested.file}:{line}" if nested.file else start.origin,
            wrappers=() if nested.file else (*start.wrappers, start.program),
            is_last=each.is_last or (start.is_last and run.is_sure(at) and not _goes_on(read, run, each.command)),
            is_taken=start.is_taken and run.runs(at),
        )
        yield from _expanded(container, moved, arguments, depth + 1)
    for text in run.evaluated:
        evaluated = replace(inner, path="", origin=nested.file or start.origin, wrappers=())
        for each in _of_script(script_of_text(text), evaluated):
            yield from _expanded(container, each, arguments, depth + 1)


def _goes_on(read: Script, run: Flow, command: Command) -> bool:
    """Whether a script may run another command after this one."""
    following = (each.span.start for each in read.commands if each.span.start >= command.span.end)
    return any(map(run.runs, following))


def _with_arguments(container: Container, start: Start, arguments: tuple[Word, ...]) -> Start:
    """The start with `"$@"` replaced by what its script was called with."""
    words: list[Word] = []
    for word in start.command.words:
        words += arguments if word.text in _ARGUMENTS else (word,)
    if tuple(words) == start.command.words:
        return start
    replaced = replace(start, command=replace(start.command, words=tuple(words)))
    wrapped = unwrapped(start.command)[1].words
    cmd = declared(container.project).cmd
    if start.service or cmd is None or len(wrapped) != 1 or wrapped[0].text not in _ARGUMENTS:
        return replace(replaced, path="" if arguments else start.path)
    # The whole command is the CMD, so that is where it stands.
    in_shell, span = cmd.exec_form is None, cmd.value_span
    return replace(
        replaced, origin="CMD", instruction=cmd, span=span, path=container.project.path, in_shell=in_shell, role="start"
    )


def _split(container: Container, start: Start) -> Start:
    """The start with names that stand for several words, or for none, replaced as a shell does it."""
    words: list[Word] = []
    assigned = dict(start.variables)
    for word in start.command.words:
        named = _BARE.match(word.text)
        name = (named[1] or named[2]) if named else ""
        text = assigned.get(name, "" if start.in_shell and name not in container.environment and not words else None)
        pieces = split(text) if text is not None and name and not name.isdigit() else (None,)
        if len(pieces) == 1 and (words or pieces == (None,)):
            words.append(word)
        else:
            words += (Word(piece.text, literal(piece.text), word.span) for piece in pieces if piece)
    if tuple(words) == start.command.words:
        return start
    return replace(start, command=replace(start.command, words=tuple(words)), path="")


def _nested(container: Container, start: Start) -> _Nested | None:
    words = start.command.words
    is_searched = True
    if start.program in SHELLS:
        words = words[1:]
        while words and (option := words[0].value or "").startswith(("-", "+")):
            words = words[1:]
            if "c" in option and not option.startswith("--"):
                return _string(container, start, words)
        is_searched = False
    elif start.program in {".", "source"}:
        words, is_searched = words[1:], False
    if not words or not words[0].value:
        return None
    found = container.script(words[0].value, is_searched=is_searched)
    if found is None:
        return None
    place, text = found
    # What the Dockerfile writes is no file that can be edited.
    return _Nested(text, "" if place.startswith("/") else place, 0, place, words[1:])


def _string(container: Container, start: Start, words: tuple[Word, ...]) -> _Nested | None:
    """The string of `sh -c`, in its place in the Dockerfile where it needed no escapes."""
    text = words[0].value if words else None
    if words and text is None:
        text = in_double_quotes(words[0].text)
    if text is None:
        return None
    at = words[0].span.start + 1
    is_shell_form = start.instruction is not None and words[0].span == start.instruction.value_span
    at -= is_shell_form
    is_plain = start.path == container.project.path and container.project.dockerfile.text[at : at + len(text)] == text
    return _Nested(text, container.project.path if is_plain else "", at if is_plain else 0, "", words[2:])


def starts_of(container: Container, service: Service) -> Iterator[Start]:
    """The commands of a compose service where it does not run what the image says, or lays its own script over it."""
    container = replace(container, mounts=own_mounts(service))
    start = Start(Command((), (), Span(0, 0)), service.origin, role="compose", service=service.name)
    if service.healthcheck:
        probed = replace(start, command=_command(service.healthcheck), role="probe")
        yield from _expanded(container, probed, (), 0)
    if service.command is None and service.entrypoint is None:
        yield from _of_image_below(container, service) if container.mounts else ()
        return
    instructions = declared(container.project)
    words = service.entrypoint
    if words is None:
        entrypoint = instructions.entrypoint
        if entrypoint is not None and entrypoint.exec_form is None:
            return
        words = tuple(piece.text for piece in entrypoint.exec_form or ()) if entrypoint else ()
    words = (*words, *(service.command or ()))
    yield from _expanded(container, replace(start, command=_command(words)), (), 0)


def _of_image_below(container: Container, service: Service) -> Iterator[Start]:
    """What the image's own command runs in a service only because of what is mounted over a script of it."""
    alone = {each.command.values for each in _of_image(replace(container, mounts=()))}
    for each in _of_image(container):
        if each.command.values not in alone:
            yield replace(each, role="compose", service=service.name)


def _command(words: tuple[Text, ...]) -> Command:
    """Compose has replaced its variables, and no shell reads the words: a name in them is none."""
    here = Span(0, 0)
    return Command(tuple(Word(shown(text), text if isinstance(text, str) else None, here) for text in words), (), here)
