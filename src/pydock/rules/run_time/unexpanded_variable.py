"""A command in exec form names a variable, and nothing puts its value there.

Docker starts exec form without a shell and replaces no variables in CMD, ENTRYPOINT and
HEALTHCHECK (https://docs.docker.com/reference/dockerfile/#environment-replacement, read 2026-11):
the program gets the letters `$PORT`. gunicorn then ends with "'$PORT' is not a valid port number",
other programs look for a file of that name.

The cure is a shell that puts the value there and then makes room with `exec`, so that signals
still reach the service. Unsafe: a program might read such names itself. Only where the words
would mean nothing else to a shell, and only for CMD without an ENTRYPOINT that takes it, and
for HEALTHCHECK. Programs whose arguments are known to hold such text (awk, envsubst, sed and
the like) are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.containers.entry_point import declared, is_windows, probe
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.main_command import main_command
from pydock.shell import SHELLS, Word
from pydock.text import Edit, Fix, Safety, to_exec_form

_BASE = "FROM python:3.12-slim\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["gunicorn", "app:app", "-b", "0.0.0.0:$PORT"]\n',
        after=f'{_BASE}CMD ["sh", "-c", "exec gunicorn app:app -b 0.0.0.0:$PORT"]\n',
        allow=Safety.UNSAFE,
    ),
    Example(before=f'{_BASE}ENTRYPOINT ["python", "serve.py", "--port", "${{PORT}}"]\n', finds=True),
    Example(before=f'{_BASE}CMD ["sh", "-c", "exec gunicorn app:app -b :$PORT"]\n'),
    Example(before=f'{_BASE}CMD ["envsubst", "$PORT"]\n'),
)

_VARIABLE = regex(r"\$\{?([A-Za-z_]\w*)")
_PLAIN = regex(r"(?:[\w@%+=:,./-]|\$\w+|\$\{\w+\})+\Z")
# Their own language has dollar signs, or they replace variables themselves.
_READS_DOLLARS = SHELLS | {"awk", "gawk", "mawk", "sed", "perl", "jq", "grep", "envsubst", "dockerize", "supervisord"}


def check(project: Project) -> Iterator[Finding]:
    instructions = declared(project)
    for instruction in (instructions.entrypoint, instructions.cmd, probe(project)):
        if instruction is None or is_windows(project):
            continue
        if (word := _literal(project, instruction)) is not None:
            yield _finding(project, instruction, word)


def _literal(project: Project, instruction: Instruction) -> Word | None:
    """The first word of exec form that was meant to hold a variable."""
    calls = walk(project).commands_in(instruction)
    if not calls or calls[0].is_in_shell:
        return None
    start, command = main_command(project), calls[0].command
    programs = {value.rpartition("/")[2] for value in command.values} | ({start.program} if start else set())
    if programs & _READS_DOLLARS:
        return None
    return next((word for word in command.words if _VARIABLE.search(word.text)), None)


def _finding(project: Project, instruction: Instruction, word: Word) -> Finding:
    keyword, entrypoint = instruction.keyword, declared(project).entrypoint
    calls = walk(project).commands_in(instruction)
    words = calls[0].command.values if calls else ()
    is_own = keyword == "HEALTHCHECK" or (keyword == "CMD" and (entrypoint is None or entrypoint.exec_form == ()))
    fix = None
    if is_own and all(map(_PLAIN.match, words)):
        front = "CMD " if keyword == "HEALTHCHECK" else ""
        text = front + to_exec_form(("sh", "-c", f"exec {' '.join(words)}"))
        fix = Fix(
            "let a shell expand the variable and exec the program",
            Safety.UNSAFE,
            (Edit(project.path, instruction.value_span, text),),
            changes=frozenset({keyword.lower()}),
            doubts=(f"{words[0]} may read {word.text} itself",),
        )
    return Finding(
        RULE,
        word.span,
        f"{keyword} in exec form does not expand {word.text}",
        fix,
        cost="the program gets the name of the variable instead of its value",
        advice="" if fix else 'Let a shell read the command: ["sh", "-c", "exec ..."].',
    )


RULE = Rule("PYD418", "unexpanded-variable", check, __doc__, EXAMPLES, level=Level.ERROR)
