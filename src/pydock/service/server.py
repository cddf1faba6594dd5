"""The server that a container runs, found by its main command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pydock.build.containers.start import Start
from pydock.build.contract import contract
from pydock.build.installs import installs_of, requirement_sets
from pydock.build.walk import starts
from pydock.patterns import regex
from pydock.project import Project, compose
from pydock.project.memory import remembered
from pydock.service.code.ports import Bind, Port, Values
from pydock.service.files.mounts import place_of
from pydock.service.listeners import READERS, Server, read_manage, read_toml
from pydock.service.main_command import main_command
from pydock.shell import Command, Word, literal
from pydock.text import unquote, variables
from pydock.values import replace

_PYTHON = regex(r"(?:python|pypy)[\d.]*\Z")
_NAME = regex(r"\$(?:(\w+)|\{(\w+)\})")
# Flask-Script: `manager.add_command("serve", Server(host="0.0.0.0", port=80))`.
_SERVER_COMMANDS = regex(r"\badd_command\(\s*[\"'](\w+)[\"']\s*,\s*Server\(")
_SERVER_HOST = regex(r"\bServer\([^()]*\bhost\s*=\s*[\"']([\d.]+)[\"']")
_SERVER_PORT = regex(r"\bServer\([^()]*\bport\s*=\s*(\d{1,5})\b")
_GROUP = regex(r"\bFlaskGroup\((?:[^()]*\bcreate_app\s*=\s*(?!lambda\b)(\w+))?")
_MODULES = {"waitress": "waitress-serve", "django": "django-admin", "streamlit.web.cli": "streamlit"}


@remembered
def server(project: Project) -> Server | None:
    """The server that the image's main command is; None where the main command is not clear."""
    start = main_command(project)
    return read_server(project, start) if start else None


@remembered
def servers(project: Project) -> tuple[Server, ...]:
    """Every command of the image and of its compose services that is a known kind of server."""
    found = [
        read_server(project, start)
        for start in starts(project)
        if start.role in {"start", "script", "compose"} and not start.script
    ]
    return tuple(entry for entry in found if entry is not None and entry.kind != "python")


def environment(project: Project) -> dict[str, str | None]:
    """ENV of the final stage; build arguments are gone when a container runs."""
    return dict(contract(project).environment)


def read_server(project: Project, start: Start) -> Server | None:
    """What a command serves, None where its program is not known to serve anything.

    A variable that no shell reads, as in exec form, leaves the address unknown.
    """
    found = _read_server(project, start)
    literal = variables(" ".join(start.command.values))
    if found is None or not any(bind.port and bind.port.variable in literal for bind in found.binds):
        return found
    return replace(found, binds=tuple(Bind(None, None, bind.source) for bind in found.binds))


def _read_server(project: Project, start: Start) -> Server | None:
    command = plain_command(_filled(start))
    values = _composed(project, start) | environment(project) | _of_service(project, start) | _assigned(start)
    name = command.program
    match name:
        case _ if reader := READERS.get(name):
            return reader(project, start, command, values)
        case "python":
            return _script(project, start, command, values)
        case _ if name.endswith(".py"):
            return read_manage(start, command, values) or Server("python", start, command, entry=command.values[0])
        case _:
            module = _console_scripts(project).get(name, "")
            return Server("python", start, command, entry=f"import {module}") if module else None


@remembered
def _console_scripts(project: Project) -> dict[str, str]:
    """The programs that the project's own packages install, with the modules they call."""
    found: dict[str, str] = {}
    for path in project.tree.files:
        if PurePosixPath(path).name == "pyproject.toml" and (text := project.tree.text(path)):
            document = read_toml(text) or {}
            tables = [_table(document, "project", "scripts"), _table(document, "tool", "poetry", "scripts")]
            for name, target in (pair for table in tables for pair in table.items()):
                found[name] = str(target).partition(":")[0]
    return found


def _table(document: Mapping[str, object], *names: str) -> Mapping[str, object]:
    table: object = document
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def plain_command(command: Command) -> Command:
    """The command with `python -u -m gunicorn` read as `gunicorn`, and python's own options left out."""
    words = command.words
    if words and _PYTHON.match(command.program):
        rest = words[1:]
        while rest and re.match(r"-[uOBEsSIbqdvx]+\Z|-[WX]", rest[0].value or ""):
            rest = rest[2 if rest[0].value in {"-W", "-X"} else 1 :]
        if rest and re.match(r"-[uOBEsSIbqdvx]+m\Z", rest[0].value or ""):
            rest = (Word("-m", "-m", rest[0].span), *rest[1:])
        if rest and rest[0].value == "-m" and len(rest) > 1:
            name = rest[1].value or ""
            if name in READERS or name in _MODULES:
                named = _MODULES.get(name, name)
                first = Word(rest[1].text, named, rest[1].span)
                return command.of((first, *rest[2:]))
        python = Word(words[0].text, "python", words[0].span)
        return command.of((python, *rest))
    return command


