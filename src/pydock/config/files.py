"""Configuration files: which of them counts for a key, and what is told about one that means nothing.

The command line wins over the files, key by key. Of the files the nearest to the Dockerfile wins, of two in one folder
pydock.toml; in one file a table of `services` that means this Dockerfile wins over what is said for all. What extends
(`extend-select`, `extend-exclude`, `per-file-ignores`) and `severity` comes together from all of them.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from pydock.budget import Budget, is_modest, size
from pydock.config.choices import GIT, Choices, Settings, Spared, Table
from pydock.config.keys import keys, misfits, wanted
from pydock.config.names import Named, matching, no_rule, suggestion, words
from pydock.errors import ConfigurationError, OptionError
from pydock.hosts import is_name
from pydock.values import Value, convert

NAMES = ("pydock.toml", "pyproject.toml")
_SERVICES, _SPARED, _LEVELS = "services", "per-file-ignores", "severity"
_LISTS = frozenset({"select", "extend-select", "ignore"})
_ADDED = frozenset({"extend-select", "extend-exclude"})
# What a project must not be able to say, and where a person says it for a machine.
_OWN = ("allow-builds", "allow-hosts")
_HOSTS_HINT = "a host is named as packages.example.com or packages.example.com:8443"
_TOML_HINT = "pydock reads its settings there"


class File(Value):
    """A configuration file as it is called, its text, and the Dockerfile's path from its folder."""

    name: str
    text: str
    dockerfile: str = "Dockerfile"

    def refused(self, where: Sequence[str], what: str, hint: str) -> ConfigurationError:
        """The error about a key of this file, with the line where it can be told."""
        return ConfigurationError(f"{self.place(where)}: {what}", hint)

    def place(self, where: Sequence[str]) -> str:
        """The file with the line of a key, or of what it is in, where that can be told."""
        paths = (tuple(where[:end]) for end in range(len(where), 0, -1))
        line = next(filter(None, (_line(self.text, path) for path in paths)), 0)
        return f"{self.name}{f':{line}' if line else ''}"


class Sources(Value):
    """Which configuration counts: what `--config` gives as (name, text), and the files that are found.

    What is given is relative to `folder`, the one that the person is in.
    """

    given: tuple[tuple[str, str], ...] = ()
    is_found: bool = True
    folder: str = ""


FOUND = Sources()


class Decided(Value):
    """Where the value of a key comes from: a place in a file, or words such as "default"."""

    key: str
    value: object
    where: str


class _Said(Value):
    """A table that counts for a Dockerfile, and where it stands."""

    file: File
    where: tuple[str, ...]
    table: Mapping[str, object]


def exclusions(files: Iterable[File]) -> Iterator[tuple[File, str, tuple[str, ...]]]:
    """(file, key, patterns) of what a search leaves out, the nearest first, relative to the folder of the file.

    Raises ConfigurationError for what means nothing in it.
    """
    is_decided = False
    for file in files:
        for said in _said(file, ())[-1:]:
            for key in ("exclude", "extend-exclude"):
                if key in said.table and not (key == "exclude" and is_decided):
                    is_decided = is_decided or key == "exclude"
                    yield file, key, tuple(words(said.table[key]))


def settings(files: Iterable[File], given: Mapping[str, object], rules: Sequence[Named] = ()) -> Settings:
    """The settings of files, the nearest first, under those of the command line, where None means not given.

    PYDOCK_OFFLINE=1 stands between them: it holds for every command on a machine.

    Raises OptionError for a key, a value or the name of a rule that means nothing.
    """
    said = [each for file in files for each in _said(file, tuple(rules))]
    values: dict[str, object] = {}
    for table in [_of_command_line(given), _of_machine(), *(each.table for each in said)]:
        for key, value in table.items():
            values[key] = _joined(key, values[key], value) if key in values else value
    values["allow-hosts"] = _hosts(values.get("allow-hosts") or ())
    values["spared"] = [spared for each in said for spared in _spared(each)]
    for key, value in values.items():
        if key in keys():
            _refuse_misfits(key, value)
    plain = {key: words(value) if key in _LISTS else value for key, value in values.items()}
    return convert({key: value for key, value in plain.items() if key in keys(Settings)}, Settings)


def origins(files: Iterable[File], given: Mapping[str, object], rules: Sequence[Named] = ()) -> tuple[Decided, ...]:
    """Every key that counts for a Dockerfile with its value and who says so, the defaults too."""
    files = tuple(files)
    found = settings(files, given, rules)
    said = [each for file in files for each in _said(file, tuple(rules))]
    by_key: dict[str, list[str]] = {}
    for name, table in (("command line", _of_command_line(given)), ("PYDOCK_OFFLINE", _of_machine())):
        for key in table:
            by_key.setdefault(key, []).append(name)
    for each in said:
        for key in each.table:
            if key not in by_key or key in {*_ADDED, _LEVELS}:
                by_key.setdefault(key, []).append(each.file.place((*each.where, key)))
    return tuple(
        Decided(key, getattr(found, key.replace("-", "_")), ", ".join(by_key.get(key, ["default"])))
        for key in keys(Choices)
    )


