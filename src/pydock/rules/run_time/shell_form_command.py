"""A shell stands between Docker and the service.

In shell form the container's first process is `/bin/sh -c "..."`. `docker stop` sends SIGTERM to
that shell, which does not pass it on: the service hears nothing, and ten seconds later it is
killed in the middle of its requests.

The cure is exec form, the JSON array, where the command uses nothing of the shell. Where it
does (variables, `&&`), the shell is written out and `exec` in front of the last command makes
the service take its place. So does `exec` in front of the server that ends an entry script or a
compose service's `sh -c`. Safe: the same words reach the same program. Left alone, and said: a command whose
meaning would change, such as a shell-form ENTRYPOINT beside a CMD that is ignored today, or a
shell-form CMD that an ENTRYPOINT takes as its arguments.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.containers.entry_point import is_windows
from pydock.build.containers.start import Start
from pydock.build.views import files
from pydock.build.walk import starts
from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project, compose, compose_edits
from pydock.project.programs import SERVERS
from pydock.rule import Example, Finding, Rule
from pydock.service.shells import HeldServer, held_servers
from pydock.shell import BUILTINS, INITS, SHELLS, Command
from pydock.text import Edit, Fix, Safety, Span, to_exec_form

_BASE = "FROM python:3.12-slim\n"
EXAMPLES = (
    Example(before=f"{_BASE}CMD python app.py\n", after=f'{_BASE}CMD ["python", "app.py"]\n'),
    Example(
        before=f"{_BASE}CMD gunicorn -b 0.0.0.0:80 \\\n    # two are enough\n    -w 2 'app:make(\"x\")'\n",
        after=f'{_BASE}CMD ["gunicorn", "-b", "0.0.0.0:80", \\\n    # two are enough\n'
        '    "-w", "2", "app:make(\\"x\\")"]\n',
    ),
    Example(
        before=f"{_BASE}CMD flask db upgrade && gunicorn -b :$PORT app:app\n",
        after=f'{_BASE}CMD ["sh", "-c", "flask db upgrade && exec gunicorn -b :$PORT app:app"]\n',
    ),
    Example(
        before=f"{_BASE}CMD ['python', 'app.py']\n",
        after=f'{_BASE}CMD ["python", "app.py"]\n',
        allow=Safety.UNSAFE,
    ),
    Example(before=f"{_BASE}CMD ./start.sh\n", after=f'{_BASE}CMD ["sh", "-c", "exec ./start.sh"]\n'),
    Example(before=f"{_BASE}CMD (listener &) && gunicorn app:app\n", finds=True),
    Example(before=f'{_BASE}ENTRYPOINT ["python"]\nCMD app.py\n', finds=True),
    Example(before=f'{_BASE}CMD ["sh", "-c", "exec gunicorn -b :$PORT app:app"]\n'),
    Example(
        before=f'{_BASE}CMD ["sh", "-c", "flask db upgrade && gunicorn -b :$PORT app:app"]\n',
        after=f'{_BASE}CMD ["sh", "-c", "flask db upgrade && exec gunicorn -b :$PORT app:app"]\n',
    ),
)

_FIELDS = frozenset({"cmd", "entrypoint"})
_COST = "docker stop waits ten seconds and then kills the service in the middle of its requests"
_PLAIN_SHELL = regex(
    r"\[\s*\"(/usr)?/bin/(ba|da)?sh\"(\s*,\s*\"-[euxo]*(pipefail)?\")*(,\s*\"pipefail\")?\s*,\s*\"-[eux]*o?c\"\s*\]"
)
_KNOWN_BASE = regex(
    r"(?:[\w.-]+/)*(?:python|pypy|debian|ubuntu|alpine|buildpack-deps|fedora|centos|rockylinux|amazonlinux|uv|"
    r"ubi\d?(?:-minimal)?|miniconda3|miniforge3|mambaforge|cuda|tensorflow|pytorch|playwright|scratch)\Z"
)
_GLOB = regex(r"[*?\[\]~#!]|\{.*(?:,|\.\.).*\}")


def check(project: Project) -> Iterator[Finding]:
    for stage in () if is_windows(project) else project.dockerfile.stages:
        for keyword in ("ENTRYPOINT", "CMD"):
            instruction = stage.last(keyword)
            if instruction is not None and instruction.value and instruction.exec_form is None:
                yield from _check_instruction(project, stage, instruction)
    yield from _check_scripts(project)
    yield from _check_written_shells(project)


def _check_instruction(project: Project, stage: Stage, instruction: Instruction) -> Iterator[Finding]:
    if instruction.value.startswith("["):
        words = _misspelt(instruction)
        message = f"{instruction.keyword} is no JSON, which wants double quotes, so a shell runs the brackets"
        spelt = (Edit(project.path, instruction.value_span, to_exec_form(words)),) if words else ()
        repair = _fix(spelt, instruction, Safety.UNSAFE) if spelt else None
        advice = "" if repair else f"Write {instruction.keyword} as a JSON array of words in double quotes."
        cost = "the container does not start"
        yield Finding(RULE, instruction.value_span, message, repair, cost=cost, advice=advice)
        return
    if not _is_plain_shell(project, stage) or _is_settled(project, instruction):
        return
    edits, why = _rewritten(project, instruction)
    safety, doubts, why = _judge(project, stage, instruction, why)
    fix = _fix(edits, instruction, safety, doubts) if edits and not why else None
    calls = walk(project).commands_in(instruction)
    is_exec = bool(calls) and calls[0].command.program == "exec"
    what = "needs no shell" if is_exec else f"the shell gets the signals, not {_program(project, instruction)}"
    message = f"{instruction.keyword} in shell form: {what}"
    yield Finding(RULE, instruction.value_span, message, fix, cost="" if is_exec else _COST, advice=why)


def _fix(edits: tuple[Edit, ...], instruction: Instruction, safety: Safety, doubts: tuple[str, ...] = ()) -> Fix:
    field = instruction.keyword.lower()
    title = f"start the service itself in {instruction.keyword}, not a shell"
    return Fix(title, safety, edits, changes=frozenset({field}), doubts=doubts)


def _misspelt(instruction: Instruction) -> tuple[str, ...] | None:
    """The words of `['python', 'app.py']`."""
    if not re.fullmatch(r"\[.*\]", instruction.value, re.DOTALL) or "'" not in instruction.value:
        return None
    try:
        words = ast.literal_eval(instruction.value)
    except (ValueError, SyntaxError):
        return None
    return tuple(words) if words and all(isinstance(word, str) for word in words) else None


def _is_plain_shell(project: Project, stage: Stage) -> bool:
    """Whether shell form means sh or bash that reads no profile and activates nothing."""
    shells = [shell for entry in project.lineage(stage) if (shell := entry.last("SHELL"))]
    return not shells or _PLAIN_SHELL.fullmatch(shells[0].value) is not None


def _is_settled(project: Project, instruction: Instruction) -> bool:
    """Whether the last command already takes the shell's place."""
    members = walk(project).members(instruction)
    if not members:
        return True
    last, only = members[-1].command, members[0].command if len(members) == 1 else None
    is_exec = last is not None and last.values[:1] == ("exec",)
    return is_exec and not (
        only is not None and not _needs_shell(instruction, only) and not _may_lack_shebang(project, only)
    )


