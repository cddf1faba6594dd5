"""Rules by what a person calls them: a code, a name, the beginning of a code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from pydock.errors import OptionError


class Named(Protocol):
    """Anything that can be selected like a rule."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...


RuleLike = TypeVar("RuleLike", bound=Named)


def chosen(
    rules: Sequence[RuleLike], select: Iterable[str], ignore: Iterable[str], extend: Iterable[str] = ()
) -> tuple[RuleLike, ...]:
    """The rules that are selected and not ignored, each named by code, by name or by the start of its code.

    `extend` adds to the selected ones; where both it and `ignore` mean a rule, the one that says it more exactly wins.

    Raises OptionError for a name that no rule has.
    """
    wanted, more, unwanted = (_exactness(rules, words) for words in (select, extend, ignore))
    return tuple(
        rule
        for rule in rules
        if (not wanted or rule.code in wanted or rule.code in more)
        and (rule.code not in unwanted or more.get(rule.code, 0) > unwanted[rule.code])
    )


def _exactness(rules: Sequence[Named], words: Iterable[str]) -> dict[str, int]:
    """The codes that words mean, each with how exactly it is said: a whole code or a name most of all."""
    found: dict[str, int] = {}
    for word in words:
        for rule in matching(rules, word):
            found[rule.code] = max(found.get(rule.code, 0), _exact(rule, word))
    return found


def _exact(rule: Named, word: str) -> int:
    return len(rule.code) if rule.name == word.lower() else len(word)


def level_of(rule: Named, levels: Mapping[str, str]) -> str | None:
    """The level that a mapping by words has for a rule: what is said most exactly wins."""
    meant = [word for word in levels if matching((rule,), word, is_strict=False)]
    return levels[max(meant, key=lambda word: _exact(rule, word))] if meant else None


def matching(rules: Sequence[RuleLike], word: str, *, is_strict: bool = True) -> list[RuleLike]:
    """The rules that a word means: PYD302, pip-cache, PYD3.

    Raises OptionError when strict and there is none.
    """
    code = word.upper()
    found = [rule for rule in rules if rule.name == word.lower() or (code[:3] == "PYD" and rule.code.startswith(code))]
    if not found and is_strict:
        raise OptionError(*no_rule(rules, word))
    return found


def of_peer(rules: Sequence[RuleLike], word: str) -> list[RuleLike]:
    """The rules that mean the same as another linter's: DL3042, SecretsUsedInArgOrEnv."""
    return [rule for rule in rules if word.lower() in map(str.lower, getattr(rule, "same_as", ()))]


def no_rule(rules: Sequence[Named], word: str) -> tuple[str, str]:
    """What to say about a word that means no rule."""
    if peers := of_peer(rules, word):
        hint = f"{word} is {' and '.join(f'{rule.code} {rule.name}' for rule in peers)} here"
    else:
        names = [name for rule in rules for name in (rule.code, rule.name)]
        hint = suggestion(word, names) or "`pydock rules` lists them all"
    return f"no rule is called {word!r}", hint


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
