"""`${V%pattern}` and `${V#pattern}`: a value without the end or the beginning that a pattern fits."""

from __future__ import annotations

from pydock.patterns import regex

_PLAIN_PATTERN = regex(r"[^\\\[\]'\"$`()|~]*")
_MOST_CUTS = 4096


def trimmed(value: str, operator: str, pattern: str) -> str | None:
    """`${V%pattern}` and its like, for patterns of letters, `*` and `?`; None for others."""
    if _PLAIN_PATTERN.fullmatch(pattern) is None or pattern.count("*") > 3:
        return None
    is_end, is_longest = operator[0] == "%", len(operator) == 2
    cuts = range(len(value) + 1) if is_end == is_longest else range(len(value), -1, -1)
    if "*" not in pattern:
        cuts_of_size = len(value) - len(pattern) if is_end else len(pattern)
        cuts = range(cuts_of_size, cuts_of_size + 1) if 0 <= cuts_of_size <= len(value) else range(0)
    if len(cuts) > _MOST_CUTS:
        return None
    for cut in cuts:
        if _matches(value[cut:] if is_end else value[:cut], pattern):
            return value[:cut] if is_end else value[cut:]
    return value


def _matches(text: str, pattern: str) -> bool:
    """Whether a pattern of letters, `*` and `?` is the whole of a text; goes back to the last star alone."""
    at = place = 0
    star, mark = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, mark, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in {"?", text[at]}:
            at, place = at + 1, place + 1
        elif star >= 0:
            mark, place = mark + 1, star + 1
            at = mark
        else:
            return False
    return not pattern[place:].strip("*")
