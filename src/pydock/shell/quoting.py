"""Where quotes and braces of a word end."""

from __future__ import annotations

from pydock.patterns import regex

_PLAIN_TEXT = regex(r"[^'\"\\`$]*")
_MOST_NESTED = 40


def end_of_plain(text: str, at: int) -> int:
    """Where the letters end that mean themselves."""
    found = _PLAIN_TEXT.match(text, at)
    return found.end() if found else at + 1


def end_of_single(text: str, at: int) -> int:
    """Where the single quote at a place is closed."""
    end = text.find("'", at + 1)
    return len(text) if end < 0 else end


def end_of_nested(text: str, at: int, *, is_quoted: bool = False) -> int | None:
    """Where the `"` or the `{` of `${` at a place is closed; None where that is not known.

    `is_quoted`: the `{` stands in double quotes, where a single quote is a letter like any other.
    """
    closed_by = [_closing(text[at], is_quoted=is_quoted)]
    at += 1
    while at < len(text):
        inner = closed_by[-1]
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == inner[0]:
            closed_by.pop()
            if not closed_by:
                return at
        elif text[at] == "`" or text.startswith("$(", at) or len(closed_by) > _MOST_NESTED:
            # What a substitution prints is not known, so where it ends does not matter.
            return len(text)
        elif text.startswith("${", at):
            at += 1
            closed_by.append(_closing("{", is_quoted=inner[1]))
        elif text[at] == '"':
            if inner[1]:
                # The shells do not agree on the quotes of `"${A:-"b"}"`.
                return None
            closed_by.append(_closing('"', is_quoted=True))
        elif text[at] == "'" and not inner[1]:
            at = end_of_single(text, at)
        at += 1
    return None


def _closing(opening: str, *, is_quoted: bool) -> tuple[str, bool]:
    """(what closes it, whether what is inside stands in double quotes)."""
    return ('"', True) if opening == '"' else ("}", is_quoted)
