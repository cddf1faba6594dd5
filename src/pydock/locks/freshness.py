"""Whether a lock was made from the manifest beside it, told without asking the tool.

Only what is certain is said: a hash that is made the tool's own way, or names and versions
that differ. Everything else stays unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pydock.values import Value

_PIPFILE_SECTIONS = frozenset({"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv"})
_POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
# Settings of uv that change what a lock holds or where it may come from.
_UV_PLAIN = frozenset({"dev-dependencies", "package", "default-groups", "compile-bytecode", "link-mode", "cache-keys"})


class Freshness(Value):
    """`is_fresh` and `why_stale` are both empty where nothing certain can be said."""

    is_fresh: bool = False
    why_stale: str = ""


def pipenv_freshness(lock: Mapping[str, Any], pipfile: Mapping[str, Any]) -> Freshness:
    """By the hash of the Pipfile, as plette makes it.

    A Pipfile without [[source]] is given a default one by the tool, so nothing is said then.
    """
    written = lock["_meta"].get("hash", {}).get("sha256", "")
    if "source" not in pipfile or not written or "$" in json.dumps(pipfile["source"], default=str):
        return Freshness()
    data: dict[str, Any] = {
        "_meta": {"sources": pipfile["source"], "requires": pipfile.get("requires", {})},
        "default": pipfile.get("packages", {}),
        "develop": pipfile.get("dev-packages", {}),
    }
    others = {name: value for name, value in pipfile.items() if name not in _PIPFILE_SECTIONS | {"default", "develop"}}
    hashes = {_sha256(candidate, (",", ":")) for candidate in (data, {**data, **others})}
    return _judged(written, hashes, "the Pipfile was changed after Pipfile.lock was made")


def poetry_freshness(metadata: Mapping[str, Any], pyproject: Mapping[str, Any]) -> Freshness:
    """By the content hash, as Poetry 1.0 to 2.x make it: any of their ways may match."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    project = {key: value for key in _PROJECT_KEYS if (value := pyproject.get("project", {}).get(key)) is not None}
    groups = pyproject.get("dependency-groups", {})
    legacy = {key: poetry.get(key) for key in _POETRY_KEYS}
    candidates: list[Mapping[str, Any]] = [legacy, _with_group(legacy, poetry)]
    present = {key: value for key, value in _with_group(legacy, poetry).items() if value is not None}
    for with_groups in ({}, {"dependency-groups": groups} if groups else {}):
        table = ({"project": project} if project else {}) | with_groups
        if table:
            candidates.append({**table, "tool": {"poetry": present}})
    written = str(metadata.get("content-hash", ""))
    hashes = {_sha256(candidate, (", ", ": ")) for candidate in candidates}
    if not (poetry or project or groups) or len(written) != 64:
        return Freshness()
    return _judged(written, hashes, "pyproject.toml was changed after poetry.lock was made")


def _with_group(legacy: Mapping[str, Any], poetry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**legacy, "group": poetry["group"]} if "group" in poetry else legacy


def _sha256(data: Mapping[str, Any], separators: tuple[str, str]) -> str:
    import hashlib

    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=separators, default=str).encode()).hexdigest()


def _judged(written: str, hashes: set[str], why: str) -> Freshness:
    return Freshness(is_fresh=True) if written in hashes else Freshness(why_stale=why)


Asked = tuple[str, str, frozenset[str], str]


