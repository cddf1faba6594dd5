"""Changes of compose files: a variable or a health check for one service, in the lines of the file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from pydock.project import Project, compose
from pydock.text import Edit, Span
from pydock.yaml_text import document, is_block, nodes


def with_variable(project: Project, service: compose.Service, name: str, value: str) -> Edit | None:
    """A variable for one service, in the lines of the file; None where they are laid out in an unusual way."""
    text = project.tree.text(service.path) or ""
    entry = _entry_of(_entry_of(nodes(text), "services"), service.name)
    if not is_block(entry, is_mapping=True):
        return None
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    present = _entry_of(entry, "environment")
    if present is not None:
        if not is_block(present):
            return None
        first = present.value[0]
        mark = (first[0] if isinstance(first, tuple) else first).start_mark
        written = f'{name}: "{value}"' if isinstance(first, tuple) else f"{name}={value}"
        # Above the comments of the first one, which speak of that one.
        number = next(key.start_mark.line for key, given in entry.value if given is present) + 1
        added = f"{lines[mark.line][: mark.column]}{written}{newline}"
    else:
        indent = " " * entry.value[0][0].start_mark.column
        number = _last_line(entry.value[0][1]) + 1
        added = f'{indent}environment:{newline}{indent}  {name}: "{value}"{newline}'
        if number == len(lines) and not lines[-1].endswith("\n"):
            return None
    edit, after = _inserted(service.path, lines, number, added)
    return edit if _is_only_variable(text, after, service.name, name) else None


def _entry_of(node: Any, name: str) -> Any:
    """The value that a mapping node has under a key."""
    pairs = getattr(node, "value", None)
    found = [pair[1] for pair in pairs if isinstance(pair, tuple) and pair[0].value == name] if pairs else []
    return found[0] if found else None


def _last_line(node: Any) -> int:
    """The line on which a node's last scalar ends, from 0."""
    while isinstance(node.value, list) and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    is_literal = getattr(node, "style", None) in {"|", ">"}
    return int(node.end_mark.line) - (1 if is_literal else 0)


def with_healthcheck(project: Project, service: compose.Service, lines: Mapping[str, str]) -> Edit | None:
    """A health check as the last key of one service, its keys with their values as YAML has them.

    None where the file is laid out in an unusual way, where another service takes over what this one has, or where
    there is a check already.
    """
    text = project.tree.text(service.path) or ""
    entry = _entry_of(_entry_of(nodes(text), "services"), service.name)
    if not getattr(entry, "value", None) or _entry_of(entry, "healthcheck") is not None:
        return None
    if _is_extended(project, service.name):
        return None
    if is_block(entry, is_mapping=True):
        edit, after = _last_key(service.path, text, entry, lines)
    else:
        at = entry.end_mark.index - 1
        written = ", ".join(f"{name}: {value}" for name, value in lines.items())
        edit = Edit(service.path, Span(at, at), f", healthcheck: {{{written}}}")
        after = f"{text[:at]}{edit.text}{text[at:]}"
    old, new = _services(text), _services(after)
    added = {**new.get(service.name, {})}
    is_known = isinstance(added.pop("healthcheck", None), dict)
    is_alone = {name: each for name, each in new.items() if name != service.name} == {
        name: each for name, each in old.items() if name != service.name
    }
    return edit if is_known and is_alone and added == old.get(service.name) else None


def _last_key(path: str, text: str, entry: Any, lines: Mapping[str, str]) -> tuple[Edit, str]:
    written = text.splitlines(keepends=True)
    newline = "\r\n" if written[0].endswith("\r\n") else "\n"
    indent = " " * entry.value[0][0].start_mark.column
    number = _last_line(entry.value[-1][1]) + 1
    front = newline if number == len(written) and not written[-1].endswith("\n") else ""
    keys = "".join(f"{indent}  {name}: {value}{newline}" for name, value in lines.items())
    return _inserted(path, written, number, f"{front}{indent}healthcheck:{newline}{keys}")


def with_word(project: Project, service: compose.Service, word: str, command: Sequence[str]) -> Edit | None:
    """A word in front of a command, by its words, in what a service runs; None where that is not there once."""
    text = project.tree.text(service.path) or ""
    entry = _entry_of(_entry_of(nodes(text), "services"), service.name)
    fronts = [" ".join(command[:size]) for size in range(len(command), 0, -1)]
    for key in ("command", "entrypoint"):
        node = _entry_of(entry, key)
        raw = text[node.start_mark.index : node.end_mark.index] if node is not None else ""
        front = next((front for front in fronts if raw.count(front) == 1), None)
        if front is None:
            continue
        at = node.start_mark.index + raw.index(front)
        after = text[:at] + word + text[at:]
        old, new = _services(text), _services(after)
        written = {name: {**each, key: None} if name == service.name else each for name, each in new.items()}
        kept = {name: {**each, key: None} if name == service.name else each for name, each in old.items()}
        said = str(old[service.name][key]).replace(front, word + front)
        return (
            Edit(service.path, Span(at, at), word) if written == kept and str(new[service.name][key]) == said else None
        )
    return None


def _is_extended(project: Project, name: str) -> bool:
    """Whether a service of any compose file takes over all that a service of this name has."""
    paths = (path for path in project.tree.files if compose.is_compose_file(posixpath.basename(path)))
    given = [entry.get("extends") for path in paths for entry in compose.all_services(project, path).values()]
    return name in [each.get("service") if isinstance(each, dict) else each for each in given]


def _inserted(path: str, lines: list[str], number: int, added: str) -> tuple[Edit, str]:
    """Lines in front of one of a file, from 0, and the text with them."""
    at = sum(map(len, lines[:number]))
    text = "".join(lines)
    return Edit(path, Span(at, at), added), text[:at] + added + text[at:]


def _services(text: str) -> Mapping[str, Any]:
    found = document(text).get("services")
    return found if isinstance(found, dict) else {}


def _is_only_variable(before: str, after: str, service: str, name: str) -> bool:
    """Whether two files say the same but for one variable of one service."""
    old, new = document(before), document(after)
    try:
        changed = {**new["services"][service]}
        given = dict(compose.environment(changed.pop("environment")))
        kept = {**old["services"][service]}
        known = dict(compose.environment(kept.pop("environment", None)))
    except (KeyError, TypeError):
        return False
    others = [{key: value for key, value in each["services"].items() if key != service} for each in (old, new)]
    return given.pop(name, None) is not None and given == known and kept == changed and others[0] == others[1]
