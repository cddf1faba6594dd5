"""Where a program's own Python code listens: the calls, and the address each of them names."""

from __future__ import annotations

import posixpath
import re

from pydock.build.views import files
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.code.constants import read_constants
from pydock.service.code.imports import imported_files, module_at, reach
from pydock.service.code.listening_calls import Run, run_defaults
from pydock.service.code.objects import find_application
from pydock.service.code.ports import Bind, Port, Values, read_port
from pydock.service.listeners import Server
from pydock.service.server import environment
from pydock.values import Value, replace

DEEPEST = 4
_ARGUMENT = regex(r"<((?:-[\w-]+\|)+)(.*)>\Z", re.S)
_VARIABLE = regex(r"\$\{(\w+)(?::?-(.*))?\}\Z")
# Calls that open a second, smaller service beside the main one.
_ASIDE = frozenset({"prometheus_client.start_http_server"})


class Heard(Value):
    """A listening call and the file it stands in."""

    path: str
    run: Run


def listening(project: Project, path: str, found: Server) -> tuple[tuple[Heard, ...], tuple[Bind, ...]]:
    """The listening calls of a script, or of what it imports, and the different places they name.

    What a call leaves to its default may be said by arguments of the command.
    """
    heard = _heard(project, path)
    # `if args.socket: serve(unix_socket=args.socket)`, of which the command says nothing.
    heard = tuple(each for each in heard if _known(project, each.path, each.run.socket, found) != "") or heard
    binds: dict[tuple[str | None, Port | None], Bind] = {}
    values = environment(project)
    for each in heard:
        host, port = _address(project, each, found, values)
        binds.setdefault((host, port), Bind(host, port, each.path))
    return heard, tuple(binds.values())


def _heard(project: Project, path: str) -> tuple[Heard, ...]:
    module = module_at(project, path)
    found = [Heard(path, run) for run in module.runs] if module else []
    own = _resolved(project, found)
    if not own:
        others = [(each, module_at(project, each)) for each in reach(project, path) if each != path]
        found = [Heard(each, run) for each, other in others if other for run in other.runs if not run.is_main_only]
        own = _resolved(project, found)
    main = [each for each in own if each.run.kind not in _ASIDE]
    # What a second service answers from a thread of its own says nothing about the first.
    return tuple(main)


def _resolved(project: Project, found: list[Heard]) -> list[Heard]:
    """The calls that do listen: `x.run()` only where x is an application."""
    kept = []
    for each in found:
        if each.run.kind:
            kept.append(each)
        elif run := _of_application(project, each):
            kept.append(Heard(each.path, run))
    return kept


def _of_application(project: Project, heard: Heard) -> Run | None:
    run = heard.run
    application = find_application(project, heard.path, run.base)
    if application is not None:
        kind = application.application.framework
        host, port = run_defaults(kind)
        if port is None:
            return None
        return replace(run, kind=kind, host=run.host or host, port=str(port) if run.is_default else run.port)
    module = module_at(project, heard.path)
    is_app = run.base in {"app", "application"} and module is not None and run.base in module.imports
    # An application from outside of the context; Flask's is the only common one with run(host, port).
    return replace(run, kind="flask") if is_app and not run.is_default else None


def _address(project: Project, heard: Heard, found: Server, values: Values) -> tuple[str | None, Port | None]:
    run = heard.run
    words = 1 if found.entry.startswith("import ") else 3 if found.entry.startswith("-m ") else 2
    # Connexion 2 takes another port than Connexion 3 where none is given.
    is_open = run.is_default and (len(found.command.words) > words or run.kind == "connexion")
    if is_open:
        return None, None
    port_text, host = (_known(project, heard.path, text, found) for text in (run.port, run.host))
    port = read_port(port_text, values) if port_text is not None else None
    if port and port.variable and _may_be_in_file(project, port.variable, values, str(port.number)):
        port = None
    if host and "$" in host:
        match = _VARIABLE.match(host)
        host = (values.get(match[1]) or match[2]) if match and not _may_be_in_file(project, match[1], values) else None
    return host, port


def _known(project: Project, path: str, text: str | None, found: Server) -> str | None:
    """A host or port with names of other files and arguments of the command put in."""
    if text and text.startswith("@"):
        text = value_of(project, path, text[1:])
    match = _ARGUMENT.match(text or "")
    if match is None:
        return text
    given = found.command.option(*match[1].rstrip("|").split("|"))
    if given is None:
        return match[2]
    return given.text if given.value is None else given.value


def value_of(project: Project, path: str, dotted: str, depth: int = 0) -> str | None:
    """The text of an imported constant or setting, None where it has no one value."""
    for place, rest in imported_files(project, path, dotted):
        constants = read_constants(project.tree.text(place) or "")
        for name in (rest, rest.replace("()", "")):
            if name in constants:
                return constants[name]
        module = module_at(project, place)
        head, _, tail = rest.partition(".")
        name = head.removesuffix("()")
        if module and name in module.imports and depth < DEEPEST:
            called = f"{module.imports[name]}{head[len(name) :]}"
            return value_of(project, place, ".".join(filter(None, (called, tail))), depth + 1)
    return None


def _may_be_in_file(project: Project, name: str, values: Values, known: str = "") -> bool:
    """Whether a .env file of the image may say of a variable something else than what is known of it."""
    if values.get(name):
        return False
    pattern = re.compile(rf"^[ \t]*(?:export\s+)?{re.escape(name)}[ \t]*=(.*)$", re.M | re.I)
    places = [posixpath.join(folder, ".env") for folder in (".", "..")]
    said = [text for place in places if (found := files(project).content(place)) for text in pattern.findall(found[1])]
    return any(text.strip() != known for text in said)
