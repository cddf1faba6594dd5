"""Where one more setting of gunicorn belongs: in its configuration file, in GUNICORN_CMD_ARGS, or in its command."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping

from pydock.project import Project
from pydock.service.arguments import added, changed_fields, is_editable
from pydock.service.listeners import Server
from pydock.text import Edit, Span
from pydock.values import Value

_VARIABLE = "GUNICORN_CMD_ARGS"


class Placed(Value):
    """An edit that makes settings, and the contract fields that it alters."""

    edit: Edit
    changes: frozenset[str] = frozenset()


def with_settings(project: Project, server: Server, settings: Mapping[str, str | int], *words: str) -> Placed | None:
    """The settings where this gunicorn has its others; None where pydock cannot write there.

    `settings` are by their names in a configuration file, `words` the same as options. Without `settings` the file
    stays as it is: people start the service with it outside of containers, too.
    """
    found, start = server.gunicorn, server.start
    if found is None:
        return None
    text = project.tree.text(found.config) if found.config else None
    if settings and text is not None and found.is_sure:
        newline = "\r\n" if "\r\n" in text else "\n"
        at = _behind_settings(text)
        front = "" if text[:at].endswith("\n") or not text else newline
        lines = "".join(f"{name} = {json.dumps(value)}{newline}" for name, value in settings.items())
        return Placed(Edit(found.config, Span(at, at), front + lines))
    is_elsewhere = found.settings and all(each[-1].source == "environment" for each in found.settings.values())
    if is_elsewhere and (edit := _in_variable(project, words)):
        return Placed(edit, frozenset({"environment"}))
    if not is_editable(project, start):
        return None
    edit = added(project, start, words, server.app)
    return Placed(edit, changed_fields(project, start, edit))


def _behind_settings(text: str) -> int:
    """The offset behind the line of a configuration file's last setting: hooks stand below the settings."""
    try:
        settings = [node for node in ast.parse(text).body if isinstance(node, ast.Assign | ast.AnnAssign)]
    except (SyntaxError, ValueError, RecursionError):
        return len(text)
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)
    return sum(map(len, lines[: settings[-1].end_lineno])) if settings else len(text)


def replaced_in_variable(project: Project, value: str, text: str) -> Edit | None:
    """Another text for a value that stands once in the ENV with gunicorn's options."""
    held = _variable(project)
    if held is None or held[1].count(value) != 1:
        return None
    span, written = held
    at = span.start + written.index(value)
    return Edit(project.path, Span(at, at + len(value)), text)


def _in_variable(project: Project, words: tuple[str, ...]) -> Edit | None:
    """More options in the ENV of the final stage that has some, None where it is not this stage's."""
    held = _variable(project)
    if held is None:
        return None
    span, written = held
    value = written.partition("=")[2]
    quote = value[0] if value[:1] in {'"', "'"} and value.endswith(value[0]) else '"'
    plain = value[1:-1] if value.startswith(quote) else value
    text = f"{_VARIABLE}={quote}{' '.join([plain, *words])}{quote}"
    return None if quote in plain or "\\" in plain else Edit(project.path, span, text)


def _variable(project: Project) -> tuple[Span, str] | None:
    """The last assignment of the variable in the final stage, as written; None for one that is put together."""
    for instruction in reversed(project.final.of("ENV")):
        for entry in instruction.assignments:
            if entry.name == _VARIABLE:
                text = project.dockerfile.slice(entry.span)
                return (entry.span, text) if text.startswith(f"{_VARIABLE}=") and not set("\n$") & set(text) else None
    return None
