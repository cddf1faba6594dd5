"""gunicorn's settings from everywhere it reads them: command line, GUNICORN_CMD_ARGS, configuration file.

Facts: https://docs.gunicorn.org/en/stable/settings.html and .../configure.html, read 2026-11.
"""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping

from pydock.build.views import files
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.code.constants import constants_of
from pydock.service.code.ports import Bind, Port, Values, read_bind, template
from pydock.shell import Command
from pydock.source import syntax, walk
from pydock.text import Span
from pydock.values import Value, field

_SHORT = {
    "-b": "bind",
    "-w": "workers",
    "-k": "worker_class",
    "-t": "timeout",
    "-c": "config",
    "-n": "proc_name",
    "-u": "user",
    "-g": "group",
    "-p": "pidfile",
    "-m": "umask",
    "-e": "raw_env",
    "--access-logfile": "accesslog",
    "--error-logfile": "errorlog",
    "--log-file": "errorlog",
    "--log-level": "loglevel",
    "--log-config": "logconfig",
    "--pid": "pidfile",
    "--name": "proc_name",
}
_FLAGS = frozenset(
    [
        "-D",
        "-R",
        "--capture-output",
        "--check-config",
        "--daemon",
        "--disable-redirect-access-to-syslog",
        "--do-handshake-on-connect",
        "--enable-stdio-inheritance",
        "--log-syslog",
        "--no-sendfile",
        "--preload",
        "--print-config",
        "--proxy-protocol",
        "--reload",
        "--reuse-port",
        "--spew",
        "--strip-header-spaces",
        "--suppress-ragged-eofs",
    ]
)
_DYNAMIC = regex(r"\b(?:globals|locals|vars|exec|setattr)\s*\(|^[ \t]*from\s+\S+\s+import\s+\*", re.M)


class Setting(Value):
    """A value as text, None when only known at run time; `source` as in `Bind`.

    `span` is where it stands in the source file when that is a configuration file.
    """

    value: str | None
    source: str
    span: Span | None = None


class Gunicorn(Value):
    """What a gunicorn process is set to. `settings` holds only what is set somewhere.

    `config` is the context path of the configuration file, "" for none. `is_sure` is false
    where a configuration cannot be read: then what is not in `settings` may still be set.
    """

    app: str
    settings: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict)
    config: str = ""
    is_sure: bool = True

    def value(self, name: str) -> str | None:
        """The text of the setting in force, "" where it is not set, None where it cannot be known."""
        found = self.settings.get(name)
        return found[-1].value if found else "" if self.is_sure else None

    def is_set(self, name: str) -> bool:
        return name in self.settings

    def may_be_set(self, name: str) -> bool:
        return self.is_set(name) or not self.is_sure

    def binds(self, environment: Values) -> tuple[Bind, ...]:
        """Where it listens; its default follows PORT where that is set."""
        if found := self.settings.get("bind"):
            return tuple(
                read_bind(entry.value, environment, entry.source, "", Port(8000))
                if entry.value is not None
                else Bind(None, None, entry.source)
                for entry in found
            )
        if not self.is_sure:
            return (Bind(None, None, "configuration"),)
        if environment.get("PORT"):
            return (read_bind("0.0.0.0:$PORT", environment, "environment"),)
        return (Bind("127.0.0.1", Port(8000), "default"),)


def read_gunicorn(project: Project, command: Command, environment: Values) -> Gunicorn:
    """The settings of a command whose first word is gunicorn; the command line wins over the file."""
    app, given = _parse(tuple(word.text if word.value is None else word.value for word in command.words[1:]))
    settings = {name: tuple(Setting(value, "command line") for value in values) for name, values in given.items()}
    arguments = environment.get("GUNICORN_CMD_ARGS", "")
    is_sure = arguments is not None
    try:
        _, from_environment = _parse(tuple(shlex.split(arguments or "")))
    except ValueError:
        from_environment, is_sure = {}, False
    for name, values in from_environment.items():
        settings.setdefault(name, tuple(Setting(value, "environment") for value in values))
    path, in_file, is_file_sure = _configuration(project, settings)
    for name, setting in in_file.items():
        settings.setdefault(name, setting)
    return Gunicorn(app, settings, path, is_sure and is_file_sure)


def _parse(words: tuple[str, ...]) -> tuple[str, dict[str, list[str]]]:
    """The application and the settings that words set."""
    app, found = "", dict[str, list[str]]()
    rest = iter(words)
    for text in rest:
        if not text.startswith("-"):
            app = app or text
            continue
        option, equals, value = text.partition("=")
        if not text.startswith("--"):
            option, value, equals = text[:2], text[2:].removeprefix("="), text[2:]
        name = _SHORT.get(option, option.lstrip("-").replace("-", "_"))
        if option in _FLAGS:
            found[name] = ["true"]
        else:
            found.setdefault(name, []).append(value if equals else next(rest, ""))
    return app, found


def _configuration(
    project: Project, settings: Mapping[str, tuple[Setting, ...]]
) -> tuple[str, dict[str, tuple[Setting, ...]], bool]:
    """The file's path in the context, what it sets, and whether that is all it may set."""
    named = settings["config"][-1].value if "config" in settings else None
    if named and "$" in named:
        return "", {}, False
    chdir = settings["chdir"][-1].value if "chdir" in settings else ""
    if chdir is None or "$" in chdir:
        return "", {}, False
    place = (named or "./gunicorn.conf.py").removeprefix("file:")
    if place.startswith("python:"):
        place = place.removeprefix("python:").replace(".", "/") + ".py"
    found = files(project).content(posixpath.join(chdir, place))
    if found is None:
        # Without -c a missing file is the ordinary case.
        return "", {}, not named and project.tree.known
    path, text = found
    tree = syntax(text)
    if tree is None:
        return path, {}, False
    return path, dict(_assigned(tree, text, path)), not _DYNAMIC.search(text)


def _assigned(tree: ast.Module, text: str, path: str) -> Iterable[tuple[str, tuple[Setting, ...]]]:
    """The settings of a configuration file; one that is assigned twice or under a condition is unknown."""
    constants = constants_of(walk(tree))
    lines = text.split("\n")
    counted: dict[str, int] = {}
    for node in walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name):
                counted[target.id] = counted.get(target.id, 0) + 1
    top = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for name, count in counted.items():
        value = top.get(name) if count == 1 else None
        yield name, _settings(value, constants, lines, path)


def _settings(value: ast.expr | None, constants: Mapping[str, str], lines: list[str], path: str) -> tuple[Setting, ...]:
    if value is None:
        return (Setting(None, path),)
    parts = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    span = Span(
        _offset(lines, value.lineno, value.col_offset),
        _offset(lines, value.end_lineno or value.lineno, value.end_col_offset or 0),
    )
    found = []
    for part in parts or [value]:
        is_switch = isinstance(part, ast.Constant) and (part.value is None or isinstance(part.value, bool))
        text = str(part.value).lower() if is_switch and isinstance(part, ast.Constant) else template(part, constants)
        found.append(Setting(text, path, span))
    return tuple(found)


def _offset(lines: list[str], number: int, column: int) -> int:
    """An offset in the text; `ast` counts columns in bytes."""
    before = sum(len(line) + 1 for line in lines[: number - 1])
    return before + len(lines[number - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
