"""What a person wants, from the command line and from `[tool.pydock]` in pyproject.toml or from pydock.toml.

The command line wins over the files, key by key. Of the files the nearest to the Dockerfile wins, of two in one folder
pydock.toml; in one file a table of `services` that means this Dockerfile wins over what is said for all.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Protocol, TypeVar

from pydock.budget import MEMORY, SECONDS, Budget, is_modest, size
from pydock.errors import OptionError, UnreadableError
from pydock.hosts import is_name
from pydock.values import Value

NAMES = ("pydock.toml", "pyproject.toml")
_SERVICES = "services"
# As of the day on which the requirements were last changed.
GIT = "git"


class Key(Value):
    """What a setting may be: its type, and for a string the values there are, the default first."""

    kind: type
    allowed: tuple[str, ...] = ()


KEYS: Mapping[str, Key] = {
    "select": Key(list),
    "ignore": Key(list),
    "exclude": Key(list),
    "fail-level": Key(str, ("note", "warning", "error")),
    "installer": Key(str, ("pip", "uv")),
    "pin": Key(str, ("table", "registry", "digest")),
    "portable": Key(bool),
    "venv": Key(bool),
    "unsafe-fixes": Key(bool),
    "hashes": Key(bool),
    "lock-format": Key(str, ("requirements", "pylock")),
    "as-of": Key(str),
    "offline": Key(bool),
    "budget-seconds": Key(float),
    "budget-memory": Key(str),
}
_OF_RULES = frozenset({"select", "ignore"})
# What a project must not be able to say, and where a person says it for a machine.
_OWN = ("allow-builds", "allow-hosts")
_HOSTS_HINT = "a host is named as packages.example.com or packages.example.com:8443"
_KINDS = {list: "a list of strings", str: "a string", bool: "true or false", dict: "a table", float: "a number"}


class File(Value):
    """A configuration file as it is called, its text, and the Dockerfile's path from its folder."""

    name: str
    text: str
    dockerfile: str = "Dockerfile"

    def refused(self, where: Sequence[str], what: str, hint: str) -> OptionError:
        """The error about a key of this file, with the line where it can be told."""
        line = _line(self.text, tuple(where))
        return OptionError(f"{self.name}{f':{line}' if line else ''}: {what}", hint)


class Settings(Value):
    """The choices for one project; an empty `select` means every rule.

    `as_of` is a day, "git" or "". `allow_builds` is for the command line alone: a project must
    not be able to say that code of packages is run. Nor can it say what hosts are asked:
    `allow_hosts` are those of the command line, of PYDOCK_ALLOW_HOSTS and of a person's own file.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_level: str = "note"
    installer: str = "pip"
    pin: str = "table"
    portable: bool = False
    venv: bool = True
    unsafe_fixes: bool = False
    hashes: bool = False
    lock_format: str = "requirements"
    as_of: str = ""
    allow_builds: bool = False
    allow_hosts: tuple[str, ...] = ()
    offline: bool = False
    budget_seconds: float = SECONDS
    budget_memory: str = f"{MEMORY // 10**9}GB"

    @property
    def budget(self) -> Budget:
        """What the project may take.

        Raises OptionError for memory that is no size.
        """
        return Budget(self.budget_seconds, size(self.budget_memory, "budget-memory"))


class Named(Protocol):
    """Anything that can be selected like a rule."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...


RuleLike = TypeVar("RuleLike", bound=Named)


def excluded(file: File) -> tuple[str, ...]:
    """The patterns of a configuration file for what a search leaves out, relative to the folder of the file.

    Raises OptionError for what means nothing in it, UnreadableError for broken TOML.
    """
    return tuple(words(_values(file, ()).get("exclude", ())))


