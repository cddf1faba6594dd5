"""Changes of compose files: a variable or a health check for one service, in the lines of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydock.context.compose import Service, service_of
from pydock.project import Project
from pydock.project.compose import composed, services
from pydock.text import Edit, Span
from pydock.values import replace
from pydock.yaml_text import document, is_block, nodes


def with_variable(project: Project, service: Service, name: str, value: str) -> Edit | None:
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
    edit = _inserted(service.path, lines, number, added)

    def expected(old: Service, new: Service) -> Service:
        given = {**dict(old.environment), name: value}
        return replace(old, environment=tuple((each, given[each]) for each, _ in new.environment if each in given))

    return edit if _is_all(project, edit, service, expected) else None


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


def with_healthcheck(project: Project, service: Service, lines: Mapping[str, str]) -> Edit | None:
    """A health check as the last key of one service, its keys with their values as YAML has them.

    None where the file is laid out in an unusual way, where another service takes over what this one has, or where
    there is a check already.
    """
    text = project.tree.text(service.path) or ""
    entry = _entry_of(_entry_of(nodes(text), "services"), service.name)
    if not getattr(entry, "value", None) or service.test is not None:
        return None
    if is_block(entry, is_mapping=True):
        edit = _last_key(service.path, text, entry, lines)
    else:
        at = entry.end_mark.index - 1
        written = ", ".join(f"{name}: {value}" for name, value in lines.items())
        edit = Edit(service.path, Span(at, at), f", healthcheck: {{{written}}}")
    known = services(project)

    def expected(old: Service, new: Service) -> Service:
        # Nobody has asked whether the check fits another stage, which the same entry may be of under another file.
        return replace(old, test=new.test) if old in known and new.test else old

    return edit if _is_all(project, edit, service, expected) else None


def _last_key(path: str, text: str, entry: Any, lines: Mapping[str, str]) -> Edit:
    written = text.splitlines(keepends=True)
    newline = "\r\n" if written[0].endswith("\r\n") else "\n"
    indent = " " * entry.value[0][0].start_mark.column
    number = _last_line(entry.value[-1][1]) + 1
    front = newline if number == len(written) and not written[-1].endswith("\n") else ""
    keys = "".join(f"{indent}  {name}: {value}{newline}" for name, value in lines.items())
    return _inserted(path, written, number, f"{front}{indent}healthcheck:{newline}{keys}")


def with_word(project: Project, service: Service, word: str, command: Sequence[str]) -> Edit | None:
    """A word in front of a command, by its words, in what a service runs; None where that is not there once."""
    fronts = [" ".join(command[:size]) for size in range(len(command), 0, -1)]
    for key in ("command", "entrypoint"):
        known = ((each, project.tree.text(each.path) or "") for each in reversed(service.origins))
        place = next(((each, text) for each, text in known if key in _services(text).get(each.name, {})), None)
        if place is not None and (edit := _with_word(place[1], place[0].path, place[0].name, key, word, fronts)):
            return edit
    return None


def _with_word(text: str, path: str, name: str, key: str, word: str, fronts: Sequence[str]) -> Edit | None:
    node = _entry_of(_entry_of(_entry_of(nodes(text), "services"), name), key)
    raw = text[node.start_mark.index : node.end_mark.index] if node is not None else ""
    front = next((front for front in fronts if raw.count(front) == 1), None)
    if front is None:
        return None
    at = node.start_mark.index + raw.index(front)
    old, new = _services(text), _services(text[:at] + word + text[at:])
    written = {each: {**entry, key: None} if each == name else entry for each, entry in new.items()}
    kept = {each: {**entry, key: None} if each == name else entry for each, entry in old.items()}
    said = str(old[name][key]).replace(front, word + front)
    return Edit(path, Span(at, at), word) if written == kept and str(new[name][key]) == said else None


def _is_all(project: Project, edit: Edit, service: Service, expected: Callable[[Service, Service], Service]) -> bool:
    """Whether an edit changes this service as expected, wherever it is run from its file, and no other one."""
    before, after = _all_services(project), _all_services(project.again(project.tree.edited([edit])))
    if before.keys() != after.keys():
        return False
    changed = [(name, old, after[files, name]) for (files, name), old in before.items() if old != after[files, name]]
    return bool(changed) and all(name == service.name and new == expected(old, new) for name, old, new in changed)


def _all_services(project: Project) -> Mapping[tuple[tuple[str, ...], str], Service]:
    return {(each.files, name): service_of(each, name) for each in composed(project) for name in each.services}


def _inserted(path: str, lines: list[str], number: int, added: str) -> Edit:
    """Lines in front of one of a file, from 0."""
    at = sum(map(len, lines[:number]))
    return Edit(path, Span(at, at), added)


def _services(text: str) -> Mapping[str, Any]:
    found = document(text).get("services")
    return found if isinstance(found, dict) else {}