def _program(project: Project, instruction: Instruction) -> str:
    last = walk(project).members(instruction)[-1]
    return (last.command.program if last.command else "") or "the service"


def _needs_shell(instruction: Instruction, command: Command | None) -> bool:
    """Whether a single command uses something that only a shell gives it."""
    if command is None or command.assignments or command.redirects:
        return True
    words = command.words[1:] if command.values[:1] == ("exec",) else command.words
    if not words or not words[0].value or words[0].value in BUILTINS or words[0].value.startswith("-"):
        return True
    is_whole = command.words[-1].span.end == instruction.value_span.end
    return not is_whole or any(
        word.value is None or "\\" in word.text or (word.value == word.text and _GLOB.search(word.text))
        for word in words
    )


def _rewritten(project: Project, instruction: Instruction) -> tuple[tuple[Edit, ...], str]:
    members = walk(project).members(instruction)
    command = members[0].command if len(members) == 1 else None
    is_plain = command is not None and not _needs_shell(instruction, command)
    if command is not None and is_plain and not _may_lack_shebang(project, command):
        return _exec_form(project, command), ""
    last = members[-1]
    is_chain = all(step.command is not None and step.operator in {"", "&&", ";"} for step in members)
    traps = any(call.program == "trap" for call in walk(project).commands_in(instruction))
    if not is_chain or last.command is None or traps:
        return (), "The command uses the shell in a way that exec form would change; put `exec` where it is right."
    if last.command.assignments or not last.command.program or last.command.program in BUILTINS:
        return (), f"Write `exec env NAME=value {_program(project, instruction)} ...`, or set the variables with ENV."
    start = last.command.words[0].span.start
    if instruction.keyword == "CMD" and _fits_json(project, instruction):
        at = start - instruction.value_span.start
        text = to_exec_form(("sh", "-c", f"{instruction.value[:at]}exec {instruction.value[at:]}"))
        return (Edit(project.path, instruction.value_span, text),), ""
    return (Edit(project.path, Span(start, start), "exec "),), ""