def uv_freshness(lock: Mapping[str, Any], pyproject: Mapping[str, Any]) -> Freshness:
    """By what uv.lock keeps of the project: its requirements, its groups and its Python."""
    root = next((entry for entry in lock.get("package", ()) if _is_root(entry)), None)
    project, settings = pyproject.get("project", {}), pyproject.get("tool", {}).get("uv", {})
    if root is None or not project or {"dependencies", "optional-dependencies"} & set(project.get("dynamic", ())):
        return Freshness()
    if root.get("dependencies") and "metadata" not in root:
        # The first versions of uv kept no requirements.
        return Freshness()
    sources = frozenset(str(canonicalize_name(name)) for name in settings.get("sources", {}))
    wanted = set(_wanted(project.get("dependencies", ()), "", sources))
    for extra, entries in project.get("optional-dependencies", {}).items():
        wanted |= set(_wanted(entries, f"extra:{canonicalize_name(extra)}", sources))
    groups = pyproject.get("dependency-groups", {})
    for group in groups:
        wanted |= set(_wanted(_flat(groups, group, ()), f"group:{canonicalize_name(group)}", sources))
    wanted |= set(_wanted(settings.get("dev-dependencies", ()), "group:dev", sources))
    kept = set(_kept(root.get("metadata", {}), sources))
    if {entry[:2] for entry in wanted} != {entry[:2] for entry in kept}:
        names = sorted({entry[0] for entry in wanted ^ kept})
        differing = [name for name in names if any(name == entry[0] for entry in _named(wanted) ^ _named(kept))]
        return (
            Freshness(why_stale=f"pyproject.toml and uv.lock differ in {', '.join(differing[:3])}")
            if differing
            else Freshness()
        )
    is_plain = not (set(settings) - _UV_PLAIN) and not any(entry[3] == "marked" for entry in wanted)
    same_python = _compact(project.get("requires-python", "")) == _compact(lock.get("requires-python", ""))
    return Freshness(is_fresh=is_plain and wanted == kept and same_python)


def _compact(specifier: object) -> str:
    """A specifier with its versions as uv writes them: 2024.07.04 is 2024.7.4."""
    parts = []
    for part in str(specifier).replace(" ", "").split(","):
        operator, version = part[: len(part) - len(part.lstrip("=<>!~"))], part.lstrip("=<>!~")
        try:
            parts.append(f"{operator}{Version(version)}")
        except InvalidVersion:
            parts.append(part)
    return ",".join(sorted(parts))


def _named(entries: set[Asked]) -> set[tuple[str, str]]:
    return {entry[:2] for entry in entries}


def _is_root(entry: Mapping[str, Any]) -> bool:
    source = entry.get("source", {})
    return "." in (source.get("virtual"), source.get("editable"))


def _flat(groups: Mapping[str, Any], name: str, seen: tuple[str, ...]) -> list[Any]:
    """The requirements of a group with those of the groups it includes."""
    found: list[Any] = []
    for entry in groups.get(name, ()):
        if isinstance(entry, str):
            found.append(entry)
        elif isinstance(entry, Mapping) and name not in seen:
            found += _flat(groups, str(entry.get("include-group", "")), (*seen, name))
    return found


def _wanted(entries: Any, part: str, sources: frozenset[str]) -> Iterator[Asked]:
    for entry in entries:
        try:
            requirement = Requirement(entry)
        except InvalidRequirement:
            continue
        name = str(canonicalize_name(requirement.name))
        is_sourced = name in sources or requirement.url is not None
        specifier = "" if is_sourced else _compact(requirement.specifier)
        yield (
            f"{name} {part}".strip(),
            specifier,
            frozenset(requirement.extras),
            "marked" if requirement.marker else "",
        )


def _kept(metadata: Mapping[str, Any], sources: frozenset[str]) -> Iterator[Asked]:
    parts = [("", metadata.get("requires-dist", ()))]
    parts += [
        (f"group:{canonicalize_name(name)}", entries) for name, entries in metadata.get("requires-dev", {}).items()
    ]
    for part, entries in parts:
        for entry in entries:
            name, marker = str(canonicalize_name(entry["name"])), str(entry.get("marker", ""))
            extra = marker.rpartition("extra == '")[2].rstrip("')") if "extra == '" in marker else ""
            whole = f"{name} {f'extra:{canonicalize_name(extra)}' if extra else part}".strip()
            is_marked = bool(marker) and not marker.startswith("extra == '")
            is_sourced = name in sources or not {"specifier"}.issuperset(set(entry) - {"name", "marker", "extras"})
            specifier = "" if is_sourced else _compact(entry.get("specifier", ""))
            yield (whole, specifier, frozenset(entry.get("extras", ())), "marked" if is_marked else "")