def settings(files: Iterable[File], given: Mapping[str, object], rules: Sequence[Named] = ()) -> Settings:
    """The settings of files, the nearest first, under those of the command line, where None means not given.

    PYDOCK_OFFLINE=1 stands between them: it holds for every command on a machine.

    Raises OptionError for a key, a value or the name of a rule that means nothing, UnreadableError for broken TOML.
    """
    values: dict[str, object] = {}
    for file in files:
        values = {**_values(file, tuple(rules)), **values}
    if os.environ.get("PYDOCK_OFFLINE", "") not in {"", "0"}:
        values["offline"] = True
    values |= {key: value for key, value in given.items() if value is not None}
    values["allow-hosts"] = _hosts(values.get("allow-hosts") or ())
    for key, value in values.items():
        if key in KEYS and value not in (allowed := KEYS[key].allowed or (value,)):
            raise OptionError(f"{key} is {value!r}", f"it can be {' or '.join(map(str, allowed))}")
    _refuse_no_day(values.get("as-of") or GIT)
    lists = {key for key, known in KEYS.items() if known.kind is list}
    plain = {key.replace("-", "_"): tuple(words(value)) if key in lists else value for key, value in values.items()}
    return Settings(**plain)  # type: ignore[arg-type]


def _hosts(given: object) -> tuple[str, ...]:
    """The hosts that a person allows: in a file of their own, in the environment, on the command line."""
    found = dict.fromkeys((*_own_hosts(), *words([os.environ.get("PYDOCK_ALLOW_HOSTS", "")]), *words(given)))
    for name in found:
        if not is_name(name):
            raise OptionError(f"allow-hosts names {name!r}, which is no host", _HOSTS_HINT)
    return tuple(found)