def _fits_json(project: Project, instruction: Instruction) -> bool:
    """Whether a command reads the same between JSON's quotes, and `sh` is the shell it had."""
    has_own_shell = any(entry.of("SHELL") for entry in project.lineage(project.final))
    text = project.dockerfile.slice(instruction.value_span)
    return not has_own_shell and text == instruction.value and not re.search(r'["\\\n]', text)


def _may_lack_shebang(project: Project, command: Command) -> bool:
    """Whether the program may be a script without a first line that says what runs it: only a shell takes that."""
    values = command.values[1:] if command.values[0] == "exec" else command.values
    name = values[0]
    folder, _, base = name.rpartition("/")
    if not base.endswith((".sh", ".bash", ".py")) and (not folder or folder.endswith("/bin")):
        return False
    place = files(project).origin(name) if folder else None
    text = project.tree.text(place) if place else None
    return text is None or not text.startswith("#!")


def _exec_form(project: Project, command: Command) -> tuple[Edit, ...]:
    """A bracket, quotes and commas around the words; what stands between them stays."""
    words, start = command.words, command.words[0].span.start
    if words[0].value == "exec":
        words = words[1:]
        if "\n" in project.dockerfile.text[start : words[0].span.start]:
            return ()
    edits = []
    for at, word in enumerate(words):
        text = json.dumps(word.value, ensure_ascii=False) + ("]" if at == len(words) - 1 else ",")
        span = Span(start, word.span.end) if at == 0 else word.span
        edits.append(Edit(project.path, span, "[" + text if at == 0 else text))
    return tuple(edits)


def _judge(project: Project, stage: Stage, instruction: Instruction, why: str) -> tuple[Safety, tuple[str, ...], str]:
    """How safe it is to leave the shell out here, with the doubts, or why it is not to be done."""
    if why:
        return Safety.SAFE, (), why
    if instruction.keyword == "ENTRYPOINT":
        members = walk(project).members(instruction)
        is_exec = not _needs_shell(instruction, members[0].command if len(members) == 1 else None)
        given = stage.last("CMD") or any(service.command for service in compose.services(project))
        doubt = "Docker ignores CMD and arguments beside a shell-form ENTRYPOINT; in exec form they reach it"
        return (Safety.UNSAFE, (doubt,), "") if given and is_exec else (Safety.SAFE, (), "")
    entrypoint = next((found for entry in project.lineage(stage) if (found := entry.last("ENTRYPOINT"))), None)
    if entrypoint is None or entrypoint.exec_form == ():
        reference = (project.reference(stage) or "").split("@")[0]
        name = reference.rpartition(":")[0] if ":" in reference.rpartition("/")[2] else reference
        if _KNOWN_BASE.match(name):
            return Safety.SAFE, (), ""
        return Safety.UNSAFE, ("the base image may have an ENTRYPOINT that looks at its arguments",), ""
    if entrypoint.exec_form is None or not _hands_over(project, stage, entrypoint):
        return (
            Safety.SAFE,
            (),
            "ENTRYPOINT gets the words /bin/sh, -c and this command; write CMD as a JSON array"
            f" if {_what(entrypoint)} is to take it as its arguments.",
        )
    return Safety.SAFE, (), ""


