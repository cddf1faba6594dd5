"""What a person wants, from the command line and from `[tool.pydock]` in pyproject.toml or from pydock.toml.

The command line wins over the files; of the files pydock.toml wins.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from pydock.errors import OptionError, UnreadableError
from pydock.values import Value

INSTALLERS = ("pip", "uv")
PINS = ("table", "registry", "digest")
_TYPES: dict[str, type] = {
    "select": list,
    "ignore": list,
    "installer": str,
    "pin": str,
    "portable": bool,
    "venv": bool,
    "unsafe-fixes": bool,
}


class Settings(Value):
    """The choices for one project; an empty `select` means every rule."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    installer: str = "pip"
    pin: str = "table"
    portable: bool = False
    venv: bool = True
    unsafe_fixes: bool = False


class Named(Protocol):
    """Anything that can be selected like a rule."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...


RuleLike = TypeVar("RuleLike", bound=Named)


def settings(text_of: Callable[[str], str | None], given: Mapping[str, object]) -> Settings:
    """The files' settings under those given on the command line, where None means not given.

    Raises OptionError for a key or value that means nothing, UnreadableError for broken TOML.
    """
    values = {**_from_files(text_of), **{key: value for key, value in given.items() if value is not None}}
    for key, allowed in (("installer", INSTALLERS), ("pin", PINS)):
        if values.get(key, allowed[0]) not in allowed:
            raise OptionError(f"{key} is {values[key]!r}", f"it can be {' or '.join(allowed)}")
    lists = {"select", "ignore"}
    plain = {key.replace("-", "_"): tuple(words(value)) if key in lists else value for key, value in values.items()}
    return Settings(**plain)  # type: ignore[arg-type]


def chosen(rules: Sequence[RuleLike], select: Iterable[str], ignore: Iterable[str]) -> tuple[RuleLike, ...]:
    """The rules that are selected and not ignored, each named by code, by name or by the start of its code.

    Raises OptionError for a name that no rule has.
    """
    wanted = [rule for word in select for rule in matching(rules, word)] or rules
    unwanted = [rule for word in ignore for rule in matching(rules, word)]
    return tuple(rule for rule in rules if rule in wanted and rule not in unwanted)


def matching(rules: Sequence[RuleLike], word: str, *, is_strict: bool = True) -> list[RuleLike]:
    """The rules that a word means: PYD302, pip-cache, PYD3.

    Raises OptionError when strict and there is none.
    """
    code = word.upper()
    found = [rule for rule in rules if rule.name == word.lower() or (code[:3] == "PYD" and rule.code.startswith(code))]
    if not found and is_strict:
        names = [name for rule in rules for name in (rule.code, rule.name)]
        raise OptionError(f"no rule is called {word!r}", suggestion(word, names) or "`pydock rules` lists them all")
    return found


def _from_files(text_of: Callable[[str], str | None]) -> dict[str, object]:
    values: dict[str, object] = {}
    if (text := text_of("pyproject.toml")) is not None and "pydock" in text:
        values |= _table("pyproject.toml", _parsed("pyproject.toml", text).get("tool", {}).get("pydock", {}))
    if (text := text_of("pydock.toml")) is not None:
        values |= _table("pydock.toml", _parsed("pydock.toml", text))
    return values


def _parsed(path: str, text: str) -> dict[str, dict[str, dict[str, object]]]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"{path}: {error}", "pydock reads its settings there") from error


def _table(path: str, table: Mapping[str, object]) -> dict[str, object]:
    for key, value in table.items():
        if key not in _TYPES:
            known = f"known keys: {', '.join(_TYPES)}"
            raise OptionError(f"{path}: unknown key {key!r} for pydock", suggestion(key, _TYPES) or known)
        if not _fits(value, _TYPES[key]):
            kind = {list: "a list of strings", str: "a string", bool: "true or false"}[_TYPES[key]]
            raise OptionError(f"{path}: {key} is {value!r}", f"it has to be {kind}")
    return dict(table)


def _fits(value: object, kind: type) -> bool:
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
