"""Every start of the service migrates the database.

With two replicas two migrations run at once, a failing one keeps the service from starting, and
a roll-back of the image runs into a schema from the future. The service also needs the rights to
change the schema for as long as it lives.

The cure is one image that does two things, and an environment variable says which: with
RUN_MIGRATIONS=only it migrates and ends, with RUN_MIGRATIONS=1 it migrates and starts, and without
it only starts. Where a compose file runs the image as one service, that service gets
RUN_MIGRATIONS=1, so `docker compose up` does what it did before. Unsafe: everywhere else somebody
has to set it on exactly one container, job or init container per release. Left alone: a migration
that already stands behind a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydock.build.containers.entry_point import declared, has_posix_shell
from pydock.build.containers.start import Start
from pydock.build.sources import landing
from pydock.build.walk import starts
from pydock.dockerfile import Instruction
from pydock.project import Project, compose, compose_edits
from pydock.rule import Example, Finding, Rule
from pydock.shell import SHELLS, Script, Step, script, script_of_text
from pydock.text import Edit, Fix, Safety, Span, to_exec_form

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_SCRIPT = '#!/bin/sh\nset -e\npython manage.py migrate\nexec "$@"\n'
EXAMPLES = (
    Example(
        before=f"{_BASE}CMD python manage.py migrate && gunicorn shop.wsgi -b :8000\n",
        after=f'{_BASE}ENTRYPOINT ["sh", "/app/docker-entrypoint.sh"]\nCMD ["gunicorn", "shop.wsgi", "-b", ":8000"]\n',
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}ENTRYPOINT ["sh", "start.sh"]\nCMD ["gunicorn", "shop.wsgi"]\n',
        after=f'{_BASE}ENTRYPOINT ["sh", "start.sh"]\nCMD ["gunicorn", "shop.wsgi"]\n',
        files={"start.sh": _SCRIPT},
        allow=Safety.UNSAFE,
    ),
    Example(
        before=f'{_BASE}ENTRYPOINT ["sh", "start.sh"]\nCMD ["gunicorn", "shop.wsgi"]\n',
        files={"start.sh": 'if [ "$MIGRATE" = 1 ]; then python manage.py migrate; fi\nexec "$@"\n'},
        allow=Safety.UNSAFE,
    ),
    Example(before=f"{_BASE}CMD sleep 5 && alembic upgrade head && uvicorn app:app\n", finds=True),
)

NAME = "docker-entrypoint.sh"
VARIABLE = "RUN_MIGRATIONS"
_ADVICE = (
    f"Run it once per release: `docker run --rm -e {VARIABLE}=only IMAGE`; in Kubernetes a Job or an init container "
    f"of the same image with `env: [{{name: {VARIABLE}, value: only}}]`."
)
_IS_ASKED = f'if [ "${{{VARIABLE}:-0}}" != "0" ]; then'
_ENDS = f'if [ "${{{VARIABLE}:-0}}" = "only" ]; then'
_VERBS = {
    ("manage.py", "migrate"),
    ("django-admin", "migrate"),
    ("alembic", "upgrade"),
    ("aerich", "upgrade"),
    ("yoyo", "apply"),
    ("yoyo", "migrate"),
    ("piccolo", "forwards"),
    ("kinto", "migrate"),
    ("prisma", "deploy"),
}


def check(project: Project) -> Iterator[Finding]:
    own = [start for start in starts(project) if start.role in {"start", "script"} and not start.script]
    migrations = [start for start in own if is_migration(start) and not start.is_conditional]
    if not migrations or len(migrations) == len(own):
        return
    fix = _script_fix(project, migrations) if migrations[0].role == "script" else _command_fix(project)
    first = migrations[0]
    yield Finding(
        RULE,
        first.span or Span(0, 0),
        f"{first.origin}: each start runs `{' '.join(word.text for word in first.command.words)}`",
        fix,
        cost="replicas migrate at the same time, and a failing migration keeps the service from starting",
        advice=_ADVICE if fix else f"Split the migration from the start of the service. {_ADVICE}",
    )


def is_migration(start: Start) -> bool:
    """Whether a command changes the schema of a database."""
    values = start.command.values
    names = [value.rpartition("/")[2] for value in values]
    if any(name in names[:4] and verb in names[1:5] for name, verb in _VERBS):
        return True
    at = next((at for at, name in enumerate(names[:3]) if name in {"flask", "superset", "airflow"}), None)
    return at is not None and "db" in values[at:] and bool({"upgrade", "migrate"} & set(values[at:]))


def _script_fix(project: Project, migrations: list[Start]) -> Fix | None:
    """The migrations of an entrypoint script behind a condition, where they stand."""
    edits = []
    for start in migrations:
        text = project.tree.text(start.path) if start.path else None
        if text is None or start.path == project.path or start.wrappers:
            return None
        span = start.command.span
        line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
        end = text.find("\n", span.end)
        rest = text[span.end : end if end >= 0 else len(text)].strip()
        if line.strip() or rest or "\n" in text[span.start : span.end]:
            return None
        body = text[span.start : span.end]
        newline = "\r\n" if "\r\n" in text else "\n"
        written = [_IS_ASKED, f"    {body}", "fi"]
        if start is migrations[-1]:
            written += [_ENDS, "    exit 0", "fi"]
        edits.append(Edit(start.path, span, f"{newline}{line}".join(written)))
    return _fix(project, edits, frozenset())


def _fix(project: Project, edits: Sequence[Edit], changes: frozenset[str]) -> Fix:
    """The fix, with the variable for the one compose service that starts what the image starts."""
    alike = [each for each in compose.services(project) if each.command is None and each.entrypoint is None]
    edit = compose_edits.with_variable(project, alike[0], VARIABLE, "1") if len(alike) == 1 else None
    elsewhere = f" outside of {alike[0].path}" if edit else ""
    doubt = f"nothing migrates any more{elsewhere} until {VARIABLE} is set on one container per release"
    title = f"migrate only where {VARIABLE} asks for it"
    return Fix(title, Safety.UNSAFE, (*edits, *([edit] if edit else ())), changes, doubts=(doubt,))


def _command_fix(project: Project) -> Fix | None:
    """An entrypoint that migrates when asked, in front of what is left of CMD."""
    cmd = project.final.last("CMD")
    place = landing(project, NAME)
    has_entrypoint = declared(project).entrypoint is not None or project.python_image(project.final) is None
    if cmd is None or has_entrypoint or place is None or not has_posix_shell(project):
        return None
    dockerfile = project.dockerfile
    read, source = _shell_script(project, cmd)
    migrations = _leading_migrations(read)
    rest = read.steps[len(migrations) :]
    if not read.shell or not migrations or not rest or any(step.operator not in {"", "&&", ";"} for step in read.steps):
        return None
    parts = [source[step.span.start : step.span.end] for step in migrations]
    if any("\n" in part for part in parts):
        return None
    commands = "".join(f"    {part}\n" for part in parts)
    text = (
        f"#!/bin/sh\n# {VARIABLE}=1 migrates the database before the start, {VARIABLE}=only migrates and ends.\n"
        f'set -e\n\n{_IS_ASKED}\n{commands}fi\n{_ENDS}\n    exit 0\nfi\n\nexec "$@"\n'
    )
    entrypoint = dockerfile.written(f"ENTRYPOINT {to_exec_form(('sh', place.image_path))}\n")
    start = cmd.value_span.start
    left = _rest(source, rest)
    if cmd.exec_form is not None and not left.startswith("["):
        left = to_exec_form(("sh", "-c", left))
    edits = (
        Edit(place.path, Span(0, 0), text),
        Edit(project.path, Span(cmd.span.start, cmd.span.start), entrypoint),
        Edit(project.path, Span(start, cmd.value_span.end), left),
    )
    return _fix(project, edits, frozenset({"entrypoint", "cmd"}))


def _shell_script(project: Project, cmd: Instruction) -> tuple[Script, str]:
    """The script of a CMD in shell form or as `["sh", "-c", "..."]`, with the text that its spans are offsets of."""
    words = [piece.text for piece in cmd.exec_form or ()]
    if len(words) == 3 and words[0].rpartition("/")[2] in SHELLS and words[1] == "-c":
        return script_of_text(words[2]), words[2]
    return script(cmd), project.dockerfile.text


def _leading_migrations(read: Script) -> tuple[Step, ...]:
    found = []
    for step in read.steps:
        if step.command is None or step.command.redirects:
            break
        if not is_migration(Start(step.command, "CMD")):
            break
        found.append(step)
    return tuple(found)


def _rest(source: str, rest: tuple[Step, ...]) -> str:
    """What is left of CMD: as exec form where it is one plain command, else as it stands."""
    text = source[rest[0].span.start : rest[-1].span.end]
    command = rest[0].command
    is_plain = len(rest) == 1 and command is not None and not command.assignments and not command.redirects
    if not is_plain or command is None or any(word.value is None for word in command.words) or "\n" in text:
        return text
    values = command.values[1:] if command.values[0] == "exec" else command.values
    return text if set("*?[~#") & set("".join(word.text for word in command.words)) else to_exec_form(values)


RULE = Rule("PYD407", "migration-at-start", check, __doc__, EXAMPLES)