def _what(entrypoint: Instruction) -> str:
    return entrypoint.words[0].text if entrypoint.exec_form else "it"


def _hands_over(project: Project, stage: Stage, entrypoint: Instruction) -> bool:
    """Whether an ENTRYPOINT does nothing with its arguments but run them."""
    words = [piece.text for piece in entrypoint.exec_form or ()]
    if words and words[0].rpartition("/")[2] in INITS and all(word.startswith("-") for word in words[1:]):
        return True
    is_shell = len(words) == 2 and words[0].rpartition("/")[2] in SHELLS
    if stage is not project.final or not (len(words) == 1 or is_shell):
        return False
    found = files(project).script(words[-1], is_searched=not is_shell)
    if found is None:
        return False
    runs = re.search(r"^[ \t]*exec\s+(?:gosu\s+\S+\s+|su-exec\s+\S+\s+|tini\s+--\s+)?\"\$@\"", found[1], re.M)
    looks = re.search(r"\$\{?[1-9#]|\bshift\b|\bset\s+--", found[1])
    return runs is not None and looks is None


def _check_scripts(project: Project) -> Iterator[Finding]:
    """A server in a script, a compose service or a process manager's program that a shell stays in front of."""
    for held in held_servers(project):
        start = held.start
        edit = _exec_edit(project, start) if held.is_word else None
        what = "the script" if start.role == "script" else "a shell"
        follows = ", because another command follows" if held.is_followed else ""
        yield Finding(
            RULE,
            start.span or Span(0, 0),
            f"{start.origin}: {what} stays in front of {start.called.program} and gets its signals{follows}",
            Fix(f"exec {start.called.program}", Safety.SAFE, (edit,)) if edit else None,
            cost=_COST,
            advice="" if edit else _by_hand(held),
        )


def _exec_edit(project: Project, start: Start) -> Edit | None:
    """`exec` in front of a command, in the script or in the compose file that it stands in."""
    if start.path and start.path != project.path:
        return Edit(start.path, Span(start.command.span.start, start.command.span.start), "exec ")
    service = next((each for each in compose.services(project) if each.origin == start.origin), None)
    written = [word.text for word in start.command.words]
    is_shown = service is not None and start.role == "compose" and project.tree.has_file(service.path)
    return compose_edits.with_word(project, service, "exec ", written) if service and is_shown else None


def _by_hand(held: HeldServer) -> str:
    name = held.start.called.program
    if held.is_followed:
        return f"Write `exec {name} ...` as the last command, and what follows it somewhere else."
    return f"Write `exec {name} ...` there."


def _check_written_shells(project: Project) -> Iterator[Finding]:
    """The last command of `["sh", "-c", "a && b"]`: sh stays in front of it, and no other command follows."""
    found = [start for start in starts(project) if start.role == "start" and start.path == project.path]
    for start in found:
        others = [other for other in found if other.instruction is start.instruction and other is not start]
        if not others or not _is_behind_a_shell(start) or any(other.program == "trap" for other in others):
            continue
        at = start.command.span.start
        fix = Fix(f"exec {start.program}", Safety.SAFE, (Edit(project.path, Span(at, at), "exec "),), _FIELDS)
        yield Finding(RULE, start.command.span, f"the shell gets the signals, not {start.program}", fix, cost=_COST)


def _is_behind_a_shell(start: Start) -> bool:
    is_written = start.instruction is not None and start.instruction.exec_form is not None
    is_shells = is_written and bool(start.wrappers) and start.wrappers[-1] in SHELLS
    is_alone = start.is_last and not (start.is_conditional or start.is_background or start.command.assignments)
    return is_shells and is_alone and start.program in SERVERS | {"python", "python3", "flask"}


RULE = Rule("PYD405", "shell-form-command", check, __doc__, EXAMPLES, same_as=("DL3025",))
