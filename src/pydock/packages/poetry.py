"""What Poetry's own tables ask for, as requirements of PEP 508.

https://python-poetry.org/docs/dependency-specification/, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pydock.patterns import regex

_ITEM = regex(r"[^\s,]+")
_BOUND = regex(r"(\^|~(?!=))v?((\d+(?:\.\d+)*)\S*)")
_BARE = regex(r"\d[\w.+-]*(\.\*)?")
_REFERENCES = ("rev", "tag", "branch")
# Keys that a requirement can say, or that do not matter to pip.
_SAID = frozenset({"version", "extras", "optional", "markers", "python", "platform", "git", "url", *_REFERENCES})
_IGNORED = frozenset({"develop", "allow-prereleases"})


def dependencies(tables: Mapping[str, Any], extras: Collection[str]) -> Iterator[tuple[str, object]]:
    """What is asked for, by name as it is written: all that is not optional, and what these extras bring."""
    named = {canonicalize_name(each) for extra in extras for each in tables.get("extras", {}).get(extra, ())}
    for name, wanted in tables.get("dependencies", {}).items():
        for entry in wanted if isinstance(wanted, list) else [wanted]:
            is_left = isinstance(entry, Mapping) and entry.get("optional") and canonicalize_name(name) not in named
            if name != "python" and not is_left:
                yield name, entry


def requirement(name: str, wanted: object) -> str:
    """One entry as a requirement.

    Raises ValueError where PEP 508 cannot say it, or where it is bound to one index.
    """
    table: Mapping[str, Any] = wanted if isinstance(wanted, Mapping) else {"version": wanted}
    version = str(table.get("version", "*"))
    if set(table) - _SAID - _IGNORED or "|" in version:
        raise ValueError(name)
    listed = f"[{','.join(map(str, table['extras']))}]" if table.get("extras") else ""
    marker = " and ".join(_markers(name, table))
    address = _address(table)
    what = f"{name}{listed} @ {address}" if address else f"{name}{listed}{SpecifierSet(plain(version))}"
    return f"{what} ; {marker}" if marker else what


def plain(text: str) -> str:
    """One alternative of a range without Poetry's own operators: `^1.2` is `>=1.2,<2`."""
    found = []
    for item in _ITEM.findall(re.sub(r"(?<![<>=!~^])([<>=!~^]+)\s+", r"\1", text)):
        if match := _BOUND.fullmatch(item):
            found.append(f">={match[2]},<{_above(match[1], match[3])}")
        elif _BARE.fullmatch(item):
            found.append(f"=={item}")
        elif item != "*":
            found.append(item)
    return ",".join(found)


def _above(operator: str, version: str) -> str:
    numbers = [int(number) for number in version.split(".")]
    last = len(numbers) - 1
    at = min(last, 1) if operator == "~" else next((at for at, number in enumerate(numbers) if number), last)
    return ".".join(map(str, [*numbers[:at], numbers[at] + 1]))


def _address(table: Mapping[str, Any]) -> str:
    if "git" not in table:
        return str(table.get("url", ""))
    reference = next((f"@{table[key]}" for key in _REFERENCES if key in table), "")
    return f"git+{table['git']}{reference}"


def _markers(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    if "markers" in table:
        yield f"({table['markers']})"
    if "|" in str(table.get("python", "")):
        raise ValueError(name)
    for entry in SpecifierSet(plain(str(table.get("python", "*")))):
        yield f'python_full_version {entry.operator} "{entry.version}"'
    if "platform" in table:
        yield f'sys_platform == "{table["platform"]}"'