def _own_hosts() -> list[str]:
    """What `allow-hosts` of `pydock/pydock.toml` in a person's folder of settings says."""
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    place = os.path.join(folder, "pydock", "pydock.toml")
    if not os.path.isabs(place):
        return []
    try:
        with open(place, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return []
    value = _parsed(place, text).get("allow-hosts", [])
    if not _fits(value, list):
        raise OptionError(f"{place}: allow-hosts is {value!r}", f"it has to be {_KINDS[list]}")
    return words(value)


def _refuse_no_day(as_of: object) -> None:
    try:
        _ = as_of == GIT or date.fromisoformat(str(as_of))
    except ValueError as error:
        raise OptionError(f"as-of is {as_of!r}", f"it can be a day such as 2023-06-01, or {GIT}") from error


def chosen(rules: Sequence[RuleLike], select: Iterable[str], ignore: Iterable[str]) -> tuple[RuleLike, ...]:
    """The rules that are selected and not ignored, each named by code, by name or by the start of its code.

    Raises OptionError for a name that no rule has.
    """
    wanted = {rule.code for word in select for rule in matching(rules, word)}
    unwanted = {rule.code for word in ignore for rule in matching(rules, word)}
    return tuple(rule for rule in rules if (not wanted or rule.code in wanted) and rule.code not in unwanted)


def matching(rules: Sequence[RuleLike], word: str, *, is_strict: bool = True) -> list[RuleLike]:
    """The rules that a word means: PYD302, pip-cache, PYD3.

    Raises OptionError when strict and there is none.
    """
    code = word.upper()
    found = [rule for rule in rules if rule.name == word.lower() or (code[:3] == "PYD" and rule.code.startswith(code))]
    if not found and is_strict:
        raise OptionError(*_no_rule(rules, word))
    return found


def _no_rule(rules: Sequence[Named], word: str) -> tuple[str, str]:
    """What to say about a word that means no rule."""
    names = [name for rule in rules for name in (rule.code, rule.name)]
    return f"no rule is called {word!r}", suggestion(word, names) or "`pydock rules` lists them all"


def _values(file: File, rules: Sequence[Named]) -> dict[str, object]:
    """What a file says for its Dockerfile."""
    own = ("tool", "pydock") if file.name.endswith("pyproject.toml") else ()
    if own and "pydock" not in file.text:
        return {}
    table: object = _parsed(file.name, file.text)
    for name in own:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise file.refused(own, f"{'.'.join(own)} is {table!r}", "it has to be a table")
    found = _checked(file, own, {key: value for key, value in table.items() if key != _SERVICES}, rules)
    services = table.get(_SERVICES, {})
    if not isinstance(services, dict):
        raise file.refused((*own, _SERVICES), f"{_SERVICES} is {services!r}", "it has a table for each service")
    for pattern, special in services.items():
        where = (*own, _SERVICES, pattern)
        if not isinstance(special, dict):
            raise file.refused(where, f"{_SERVICES}.{pattern} is {special!r}", "it has to be a table")
        checked = _checked(file, where, special, rules)
        found |= checked if _means(pattern, file.dockerfile) else {}
    return found


def _checked(
    file: File, where: Sequence[str], table: Mapping[str, object], rules: Sequence[Named]
) -> dict[str, object]:
    """The table, every key and value of which means something."""
    for key, value in table.items():
        place = (*where, key)
        known = KEYS.get(key)
        if known is None and key in _OWN:
            raise file.refused(place, f"{key} is not for a project to say", f"give --{key} yourself")
        if known is None:
            hint = suggestion(key, (*KEYS, _SERVICES)) or f"known keys: {', '.join((*KEYS, _SERVICES))}"
            raise file.refused(place, f"unknown key {key!r} for pydock", hint)
        if not _fits(value, known.kind):
            raise file.refused(place, f"{key} is {value!r}", f"it has to be {_KINDS[known.kind]}")
        if known.allowed and value not in known.allowed:
            raise file.refused(place, f"{key} is {value!r}", f"it can be {' or '.join(known.allowed)}")
        for word in words(value) if key in _OF_RULES and rules else ():
            if not matching(rules, word, is_strict=False):
                raise file.refused(place, *_no_rule(rules, word))
        if not _is_modest(key, value):
            hint = "the files of a project may ask for ten minutes and 20 GB, the command line for any"
            raise file.refused(place, f"{key} is {value!r}", hint)
    return dict(table)


def _is_modest(key: str, value: object) -> bool:
    """Whether a file may give a project so much: it is as little trusted as the rest of the project."""
    match key, value:
        case "budget-seconds", int() | float():
            return is_modest(Budget(seconds=value))
        case "budget-memory", str():
            return is_modest(Budget(memory=size(value, key)))
        case _:
            return True


def _means(pattern: str, dockerfile: str) -> bool:
    """Whether a pattern names a Dockerfile or a folder above it; `*` stands for anything."""
    from fnmatch import fnmatchcase

    parts = dockerfile.split("/")
    wanted = pattern.removeprefix("./").rstrip("/")
    return any(fnmatchcase("/".join(parts[: end + 1]), wanted) for end in range(len(parts)))


@lru_cache(maxsize=512)
def _parsed(name: str, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"{name}: {error}", "pydock reads its settings there") from error
    except RecursionError:
        raise UnreadableError(f"{name}: nested too deep", "pydock reads its settings there") from None


def _line(text: str, where: tuple[str, ...]) -> int:
    """The first line that begins what a path of keys leads to, 0 where none does; tomllib tells no lines."""
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            header = next(_paths(line), header)
            found = header
        else:
            found = (*header, *next(_paths(f"{line.partition('=')[0]} = 0"), ()))
        if where and found[: len(where)] == where:
            return number
    return 0


def _paths(line: str) -> Iterator[tuple[str, ...]]:
    """The path of keys of one line of TOML; nothing where the line is none by itself."""
    try:
        inner: object = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return
    path: list[str] = []
    while isinstance(inner, dict) and len(inner) == 1:
        ((key, inner),) = inner.items()
        path.append(key)
    yield tuple(path)


def _fits(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (not isinstance(value, list) or all(isinstance(each, str) for each in value))


def words(values: object) -> list[str]:
    """Words of a repeatable, comma separated option."""
    assert isinstance(values, list | tuple)
    return [part.strip() for value in values for part in str(value).split(",") if part.strip()]


def suggestion(word: str, known: Iterable[str]) -> str:
    """A question for the known word that is nearest, "" where none is near."""
    from difflib import get_close_matches  # only a message needs it; a start should not pay for it

    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower, n=1)
    return f"did you mean {by_lower[close[0]]}?" if close else ""