def unmatched(file: File, dockerfiles: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(pattern, place) of the tables of `services` that mean none of these Dockerfiles, as told from its folder."""
    own, table = _table(file)
    services, known = table.get(_SERVICES), tuple(dockerfiles)
    for pattern in services if isinstance(services, dict) else ():
        if not any(_means(pattern, each) for each in known):
            yield pattern, file.place((*own, _SERVICES, pattern))


def _of_command_line(given: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in given.items() if value is not None}


def _of_machine() -> dict[str, object]:
    return {"offline": True} if os.environ.get("PYDOCK_OFFLINE", "") not in {"", "0"} else {}


def _joined(key: str, nearer: object, farther: object) -> object:
    """The value of a key that is said twice."""
    if key in _ADDED:
        return [*words(nearer), *words(farther)]
    if key == _LEVELS and isinstance(nearer, dict) and isinstance(farther, dict):
        return {**farther, **nearer}
    return nearer


def _spared(said: _Said) -> Iterator[Spared]:
    table = said.table.get(_SPARED, {})
    assert isinstance(table, dict)
    for pattern, rules in table.items():
        yield Spared(pattern, tuple(words(rules)), said.file.dockerfile)


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
    if any(misfits("select", value)):
        raise ConfigurationError(f"{place}: allow-hosts is {value!r}", wanted("select"))
    return words(value)


def _table(file: File) -> tuple[tuple[str, ...], Mapping[str, object]]:
    """Where the table of a file stands, and the table."""
    own = ("tool", "pydock") if file.name.endswith("pyproject.toml") else ()
    if own and "pydock" not in file.text:
        return own, {}
    table: object = _parsed(file.name, file.text)
    for name in own:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise file.refused(own, f"{'.'.join(own)} is {table!r}", "it has to be a table")
    return own, table


def _said(file: File, rules: Sequence[Named]) -> tuple[_Said, ...]:
    """The tables of a file that count for its Dockerfile, all checked; the last is what is said for all services."""
    own, table = _table(file)
    _check(file, own, {key: value for key, value in table.items() if key != _SERVICES}, Table, rules)
    services = table.get(_SERVICES, {})
    if not isinstance(services, dict):
        raise file.refused((*own, _SERVICES), f"{_SERVICES} is {services!r}", "it has a table for each service")
    found = [_Said(file, own, {key: value for key, value in table.items() if key != _SERVICES})]
    for pattern, special in services.items():
        where = (*own, _SERVICES, pattern)
        if not isinstance(special, dict):
            raise file.refused(where, f"{_SERVICES}.{pattern} is {special!r}", "it has to be a table")
        _check(file, where, special, Choices, rules)
        if _means(pattern, file.dockerfile):
            found.insert(0, _Said(file, where, special))
    return tuple(found)


def _check(
    file: File, where: Sequence[str], table: Mapping[str, object], kind: type[Choices], rules: Sequence[Named]
) -> None:
    """Raise ConfigurationError for a key or value that means nothing."""
    known = keys(kind)
    for key, value in table.items():
        place = (*where, key)
        if key in _OWN:
            raise file.refused(place, f"{key} is not for a project to say", f"give --{key} yourself")
        if key not in known and key in keys():
            raise file.refused(place, f"{key} is not for one service to say", "it stands above the tables of services")
        if key not in known:
            hint = suggestion(key, known) or f"known keys: {', '.join(known)}"
            raise file.refused(place, f"unknown key {key!r} for pydock", hint)
        try:
            _refuse_misfits(key, value)
        except OptionError as error:
            raise file.refused(place, error.message, error.hint) from error
        for name, inside in _names(key, value) if rules else ():
            if not matching(rules, name, is_strict=False):
                raise file.refused((*place, *inside), *no_rule(rules, name))
        if not _is_modest(key, value):
            hint = "the files of a project may ask for ten minutes and 20 GB, the command line for any"
            raise file.refused(place, f"{key} is {value!r}", hint)


def _names(key: str, value: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names of rules in a value, each with where in it they stand."""
    if key in _LISTS:
        yield from ((name, ()) for name in words(value))
    elif isinstance(value, dict) and key in {_LEVELS, _SPARED}:
        for word, inner in value.items():
            yield from ((name, (word,)) for name in ([word] if key == _LEVELS else words(inner)))


def _refuse_misfits(key: str, value: object) -> None:
    """Raise OptionError for a value that the type of its key does not take, or that means nothing all the same."""
    for where, part, hint in misfits(key, value):
        raise OptionError(f"{'.'.join((key, *where))} is {part!r}", wanted(key) if not where else hint)
    if key == "as-of" and value not in {GIT, ""}:
        try:
            date.fromisoformat(str(value))
        except ValueError as error:
            raise OptionError(f"as-of is {value!r}", wanted(key)) from error
    if key == "budget-memory":
        size(str(value), key)


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
        what, _, place = str(error).rpartition(" (at ")
        line = re.match(r"line (\d+)", place)
        number = line[1] if line else len(text.splitlines()) or 1
        raise ConfigurationError(f"{name}:{number}: no TOML: {what or error}", _TOML_HINT) from error
    except RecursionError:
        raise ConfigurationError(f"{name}: nested too deep", _TOML_HINT) from None


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
