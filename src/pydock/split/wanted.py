"""Which Python packages the installs ask for, as far as files tell without a resolver."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from typing import Any

from packaging.utils import canonicalize_name

from pydock.images.debian import is_older_than_wheels
from pydock.packages.requirements import Kind, RequirementSet
from pydock.patterns import regex
from pydock.project import Project
from pydock.split.inputs import Inputs
from pydock.split.roles import Role, RoledStep
from pydock.values import Value

_WORD = regex(r"[A-Za-z][\w.-]*")
_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_LOCKED = regex(r'^name = "([^"]+)"', re.M)


class Wanted(Value):
    """Normalized names; `pinned` those with an exact version and it, `from_source` those without wheels by
    request (`--no-binary`). `unreadable` names a file that could not be read, or is "".
    """

    names: frozenset[str]
    pinned: frozenset[tuple[str, str]] = frozenset()
    from_source: frozenset[str] = frozenset()
    from_repositories: bool = False
    unreadable: str = ""

    def compiled(self, minor: str) -> frozenset[str]:
        """Those that are built from source for a Python version, by request or for want of a wheel."""
        return self.from_source | {name for name, version in self.pinned if is_older_than_wheels(name, version, minor)}


def wanted(project: Project, inputs: Inputs, steps: tuple[RoledStep, ...]) -> Wanted:
    """Everything that the installs of a stage name, directly or through a lock."""
    names: set[str] = set()
    pinned: set[tuple[str, str]] = set()
    source: set[str] = set()
    repositories, unreadable = False, ""
    for entry in steps:
        for install in entry.installs if entry.role is Role.INSTALL else ():
            words = [word.value or "" for word in install.packages]
            names |= {canonicalize_name(match[1]) for word in words if (match := _NAME.match(word))}
            pinned |= {_pin(word) for word in words if "==" in word}
            repositories |= any("git+" in word for word in (*words, *(word.value or "" for word in install.editables)))
            excluded = install.value("--no-binary") or ""
            source |= {canonicalize_name(name) for name in excluded.split(",") if name and not name.startswith(":")}
    for path, _ in inputs.files:
        text = project.tree.text(path)
        if text is None:
            unreadable = unreadable or path
            continue
        if path.endswith((".toml", ".lock", "Pipfile")):
            names |= _from_project(path, text)
            repositories |= "git = " in text or "git+" in text
        else:
            found = project.requirement_set(path)
            names |= found.names
            pinned |= {_pin(asked.text) for asked in found.entries if asked.is_pinned and "==" in asked.text}
            source |= _without_binary(found)
            repositories |= "git+" in text
    if inputs.whole:
        own = _from_source_tree(project)
        unreadable = unreadable or ("" if own is not None else "setup.py")
        names |= own or set()
    if inputs.unknown is not None:
        unreadable = unreadable or f"the input of line {inputs.unknown.number}"
    for entry in steps:
        # Every word of `echo gunicorn >> requirements.txt` may be a package; one too many does no harm.
        text = project.dockerfile.slice(entry.step.span) if entry.step in inputs.feeding else ""
        names |= set(map(canonicalize_name, _WORD.findall(text)))
    return Wanted(frozenset(names), frozenset(pinned), frozenset(source), repositories, unreadable)


def _pin(text: str) -> tuple[str, str]:
    name, _, rest = text.partition("==")
    return canonicalize_name(name.split("[")[0].strip()), re.split(r"[\s;,]", rest.lstrip("= "), maxsplit=1)[0]


def _without_binary(found: RequirementSet) -> set[str]:
    options = [entry.text for entry in found.entries if entry.kind is Kind.OPTION and "--no-binary" in entry.text]
    return {
        canonicalize_name(name) for text in options for name in re.split(r"[ =,]+", text)[1:] if name and name[0] != ":"
    }


def _from_project(path: str, text: str) -> set[str]:
    if path.endswith("Pipfile.lock"):
        try:
            data = json.loads(text)
        except ValueError:
            return set()
        return {canonicalize_name(name) for name in data.get("default", {})} if isinstance(data, dict) else set()
    if path.endswith(".lock"):
        return {canonicalize_name(name) for name in _LOCKED.findall(text)}
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return set()
    return {canonicalize_name(name) for name in _asked(data)}


def _asked(data: dict[str, Any]) -> set[str]:
    """The names in a pyproject.toml or a Pipfile."""
    listed = data.get("project", {}).get("dependencies", [])
    names = {match[1] for text in listed if isinstance(text, str) and (match := _NAME.match(text))}
    for table in (data.get("packages", {}), data.get("tool", {}).get("poetry", {}).get("dependencies", {})):
        names |= {name for name in table if name != "python"} if isinstance(table, dict) else set()
    return names


def _from_source_tree(project: Project) -> set[str] | None:
    """What the project itself asks for: pyproject.toml, setup.cfg, and what setup.py lists or reads."""
    names: set[str] = set()
    if text := project.tree.text("pyproject.toml"):
        names |= _from_project("pyproject.toml", text)
    if text := project.tree.text("setup.cfg"):
        section = re.search(r"install_requires\s*=((?:\n[ \t]+.*)*)", text)
        lines = section[1].splitlines() if section else []
        names |= {canonicalize_name(match[1]) for line in lines if (match := _NAME.match(line))}
    setup = project.tree.text("setup.py")
    if setup is None:
        return names
    try:
        nodes = list(ast.walk(ast.parse(setup)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    for keyword in nodes:
        if isinstance(keyword, ast.keyword) and keyword.arg == "install_requires":
            if not isinstance(keyword.value, ast.List):
                listed = _from_lists(project, nodes)
                return names | listed if names or listed else None
            texts = [item.value for item in keyword.value.elts if isinstance(item, ast.Constant)]
            names |= {
                canonicalize_name(match[1]) for text in texts if isinstance(text, str) and (match := _NAME.match(text))
            }
    return names


def _from_lists(project: Project, nodes: list[ast.AST]) -> set[str]:
    """The names in requirements files that setup.py names: it takes its own from some of them."""
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    paths = {text.lstrip("./") for text in texts if text.endswith((".txt", ".in"))}
    return {name for path in paths if project.tree.has_file(path) for name in project.requirement_set(path).names}