def _filled(start: Start) -> Command:
    """The command with what its script has assigned put in the place of the names."""
    assigned = dict(start.variables)
    if not assigned or None not in {word.value for word in start.command.words}:
        return start.command

    def filled(word: Word) -> Word:
        if word.value is not None:
            return word
        text = _NAME.sub(lambda found: assigned.get(found[1] or found[2], found[0]), unquote(word.text))
        return Word(text, literal(text), word.span)

    return replace(start.command, words=tuple(map(filled, start.command.words)))


def _of_service(project: Project, start: Start) -> dict[str, str | None]:
    """What compose sets for its own command."""
    own = [each for each in compose.services(project) if start.role == "compose" and start.service == each.name]
    return {name: value if isinstance(value, str) else None for each in own for name, value in each.environment}


def _composed(project: Project, start: Start) -> dict[str, str | None]:
    """Ports that compose may set for the image's own command: the default holds where nothing sets them."""
    own = [each for each in compose.services(project) if start.role != "compose" and each.command is None]
    return {name: "" for each in own for name, _ in each.environment if name.endswith("_PORT")}


def _assigned(start: Start) -> dict[str, str | None]:
    """Assignments in front of a command: `PORT=80 gunicorn ...`."""
    pairs = (word.text.partition("=") for word in start.command.assignments)
    return {name: None if "$" in value else value.strip("\"'") for name, _, value in pairs}


def _script(project: Project, start: Start, command: Command, environment: Values) -> Server | None:
    """`python app.py`, `python -m package`, `python manage.py ...`."""
    values = command.values[1:]
    if not values:
        return None
    if values[0] == "-m" and len(values) > 1:
        return Server("python", start, command, entry=f"-m {values[1]}")
    if values[0] == "-c" or not command.words[1].value:
        return None
    shifted = command.of(command.words[1:])
    group = _flask_group(project, start, shifted, environment)
    group = group or _flask_script(project, start, shifted, environment)
    return group or read_manage(start, shifted, {}) or Server("python", start, command, entry=values[0])


def _flask_group(project: Project, start: Start, command: Command, values: Values) -> Server | None:
    """`python manage.py run` where the script is a FlaskGroup, which has the commands of `flask`.

    Source: https://flask.palletsprojects.com/en/stable/cli/#custom-scripts, read 2026-11.
    """
    if command.values[1:2] != ("run",):
        return None
    made = _GROUP.search(project.tree.text(place_of(project, command.values[0]) or "") or "")
    found = READERS["flask"](project, start, command, values) if made else None
    return replace(found, app=f"{command.values[0]}:{made[1]}") if found and made and made[1] else found


def answers_one_at_a_time(project: Project, found: Server) -> bool:
    """Whether this is gunicorn with one sync worker: whatever is asked meanwhile has to wait."""
    settings = found.gunicorn
    if settings is None or environment(project).get("WEB_CONCURRENCY"):
        return False
    plain = {"workers": "1", "threads": "1", "worker_class": "sync"}
    return all(settings.value(name) in {"", value} for name, value in plain.items())


def answers_a_few_at_a_time(project: Project, found: Server) -> bool:
    """Whether each request holds one of a few workers or threads until it is answered."""
    if found.gunicorn is not None:
        return found.gunicorn.value("worker_class") in {"", "sync", "gthread"}
    return found.kind in {"waitress", "uwsgi"}


def _flask_script(project: Project, start: Start, command: Command, values: Values) -> Server | None:
    """`python manage.py runserver` where the script is one of Flask-Script, which listens as Flask does.

    Source: https://flask-script.readthedocs.io/en/latest/#default-commands, read 2026-11.
    """
    path = place_of(project, command.values[0]) or ""
    text = project.tree.text(path) or ""
    if "flask_script" not in text:
        return None
    if not {"runserver", *_SERVER_COMMANDS.findall(text)} & set(command.values[1:]):
        return Server("job", start, command)
    host, port = _SERVER_HOST.search(text), _SERVER_PORT.search(text)
    bind = Bind(host[1] if host else "127.0.0.1", Port(int(port[1]) if port else 5000), path)
    if command.has("-p", "--port", "-h", "--host"):
        shifted = command.of((command.words[0], Word("run", "run", command.words[0].span), *command.words[1:]))
        given = READERS["flask"](project, start, shifted, values)
        bind = given.bind if given is not None and given.bind is not None else bind
    return Server("flask", start, command, binds=(bind,), is_development=True)


def is_installed(project: Project, name: str) -> bool:
    """Whether a package is asked for by name: in requirements, in RUN, in pyproject.toml or Pipfile."""
    if any(name in entry.names for entry in requirement_sets(project)):
        return True
    pattern = re.compile(rf"(?m)(?:^|[\"'\s]){re.escape(name)}(?:$|[\"'\s=<>~!;\[])")
    inline = [
        word.value or ""
        for stage in project.dockerfile.stages
        for each in installs_of(project, stage)
        for word in each.packages
    ]
    texts = [project.tree.text(path) or "" for path in ("pyproject.toml", "Pipfile")]
    return any(pattern.search(text) for text in (*texts, *inline))
